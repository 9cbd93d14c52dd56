"""Proofs: by face assertion, by SMS code and PIN; what they refuse, and what is left of them afterwards."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from backend.db.engine import writing
from backend.identity.models import Challenge, Proof
from backend.identity.service import CODES_PER_PERSON, person_of, purge
from backend.problems import Refused
from content.build import CATALOGUE, build
from tests.backend.house import House, open_house

PERSON = {"name": "张示范", "number": "519999199001010017"}
PIN = "135790"


@pytest.fixture(scope="session")
def pack(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("pack") / "pack"
    build(CATALOGUE, directory)
    return directory


@pytest.fixture
async def house(tmp_path: Path, pack: Path, house_database: str) -> AsyncIterator[House]:
    async with open_house(tmp_path, pack, database_url=house_database) as house:
        yield house


async def _assert(house: House, **changes: Any) -> Any:
    body = {**PERSON, "score_band": "strong", "algorithm": "test", **changes}
    return await house.call("POST", "/identity/assertions", body)


async def _code(house: House) -> tuple[str, str]:
    """A challenge and the code on the resident's phone."""
    response = await house.call("POST", "/identity/sms", PERSON)
    assert response.status_code == 200, response.text
    code = re.search(r"\d{6}", house.sandbox.state.sandbox.messages[-1].text)
    assert code is not None
    return response.json()["challenge_id"], code.group()


async def _answer(house: House, challenge: str, code: str, pin: str = PIN, kiosk: str = "kiosk-1") -> str:
    """The method proven, or the refusal's code."""
    body = {"code": code, "pin": pin}
    response = await house.call("POST", f"/identity/sms/{challenge}/verify", body, kiosk)
    answer = response.json()
    word: str = answer["method"] if response.status_code == 200 else answer["code"]
    return word


def _other(code: str) -> str:
    return f"{(int(code) + 1) % 10**6:06d}"


async def test_face(house: House) -> None:
    response = await _assert(house)
    assert response.status_code == 200
    proof = response.json()
    assert proof["method"] == "face"
    async with house.backend.state.sessions() as session:
        person = await person_of(session, "kiosk-1", proof["proof_id"])
        assert (person.name, person.number) == (PERSON["name"], PERSON["number"])
        assert "张" not in repr(person)
        assert "519999" not in repr(person)
        with pytest.raises(Refused):
            await person_of(session, "kiosk-2", proof["proof_id"])


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"number": "519999199001010018"}, "id-invalid"),
        ({"number": "519999900101001"}, "id-invalid"),  # the old form is no login
        ({"card_valid_to": "2020-01-01"}, "card-expired"),
    ],
)
async def test_cards_that_prove_nothing(house: House, changes: dict[str, str], code: str) -> None:
    response = await _assert(house, **changes)
    assert (response.status_code, response.json()["code"]) == (409, code)
    sms = await house.call("POST", "/identity/sms", {**PERSON, **changes})
    assert sms.json()["code"] == code


async def test_a_card_for_life(house: House) -> None:
    assert (await _assert(house, card_valid_to=None)).status_code == 200
    assert (await _assert(house, card_valid_to="2999-12-31")).status_code == 200


async def test_sms_and_pin(house: House) -> None:
    response = await house.call("POST", "/identity/sms", PERSON)
    assert response.json()["phone_masked"] == "138****0017"
    assert "13800000017" not in response.text
    challenge, code = await _code(house)
    assert await _answer(house, challenge, code) == "sms-pin"
    assert await _answer(house, challenge, code) == "proof-expired"  # once only


async def test_wrong_code_three_times(house: House) -> None:
    challenge, code = await _code(house)
    wrong = [await _answer(house, challenge, _other(code)) for _ in range(3)]
    assert wrong == ["wrong-code", "wrong-code", "too-many-tries"]
    assert await _answer(house, challenge, code) == "too-many-tries"  # the right one comes too late
    assert not house.sandbox.state.sandbox.pin_failures  # the PIN was never asked about


async def test_wrong_pin_counts_too(house: House) -> None:
    challenge, code = await _code(house)
    wrong = [await _answer(house, challenge, code, "000000") for _ in range(3)]
    assert wrong == ["wrong-code", "wrong-code", "too-many-tries"]


async def test_one_wrong_then_right(house: House) -> None:
    challenge, code = await _code(house)
    assert await _answer(house, challenge, _other(code)) == "wrong-code"
    assert await _answer(house, challenge, code) == "sms-pin"


async def test_another_kiosk_cannot_answer(house: House) -> None:
    challenge, code = await _code(house)
    assert await _answer(house, challenge, code, kiosk="kiosk-2") == "not-found"


async def test_a_late_answer(house: House) -> None:
    challenge, code = await _code(house)
    async with house.backend.state.sessions() as session:
        await session.execute(update(Challenge).values(expires_at=datetime.now(UTC) - timedelta(seconds=1)))
        await session.commit()
    assert await _answer(house, challenge, code) == "proof-expired"


async def test_the_registry_closed_costs_no_try(house: House) -> None:
    challenge, code = await _code(house)
    await house.control(departments={"pin": {"down": True}})
    assert [await _answer(house, challenge, code) for _ in range(4)] == ["department-down"] * 4
    await house.control(departments={"pin": {"down": False}})
    assert await _answer(house, challenge, code) == "sms-pin"


@pytest.mark.parametrize(
    ("name", "number", "code"),
    [("王测试", "51999919900101005X", "no-record"), ("赵示例", "519999199505050020", "no-phone")],
)
async def test_nobody_to_send_to(house: House, name: str, number: str, code: str) -> None:
    response = await house.call("POST", "/identity/sms", {"name": name, "number": number})
    assert (response.status_code, response.json()["code"]) == (409, code)
    assert not house.sandbox.state.sandbox.messages


def _answering(house: House, monkeypatch: pytest.MonkeyPatch, operation: str, answer: dict[str, Any]) -> None:
    real = house.backend.state.exchange.call

    async def call(asked: str, params: dict[str, Any]) -> dict[str, Any]:
        return answer if asked == operation else await real(asked, params)

    monkeypatch.setattr(house.backend.state.exchange, "call", call)


@pytest.mark.parametrize("answer", [{"result": "busy"}, {"result": "ok"}, {"result": "ok", "phone": 138}])
async def test_a_registry_that_says_something_else_is_down(
    house: House, monkeypatch: pytest.MonkeyPatch, answer: dict[str, Any]
) -> None:
    _answering(house, monkeypatch, "population.phone", answer)
    response = await house.call("POST", "/identity/sms", PERSON)
    assert (response.status_code, response.json()["code"]) == (503, "department-down")


@pytest.mark.parametrize("answer", [{"result": "busy"}, {"result": "ok"}, {"result": "ok", "ok": "yes"}])
async def test_a_pin_answer_out_of_shape_costs_no_try(
    house: House, monkeypatch: pytest.MonkeyPatch, answer: dict[str, Any]
) -> None:
    challenge, code = await _code(house)
    with monkeypatch.context() as patched:
        _answering(house, patched, "pin.verify", answer)
        assert [await _answer(house, challenge, code) for _ in range(4)] == ["department-down"] * 4
    assert await _answer(house, challenge, code) == "sms-pin"


async def test_a_pin_nobody_has_is_a_wrong_one(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    challenge, code = await _code(house)
    _answering(house, monkeypatch, "pin.verify", {"result": "no-record"})
    assert await _answer(house, challenge, code) == "wrong-code"


@pytest.mark.parametrize("registry", ["answers", "down"])
async def test_a_purge_while_the_last_answer_is_checked(
    house: House, monkeypatch: pytest.MonkeyPatch, registry: str
) -> None:
    challenge, code = await _code(house)
    assert [await _answer(house, challenge, _other(code)) for _ in range(2)] == ["wrong-code"] * 2
    real = house.backend.state.exchange.call

    async def call(operation: str, params: dict[str, Any]) -> Any:
        async with writing(house.backend.state.sessions) as session:
            await purge(session)
            await session.commit()
        return await real(operation, params)

    monkeypatch.setattr(house.backend.state.exchange, "call", call)
    if registry == "down":
        await house.control(departments={"pin": {"down": True}})
        assert await _answer(house, challenge, code) == "department-down"
        await house.control(departments={"pin": {"down": False}})
    assert await _answer(house, challenge, code) == "sms-pin"


@pytest.mark.parametrize("band", ["borderline", "different", "high", ""])
async def test_a_face_that_did_not_match_proves_nothing(house: House, band: str) -> None:
    assert (await _assert(house, score_band=band)).status_code == 422


async def test_both_passing_bands(house: House) -> None:
    for band in ("strong", "match"):
        assert (await _assert(house, score_band=band)).status_code == 200


async def test_rate_limit_per_person(house: House) -> None:
    for _ in range(CODES_PER_PERSON):
        await _code(house)
    response = await house.call("POST", "/identity/sms", PERSON)
    assert (response.status_code, response.json()["code"]) == (409, "too-many-tries")
    elsewhere = await house.call("POST", "/identity/sms", PERSON, kiosk="kiosk-2")
    assert elsewhere.json()["code"] == "too-many-tries"
    assert len(house.sandbox.state.sandbox.messages) == CODES_PER_PERSON


async def test_what_has_ended_is_removed(house: House) -> None:
    await _assert(house)
    challenge, code = await _code(house)
    await _answer(house, challenge, code)
    second, _ = await _code(house)
    async with writing(house.backend.state.sessions) as session:
        past = datetime.now(UTC) - timedelta(seconds=1)
        await session.execute(update(Proof).values(expires_at=past))
        await session.execute(update(Challenge).values(expires_at=past))
        await purge(session)
        await session.commit()
        assert (await session.execute(select(Proof))).first() is None
        rows = (await session.execute(select(Challenge))).scalars().all()
        assert {row.id for row in rows} == {challenge, second}
        assert all(row.name is None and row.number is None and row.code_mac is None for row in rows)


async def test_an_expired_proof_proves_nothing(house: House) -> None:
    proof = (await _assert(house)).json()["proof_id"]
    async with writing(house.backend.state.sessions) as session:
        await session.execute(update(Proof).values(expires_at=datetime.now(UTC)))
        await session.commit()
        with pytest.raises(Refused) as refused:
            await person_of(session, "kiosk-1", proof)
    assert refused.value.code == "proof-expired"
