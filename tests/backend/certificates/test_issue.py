"""Review → issue → file → delivery, through the routes, against the sandbox's departments."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import re
import shutil
import stat
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession
from structlog.testing import capture_logs

from backend.certificates.files import sweep_orphans
from backend.certificates.models import Certificate
from backend.certificates.registry import MAPPINGS
from backend.certificates.runtime import lifespan as certificates_lifespan
from backend.certificates.service import FILE_AFTER_DELIVERY
from backend.certificates.sheet import masked_data, sheet_data
from backend.db.engine import writing
from backend.identity.models import Proof
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


async def test_a_proof_does_not_issue_without_end_at_once(house: House, counter: Counter) -> None:
    proof = await counter.proof()
    intents = [f"intent-{number:04d}" for number in range(9)]
    answers = await asyncio.gather(*(counter.issue(proof, intent) for intent in intents))
    assert sorted(answer.status_code for answer in answers) == [200] * 5 + [409] * 4
    assert {answer.json()["code"] for answer in answers if answer.status_code == 409} == {"proof-expired"}
    assert len(list((house.settings.var_dir / "certificates").iterdir())) == 5
    for intent, answer in zip(intents, answers, strict=True):
        if answer.status_code == 200:
            assert (await counter.issue(proof, intent)).json() == answer.json()


async def test_a_proof_that_ends_while_the_department_looks(
    house: House, counter: Counter, monkeypatch: pytest.MonkeyPatch
) -> None:
    proof = await counter.proof()
    real = house.backend.state.exchange.call

    async def slow(operation: str, params: dict[str, Any]) -> Any:
        async with writing(house.backend.state.sessions) as session:
            await session.execute(update(Proof).values(expires_at=datetime.now(UTC)))
            await session.commit()
        return await real(operation, params)

    monkeypatch.setattr(house.backend.state.exchange, "call", slow)
    assert (await counter.issue(proof)).json()["code"] == "proof-expired"
    assert not list((house.settings.var_dir / "certificates").iterdir())


@pytest.mark.parametrize(
    ("result", "status", "code"),
    [("no-record", 409, "no-record"), ("busy", 503, "department-down"), ("error", 503, "department-down")],
)
async def test_only_the_department_itself_says_that_there_is_no_record(
    house: House, counter: Counter, monkeypatch: pytest.MonkeyPatch, result: str, status: int, code: str
) -> None:
    async def call(operation: str, params: dict[str, Any]) -> dict[str, Any]:
        return {"result": result}

    proof = await counter.proof()
    monkeypatch.setattr(house.backend.state.exchange, "call", call)
    response = await counter.issue(proof)
    assert (response.status_code, response.json()["code"]) == (status, code)


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


async def test_a_voided_certificate_is_not_given_out(house: House, counter: Counter) -> None:
    await counter.issued()
    await counter.deliver("not-printed", reason="media-jam")
    for path in ("file", "preview"):
        response = await house.call("GET", f"/certificates/intent-0001/{path}")
        assert (response.status_code, response.json()["code"]) == (404, "not-found"), path


async def test_a_delivered_file_is_given_out_for_a_moment_only(house: House, counter: Counter) -> None:
    await counter.issued()
    await counter.deliver("unknown")
    await counter.file()
    await counter.deliver("printed")
    await counter.file()
    async with writing(house.backend.state.sessions) as session:
        await session.execute(update(Certificate).values(settled_at=datetime.now(UTC) - FILE_AFTER_DELIVERY))
        await session.commit()
    assert (await house.call("GET", "/certificates/intent-0001/file")).status_code == 404
    assert (await house.call("GET", "/certificates/intent-0001/preview")).status_code == 200


async def test_a_file_without_its_row_is_swept_at_start(house: House, counter: Counter) -> None:
    """A power cut between the file and the commit."""
    certificate = await counter.issued()
    folder = house.settings.var_dir / "certificates"
    (kept,) = folder.iterdir()
    orphan, scratch, fresh = (folder / name for name in ("lost.pdf.enc", "lost.pdf.enc.0011aabb", "new.pdf.enc"))
    for path in (orphan, scratch, fresh):
        path.write_bytes(b"sealed")
    for path in (kept, orphan, scratch):
        os.utime(path, (0, 0))
    async with certificates_lifespan(house.backend):
        assert set(folder.iterdir()) == {kept, fresh}
    house.backend.state.press = None
    assert hashlib.sha256(await counter.file()).hexdigest() == certificate["sha256"]


async def test_a_lost_answer_of_commit_keeps_the_file(
    house: House, counter: Counter, monkeypatch: pytest.MonkeyPatch
) -> None:
    proof, commit, lost = await counter.proof(), AsyncSession.commit, []

    async def once(session: AsyncSession) -> None:
        has = any(isinstance(row, Certificate) for row in session.identity_map.values())
        await commit(session)
        if has and not lost:
            lost.append(True)
            raise ConnectionError("the answer of COMMIT is lost")

    monkeypatch.setattr(AsyncSession, "commit", once)
    assert (await counter.issue(proof)).status_code == 503
    certificate = (await counter.issue(proof)).json()
    assert hashlib.sha256(await counter.file()).hexdigest() == certificate["sha256"]


async def test_an_empty_database_sweeps_nothing(house: House) -> None:
    path = house.settings.var_dir / "certificates" / "lost.pdf.enc"
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(b"sealed")
    os.utime(path, (0, 0))
    assert await sweep_orphans(house.settings.var_dir, house.backend.state.sessions) == 0
    assert path.exists()


async def test_the_note_fits_the_foot(counter: Counter, tmp_path: Path) -> None:
    """A specimen does not claim the effect of a paper from the counter."""
    await counter.issued()
    text = text_of(await counter.file(), tmp_path)
    assert "不具有法律效力" in text
    assert "同等效力" not in text
    assert "打印序号 000001" in text


async def test_the_identifier_stays_inside_its_box(counter: Counter, tmp_path: Path) -> None:
    """The longest serial the standard allows, on the page itself."""
    certificate = await counter.issued()
    assert certificate["certificate_id"] in text_of(await counter.file(), tmp_path)  # exact when copied
    async with counter.house.backend.state.sessions() as session:
        row = (await session.execute(select(Certificate))).scalar_one()
    data = {**json.loads(row.data), "identifier": str(CertificateId("1" * 21, "2" * 18, "Z" * 64))}
    template = counter.house.backend.state.catalogue.template(row.template)
    press = counter.house.backend.state.press
    printed = await press.certificate(template, data, ("青口县", "12519999MB0A00018J"), "证明", row.issued_at)
    boxes = text_of(printed.pdf, tmp_path, "-bbox")
    right = max(float(edge) for edge in re.findall(r'xMax="([\d.]+)"[^>]*>[^<]*(?:Z{9}|2{9}|1{9})', boxes))
    assert right < (210 - 22 - 3) / 25.4 * 72  # points; the box's inner edge


@pytest.mark.parametrize("specimen", [True, False])
async def test_the_note_is_chosen_by_the_signer(house: House, counter: Counter, specimen: bool) -> None:
    await counter.issued()
    async with house.backend.state.sessions() as session:
        row = (await session.execute(select(Certificate))).scalar_one()
    content = json.loads(row.data)["content"]
    said = {"terminal": "k", "print_serial": 7, "url": "https://a.b", "verify_address": "https://a.b/v"}
    data = sheet_data(row, content, **said, specimen=specimen)
    assert data["print_serial"] == "000007"
    assert ("同等效力" in data["note_zh"], "同等效力" in data["foot_zh"]) == (not specimen, False)
    assert ("样张" in data["note_zh"], "不具有法律效力" in data["foot_zh"]) == (specimen, specimen)


def text_of(pdf: bytes, directory: Path, how: str = "-layout") -> str:
    if shutil.which("pdftotext") is None:
        pytest.skip("pdftotext (poppler-utils) is not installed")
    path = directory / "certificate.pdf"
    path.write_bytes(pdf)
    return subprocess.run(["pdftotext", how, str(path), "-"], capture_output=True, check=True).stdout.decode()


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
