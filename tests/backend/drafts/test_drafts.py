"""Going on later: with the code on paper, as the same person, with what still fits."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, text, update

from backend.drafts.models import DraftRow
from backend.drafts.service import DraftService
from content.codes.draft_code import mod_11_10, new_draft_code, valid_draft_code
from tests.backend.cases.world import (
    APPLY,
    GOOD_FORM,
    LI,
    SERVICES,
    ZHANG,
    application,
    catalogue,
    opened,
    prove,
    refused,
)
from tests.backend.house import House


async def save(house: House, who: tuple[str, str] = ZHANG, kiosk: str = "kiosk-1", **changes: Any) -> dict[str, Any]:
    body = {
        "service_id": "apply",
        "service_version": 3,
        "proof_id": await prove(house, who, kiosk),
        "situation": {"whose": "own"},
        "form": GOOD_FORM,
        **changes,
    }
    answer = await house.call("POST", "/drafts", body, kiosk)
    assert answer.status_code == 200, answer.text
    saved: dict[str, Any] = answer.json()
    return saved


async def reopen(
    house: House, code: str, who: tuple[str, str] = ZHANG, kiosk: str = "kiosk-2", **more: str
) -> tuple[int, Any]:
    body = {"code": code, "proof_id": await prove(house, who, kiosk), **more}
    answer = await house.call("POST", "/drafts/open", body, kiosk)
    return answer.status_code, answer.json()


async def drafts(house: House) -> int:
    async with house.backend.state.sessions() as session:
        return await session.scalar(select(func.count()).select_from(DraftRow)) or 0


def test_the_code_finds_its_own_mistakes() -> None:
    assert mod_11_10("0794") == "5"  # the standard's example
    code = new_draft_code()
    assert valid_draft_code(code)
    for place in range(10):
        for digit in "0123456789":
            wrong = code[:place] + digit + code[place + 1 :]
            assert valid_draft_code(wrong) is (wrong == code)
    assert not valid_draft_code(code + "0")
    assert not valid_draft_code("٠" * 10)
    with pytest.raises(ValueError, match="digits"):
        mod_11_10("12a")


async def test_going_on_at_another_kiosk(house: House) -> None:
    saved = await save(house)
    assert valid_draft_code(saved["code"])
    days = datetime.fromisoformat(saved["expires_at"]) - datetime.now(UTC)
    assert timedelta(days=6, hours=23) < days <= timedelta(days=7)
    status, draft = await reopen(house, saved["code"])
    assert status == 200
    assert draft == {
        "service_id": "apply",
        "service_version": 3,
        "situation": {"whose": "own"},
        "form": GOOD_FORM,
        "parts": [],
        "dropped": 0,
    }
    async with house.backend.state.sessions() as session:
        raw = (await session.execute(text("SELECT * FROM service_draft"))).one()
    lying = b" ".join(value if isinstance(value, bytes) else str(value).encode() for value in raw)
    for secret in (saved["code"], GOOD_FORM["address"], *ZHANG):
        assert secret.encode() not in lying


async def test_another_person_and_a_wrong_code_are_told_the_same(house: House) -> None:
    saved = await save(house)
    theirs = await reopen(house, saved["code"], LI)
    made_up = await reopen(house, new_draft_code())
    mistyped = await reopen(house, saved["code"][:-1] + str((int(saved["code"][-1]) + 1) % 10))
    assert theirs == made_up == mistyped == (404, {"code": "draft-unknown", "detail": ""})
    answer = await house.call("POST", "/drafts/open", {"code": saved["code"], "proof_id": "made-up"})
    assert answer.json()["code"] == "proof-expired"


async def test_only_for_whom_it_was_saved(house: House) -> None:
    own, theirs = await save(house), await save(house, principal_number=LI[1])
    assert (await reopen(house, theirs["code"], principal_number=LI[1]))[0] == 200
    for code, whose, more in (
        (theirs["code"], "another", {}),
        (theirs["code"], "another", {"principal_number": "519999194912310181"}),
        (own["code"], "self", {"principal_number": LI[1]}),
    ):
        status, answer = await reopen(house, code, **more)
        assert (status, answer) == (409, {"code": "draft-for-other", "detail": whose})
    async with house.backend.state.sessions() as session:
        raw = (await session.execute(text("SELECT * FROM service_draft"))).all()
    assert LI[1] not in str(raw)


async def test_saved_again_under_the_same_code(house: House) -> None:
    first = await save(house)
    again = await save(house, code=first["code"], form={**GOOD_FORM, "rent": "300000"})
    assert again["code"] == first["code"]
    assert (await reopen(house, first["code"]))[1]["form"]["rent"] == "300000"
    # Nobody writes over another's.
    other = await save(house, LI, code=first["code"])
    assert other["code"] != first["code"]
    assert await drafts(house) == 2


async def test_an_expired_draft(house: House) -> None:
    saved = await save(house)
    state = house.backend.state
    async with state.sessions() as session:
        await session.execute(update(DraftRow).values(expires_at=datetime.now(UTC) - timedelta(seconds=1)))
        await session.commit()
    assert (await reopen(house, saved["code"]))[0] == 404
    service = DraftService(state.sessions, state.catalogue, state.vault, keep=timedelta(days=7), most=5)
    await service.purge()
    assert await drafts(house) == 0


async def test_the_oldest_goes_when_there_are_too_many(house: House) -> None:
    codes = [(await save(house))["code"] for _ in range(6)]
    await save(house, LI)
    assert await drafts(house) == 6
    assert (await reopen(house, codes[0]))[0] == 404
    assert [(await reopen(house, code))[0] for code in codes[1:]] == [200] * 5


async def test_the_draft_ends_with_the_case(house: House) -> None:
    mine, other = await save(house), await save(house, LI)
    request = await application(house, draft_code=mine["code"])
    await opened(house, request)
    assert (await reopen(house, mine["code"]))[0] == 404
    # Only one's own.
    await opened(house, await application(house, "intent-0002", draft_code=other["code"]))
    assert (await reopen(house, other["code"], LI))[0] == 200


async def test_a_refused_case_keeps_the_draft(house: House) -> None:
    saved = await save(house)
    await refused(house, await application(house, draft_code=saved["code"], form={}))
    assert (await reopen(house, saved["code"]))[0] == 200


async def test_what_no_longer_fits_is_left_out(house: House) -> None:
    saved = await save(house, form={**GOOD_FORM, "phone": "13800000017", "why": "work", "invented": "x"})
    fields = [one for one in APPLY.form if one.name != "why"]
    fields[0] = fields[0].model_copy(update={"max_length": 5})
    changed = APPLY.model_copy(update={"version": 4, "form": fields})
    house.backend.state.catalogue = catalogue({**SERVICES, "apply": changed})
    status, draft = await reopen(house, saved["code"])
    assert (status, draft["service_version"], draft["dropped"]) == (200, 3, 2)
    assert draft["form"] == {"holder": "张示范", "rent": "200000", "true": "yes", "phone": "13800000017"}
    house.backend.state.catalogue = catalogue({})
    assert (await reopen(house, saved["code"]))[1]["code"] == "service-unknown"


async def test_answers_of_another_situation_are_left_out(house: House) -> None:
    saved = await save(house, situation={"whose": "own", "made": "up"}, form={**GOOD_FORM, "child": LI[1]})
    draft = (await reopen(house, saved["code"]))[1]
    assert draft["situation"] == {"whose": "own"}
    assert "child" not in draft["form"]
    assert draft["dropped"] == 1
    stopped = await save(house, situation={"whose": "abroad"})
    assert (await reopen(house, stopped["code"]))[1]["situation"] == {}


async def test_a_package(house: House) -> None:
    form = {"applicant": "张示范", "phone": "13800000017"}
    saved = await save(
        house,
        service_id="package",
        situation={"field": "science"},
        form={**form, "count": "3"},
        parts=["tax", "licence", "venue"],
    )
    draft = (await reopen(house, saved["code"]))[1]
    assert (draft["parts"], draft["form"]) == (["licence", "tax"], form)


async def test_not_every_service_has_drafts(house: House) -> None:
    body = {"service_id": "nothing", "service_version": 1, "proof_id": await prove(house), "form": {}}
    assert (await house.call("POST", "/drafts", body)).json()["code"] == "service-unknown"
    long = {
        "service_id": "apply",
        "service_version": 3,
        "proof_id": await prove(house),
        "form": {"address": "长" * 2001},
    }
    assert (await house.call("POST", "/drafts", long)).json()["code"] == "form-invalid"
