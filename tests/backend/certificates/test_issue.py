"""Review → issue → file → delivery, through the routes, against the sandbox's departments."""

from __future__ import annotations

import asyncio
import hashlib
import json
import stat
from pathlib import Path

import pytest
from sqlalchemy import select
from structlog.testing import capture_logs

from backend.certificates.mapping import MAPPINGS
from backend.certificates.models import Certificate
from backend.certificates.service import masked_data
from content.codes.certificate_id import CertificateId, parse_certificate_id
from tests.backend.certificates.conftest import NAME, NUMBER, SERVICE, Counter
from tests.backend.house import House


async def test_review_is_masked_and_in_both_languages(house: House, counter: Counter) -> None:
    body = {"service_id": SERVICE, "proof_id": await counter.proof(), "form": {"period": "last-12-months"}}
    response = await house.call("POST", "/certificates/review", body)
    assert response.status_code == 200
    entries = {entry["label_zh"]: entry for entry in response.json()["entries"]}
    assert entries["姓名"]["value_zh"] == "张*范"
    assert entries["证件号码"]["value_zh"] == "519***********0017"
    assert entries["证明时段"]["value_en"] == "Last 12 months"
    assert "12 个月" in entries["企业职工基本养老保险"]["value_zh"]
    assert "12 months" in entries["企业职工基本养老保险"]["value_en"]
    assert NUMBER not in response.text
    assert NAME not in response.text


async def test_issue_and_fetch(house: House, counter: Counter) -> None:
    certificate = await counter.issued()
    assert isinstance(parse_certificate_id(certificate["certificate_id"]), CertificateId)
    assert certificate["state"] == "issued"
    assert certificate["pages"] == 1
    assert certificate["title_zh"] == "社会保险参保证明"
    pdf = await counter.file()
    assert hashlib.sha256(pdf).hexdigest() == certificate["sha256"]
    again = await house.call("GET", "/certificates/intent-0001")
    assert again.json() == certificate


async def test_issue_is_idempotent_and_a_conflict_is_refused(counter: Counter) -> None:
    proof = await counter.proof()
    first = await counter.issue(proof)
    second = await counter.issue(proof)
    assert first.json() == second.json()
    other = await counter.issue(proof, period="last-12-months")
    assert other.status_code == 409
    assert other.json()["code"] == "intent-conflict"


async def test_the_same_intent_twice_at_once_makes_one_certificate(house: House, counter: Counter) -> None:
    proof = await counter.proof()
    answers = await asyncio.gather(*(counter.issue(proof) for _ in range(3)))
    assert {answer.json()["sha256"] for answer in answers} == {answers[0].json()["sha256"]}
    assert len(list((house.settings.var_dir / "certificates").iterdir())) == 1


async def test_nobody_known_to_the_department(counter: Counter) -> None:
    proof = await counter.proof("王测试", "51999919900101005X")
    response = await counter.issue(proof)
    assert (response.status_code, response.json()["code"]) == (409, "no-record")


async def test_department_closed(house: House, counter: Counter) -> None:
    await house.control(departments={"social-insurance": {"down": True}})
    response = await counter.issue(await counter.proof())
    assert (response.status_code, response.json()["code"]) == (503, "department-down")


async def test_a_proof_is_good_on_its_own_kiosk_only(counter: Counter) -> None:
    response = await counter.issue(await counter.proof(kiosk="kiosk-2"))
    assert response.json()["code"] == "proof-expired"


async def test_a_proof_does_not_issue_without_end(counter: Counter) -> None:
    proof = await counter.proof()
    for number in range(5):
        assert (await counter.issue(proof, f"intent-{number:04d}")).status_code == 200
    assert (await counter.issue(proof, "intent-0005")).json()["code"] == "proof-expired"
    assert (await counter.issue(proof, "intent-0000")).status_code == 200  # the repeat still gets its answer


@pytest.mark.parametrize("form", [{}, {"period": "for-ever"}, {"period": "all", "more": "x"}])
async def test_a_form_out_of_shape(house: House, counter: Counter, form: dict[str, str]) -> None:
    body = {"intent_id": "intent-0001", "service_id": SERVICE, "proof_id": await counter.proof(), "form": form}
    assert (await house.call("POST", "/certificates", body)).status_code == 422


async def test_other_kiosks_see_nothing(house: House, counter: Counter) -> None:
    await counter.issued()
    for path in ("", "/file", "/preview"):
        assert (await house.call("GET", f"/certificates/intent-0001{path}", kiosk="kiosk-2")).status_code == 404


@pytest.mark.parametrize(
    ("reports", "state"),
    [
        (["printed"], "delivered"),
        (["printed", "printed"], "delivered"),
        (["printed", "not-printed"], "delivered"),  # final
        (["not-printed"], "voided"),
        (["not-printed", "printed"], "voided"),  # final
        (["unknown"], "delivery-unknown"),
        (["unknown", "unknown"], "delivery-unknown"),
        (["unknown", "printed"], "delivered"),
        (["unknown", "not-printed"], "voided"),
        (["printed", "unknown"], "delivered"),
    ],
)
async def test_delivery_moves_forward_only(counter: Counter, reports: list[str], state: str) -> None:
    await counter.issued()
    assert [await counter.deliver(report, reason="media-jam") for report in reports][-1] == state


async def test_a_voided_file_is_not_given_out(house: House, counter: Counter) -> None:
    await counter.issued()
    await counter.deliver("not-printed", reason="media-jam")
    assert (await house.call("GET", "/certificates/intent-0001/file")).status_code == 404


async def test_preview_is_a_picture_of_masked_data(house: House, counter: Counter) -> None:
    await counter.issued()
    response = await house.call("GET", "/certificates/intent-0001/preview")
    assert response.headers["content-type"] == "image/png"
    assert response.content.startswith(b"\x89PNG")
    assert int.from_bytes(response.content[16:20], "big") in range(990, 1011)  # width
    async with house.backend.state.sessions() as session:
        row = (await session.execute(select(Certificate))).scalar_one()
    clear = json.loads(row.data)
    assert (clear["holder_name"], clear["holder_number"]) == (NAME, NUMBER)
    masked = json.dumps(masked_data(clear, MAPPINGS["social-insurance.enrolment"]), ensure_ascii=False)
    for secret in (NAME, NUMBER, "19900101", "示范制造", row.verification_code):
        assert secret in row.data or secret == "19900101"
        assert secret not in masked


async def test_no_personal_data_at_rest_or_in_logs(house: House, counter: Counter, tmp_path: Path) -> None:
    with capture_logs() as logs:
        await counter.issued()
        await counter.deliver("printed")
        sms = {"name": NAME, "number": NUMBER}
        assert (await house.call("POST", "/identity/sms", sms)).status_code == 200
        await counter.issue("no-such-proof", "intent-0002")
    told = json.dumps(logs, ensure_ascii=False, default=str)
    assert "certificate_issued" in told
    files = [path for path in house.settings.var_dir.rglob("*") if path.is_file()]
    assert any(path.name.startswith("menkou.sqlite3") for path in files)
    for secret in (NAME, NUMBER, "13800000017"):
        assert secret not in told
        for path in files:
            data = path.read_bytes()
            assert secret.encode() not in data, path.name
    assert not any(path.read_bytes().startswith(b"%PDF") for path in files)
    for path in files:
        if path.parent.name in ("keys", "certificates"):
            assert stat.S_IMODE(path.stat().st_mode) == 0o600, path.name
            assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
