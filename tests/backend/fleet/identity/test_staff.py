"""What staff do to kiosks and identities: JSON, pages, command line."""

from __future__ import annotations

import getpass
import re
import sqlite3
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError
from sqlalchemy import select
from typer.testing import CliRunner

from backend.contract.enrolment import Ticket, code_sha256, parse_code
from backend.contract.fleet_api import IdentityState
from backend.db.engine import writing
from backend.fleet.cli import app
from backend.fleet.commands.models import Command
from backend.fleet.identity import endings
from backend.fleet.identity.desk import NewSite
from backend.fleet.identity.models import EnrolmentCode
from backend.fleet.models import Kiosk, KioskEvent, KioskPulse, KioskState
from backend.fleet.seed import kiosk_id_of
from backend.staff import approvals
from backend.staff.audit import AuditEntry, verify_chain
from backend.staff.roles import Role
from provisioning.fleet_cli import app as whole_app
from tests.backend.desk import ADMIN, CITY, OPERATOR, OTHER_CITY, Desk, staff_with

API = "/api/staff/v1"
KIOSK = kiosk_id_of(CITY)
CITY_ADMIN = staff_with(Role.SYSTEM_ADMIN, CITY)
SECOND = staff_with(Role.SECURITY_ADMIN)
SITE = {"site_id": "S-NEW", "region_code": CITY, "name_zh": "新站", "name_en": "New Point"}


async def _set(desk: Desk, identity: IdentityState) -> None:
    async with writing(desk.sessions) as session:
        kiosk = await session.get_one(Kiosk, KIOSK)
        kiosk.identity, kiosk.epoch, kiosk.certificate_serial = identity.value, 1, "ab"
        pulse = await session.get_one(KioskPulse, KIOSK)
        pulse.accepts, pulse.serials = identity is IdentityState.ENROLLED, "|ab|"
        now = datetime.now(UTC)
        session.add(_command(now))
        await session.commit()


def _command(now: datetime) -> Command:
    row: dict[str, Any] = {
        "command_id": "c1",
        "kiosk_id": KIOSK,
        "region_code": CITY,
        "kind": "self-test",
        "state": "waiting",
    }
    row |= {"epoch": 1, "created_at": now, "expires_at": now.replace(year=now.year + 1), "created_by": "x"}
    return Command(**{name: value for name, value in row.items() if hasattr(Command, name)})


async def test_a_site_a_kiosk_a_code(desk: Desk) -> None:
    await desk.seed()
    assert (await desk.post(f"{API}/sites", CITY_ADMIN, json=SITE)).status_code == 201
    kiosk = {"kiosk_id": "K-NEW", "site_id": "S-NEW", "model": "MK-20"}
    assert (await desk.post(f"{API}/kiosks", CITY_ADMIN, json=kiosk)).status_code == 201
    for path, body in (("sites", SITE), ("kiosks", kiosk)):
        assert (await desk.post(f"{API}/{path}", CITY_ADMIN, json=body)).status_code == 409
    made = await desk.post(f"{API}/kiosks/K-NEW/enrolment-codes", CITY_ADMIN, json={})
    assert (made.status_code, made.headers["cache-control"]) == (201, "no-store")
    ticket = Ticket.parse(made.json()["uri"])
    assert (ticket.kiosk_id, ticket.code) == ("K-NEW", parse_code(made.json()["code"]))
    async with desk.sessions() as session:
        assert await session.get(EnrolmentCode, code_sha256(ticket.code)) is not None
        entries = (await session.scalars(select(AuditEntry).where(AuditEntry.actor == CITY_ADMIN.staff_id))).all()
        assert {entry.action for entry in entries} == {"site.add", "kiosk.add", "kiosk.enrolment-code"}
        assert ticket.code not in str([entry.detail for entry in entries])
        assert (await verify_chain(session))[1] is None


@pytest.mark.parametrize(
    "change", [{"site_id": "../x"}, {"region_code": "99"}, {"name_zh": " "}, {"promise_hours": 25}, {"extra": 1}]
)
def test_sites_that_are_none(change: dict[str, object]) -> None:
    NewSite.model_validate(SITE)
    with pytest.raises(ValidationError):
        NewSite.model_validate({**SITE, **change})


async def test_regions_and_roles(desk: Desk) -> None:
    await desk.seed()
    elsewhere = staff_with(Role.SYSTEM_ADMIN, OTHER_CITY)
    calls: tuple[tuple[str, dict[str, str] | None], ...] = (
        (f"{API}/sites", SITE),
        (f"{API}/kiosks", {"kiosk_id": "K-X", "site_id": f"S-{CITY}"}),
        (f"{API}/kiosks/{KIOSK}/enrolment-codes", {}),
        (f"{API}/kiosks/{KIOSK}/retire", {"reason": "x"}),
        (f"{API}/kiosks/{KIOSK}/revocations", {"reason": "x"}),
        (f"/console/kiosks/{KIOSK}/enrol", None),
    )
    for path, body in calls:
        for staff, status in ((OPERATOR, 403), (elsewhere, 404)):
            reply = await desk.post(path, staff, json=body)
            assert reply.status_code == status, (path, staff.staff_id, reply.text[:200])
    assert (await desk.get(f"{API}/kiosks/{KIOSK}/identity", elsewhere)).status_code == 404
    assert (await desk.get(f"{API}/kiosks/{KIOSK}/identity", OPERATOR)).json()["identity"] == "planned"


async def test_revocation_needs_four_eyes(desk: Desk) -> None:
    await desk.seed()
    await _set(desk, IdentityState.ENROLLED)
    path = f"{API}/kiosks/{KIOSK}/revocations"
    assert (await desk.post(path, CITY_ADMIN, json={"reason": " "})).status_code == 422
    asked = await desk.post(path, CITY_ADMIN, json={"reason": "stolen"})
    assert asked.status_code == 202
    assert (await desk.post(path, ADMIN, json={"reason": "stolen"})).status_code == 409
    async with writing(desk.sessions) as session:
        with pytest.raises(approvals.ApprovalError):
            await approvals.decide(session, CITY_ADMIN, asked.json()["approval_id"], True, datetime.now(UTC))
    async with writing(desk.sessions) as session:
        assert (await session.get_one(KioskPulse, KIOSK)).accepts
        await approvals.decide(session, SECOND, asked.json()["approval_id"], True, datetime.now(UTC))
        await session.commit()
    async with desk.sessions() as session:
        kiosk, pulse = await session.get_one(Kiosk, KIOSK), await session.get_one(KioskPulse, KIOSK)
        assert (kiosk.identity, pulse.accepts, pulse.serials) == ("revoked", False, "")
        assert (await session.get_one(KioskState, KIOSK)).health == "revoked"
        assert (await session.get_one(Command, "c1")).state == "cancelled"
        assert "revoked" in (await session.scalars(select(KioskEvent.kind))).all()
        actions = (await session.scalars(select(AuditEntry.action))).all()
        assert {"kiosk.revoke.request", "kiosk.revoke", "kiosk.revoke.approve"} <= set(actions)


async def test_quarantine_and_release(desk: Desk) -> None:
    await desk.seed()
    await _set(desk, IdentityState.ENROLLED)
    async with writing(desk.sessions) as session:
        assert await endings.quarantine(session, KIOSK, "sequence", datetime.now(UTC))
        assert not await endings.quarantine(session, KIOSK, "sequence", datetime.now(UTC))
        await session.commit()
    async with desk.sessions() as session:
        state, pulse = await session.get_one(KioskState, KIOSK), await session.get_one(KioskPulse, KIOSK)
        assert (state.health, pulse.accepts, pulse.serials) == ("quarantined", False, "|ab|")
        assert (await session.get_one(Command, "c1")).state == "cancelled"
    path = f"{API}/kiosks/{KIOSK}/enrolment-codes"
    assert (await desk.post(path, json={})).status_code == 422
    assert (await desk.post(path, json={"reason": "the clone was found"})).status_code == 201
    page = await desk.get(f"/console/kiosks/{KIOSK}/enrol", headers={"accept-language": "en"})
    assert "Release from quarantine" in page.text


async def test_retired_for_good(desk: Desk) -> None:
    """One person may retire what was never enrolled, or is out already."""
    await desk.seed()
    await _set(desk, IdentityState.REVOKED)
    assert (await desk.post(f"{API}/kiosks/{KIOSK}/retire", json={"reason": "replaced"})).status_code == 204
    assert (await desk.post(f"{API}/kiosks/{KIOSK}/retire", json={"reason": "replaced"})).status_code == 409
    assert (await desk.post(f"{API}/kiosks/{KIOSK}/enrolment-codes", json={"reason": "x"})).status_code == 409
    assert (await desk.post(f"{API}/kiosks/{KIOSK}/revocations", json={"reason": "x"})).status_code == 409


async def test_the_pages(desk: Desk) -> None:
    await desk.seed()
    assert (await desk.get("/console/kiosks/new")).status_code == 200
    form = {**SITE, "kiosk_id": "K-NEW", "model": "", "longitude": ""}
    wrong = await desk.post("/console/kiosks/new", data={**form, "region_code": "990199999999"})
    assert (wrong.status_code, "aria-invalid" in wrong.text) == (422, True)
    empty = await desk.post("/console/kiosks/new", data={**form, "kiosk_id": "a b"})
    assert empty.status_code == 422
    assert (await desk.get(f"{API}/kiosks/K-NEW/identity")).status_code == 404  # nothing of it was kept
    done = await desk.post("/console/kiosks/new", data=form)
    assert (done.status_code, done.headers["location"]) == (303, "/console/kiosks/K-NEW/enrol")
    second = await desk.post("/console/kiosks/new", data={"kiosk_id": "K-NEW2", "site_id": "S-NEW"})
    assert second.status_code == 303
    before = await desk.get("/console/kiosks/K-NEW/enrol")
    assert not re.search(r"[0-9A-Z]{4}(-[0-9A-Z]{4}){6}", before.text)
    made = await desk.post("/console/kiosks/K-NEW/enrol", headers={"accept-language": "en"})
    found = re.search(r"[0-9A-Z]{4}(-[0-9A-Z]{4}){6}", made.text)
    assert found is not None
    parse_code(found[0])
    assert "<svg" in made.text
    assert "style=" not in made.text
    assert made.headers["cache-control"] == "no-store"
    again = await desk.get("/console/kiosks/K-NEW/enrol")
    assert found[0] not in again.text
    panel = await desk.get("/console/kiosks/K-NEW/panels/identity", OPERATOR)
    assert panel.status_code == 200
    assert "/enrol" not in panel.text  # an operator may not
    assert (await desk.post("/console/kiosks/K-NEW/retire", data={"reason": ""})).status_code == 422
    assert (await desk.post("/console/kiosks/K-NEW/retire", data={"reason": "gone"})).status_code == 303


async def test_expiring(desk: Desk) -> None:
    await desk.seed()
    await _set(desk, IdentityState.ENROLLED)
    async with writing(desk.sessions) as session:
        (await session.get_one(Kiosk, KIOSK)).certificate_until = datetime.now(UTC)
        await session.commit()
    path = f"{API}/identities/expiring"
    assert [row["kiosk_id"] for row in (await desk.get(path, OPERATOR)).json()] == [KIOSK]
    assert (await desk.get(path, staff_with(Role.OPERATOR, OTHER_CITY))).json() == []


def test_the_command_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MENKOU_BACKEND_VAR_DIR", str(tmp_path))
    run = CliRunner().invoke
    assert "no such kiosk in sqlite" in run(app, ["list"]).output
    assert run(app, ["seed", "--share", "0.001"]).exit_code == 0
    again = run(app, ["seed", "--share", "0.001"])
    assert (again.exit_code, "already" in again.output, again.output.count("\n")) == (1, True, 1)
    assert "3 of " in run(app, ["list", "--limit", "3"]).output
    site = ["add-site", "S-1", "--region", CITY, "--name-zh", "示范站"]
    assert run(app, site).exit_code == 0
    assert (run(app, site).exit_code, run(app, ["add-kiosk", "K-1", "--site", "S-404"]).exit_code) == (1, 1)
    assert run(app, ["add-kiosk", "K-1", "--site", "S-1"]).exit_code == 0
    code = run(app, ["code", "K-1", "--uri"])
    assert Ticket.parse(code.output.strip()).kiosk_id == "K-1"
    assert "K-1 " in run(app, ["list", "--region", CITY]).output
    assert run(app, ["revoke", "K-1", "--reason", "stolen"]).exit_code == 0
    assert run(app, ["revoke", "K-1", "--reason", "stolen"]).exit_code == 1
    assert "revoked" in run(app, ["list", "--identity", "revoked"]).output
    codes = tmp_path / "codes"
    assert run(whole_app, ["codes", "--kiosks", "2", "--out", str(codes)]).exit_code == 0
    with sqlite3.connect(tmp_path / "menkou.sqlite3") as database:
        logged = dict(database.execute("SELECT action, actor FROM audit_entry"))
    assert logged["fleet.seed"] == logged["kiosk.codes"] == f"command-line:{getpass.getuser()}"
