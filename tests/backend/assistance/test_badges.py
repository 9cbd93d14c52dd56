"""A helper's badge lets in whom the desk knows, where they work, for a shift."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, update
from structlog.testing import capture_logs
from typer.testing import CliRunner

from backend.assistance import badges
from backend.assistance.models import StaffBadge
from backend.db.engine import writing
from backend.places import Place
from backend.problems import Refused
from backend.staff import cli
from backend.staff.audit import AuditEntry
from backend.staff.errors import StaffError
from backend.staff.models import StaffGrant, StaffMember
from backend.staff.roles import Role
from tests.backend.hall import Hall

BADGE = "/assistance/badge"
CITY, COUNTY_THERE, ELSEWHERE = "990100000000", "990101000000", "990200000000"


async def hire(hall: Hall, login: str = "wang", role: Role = Role.TECHNICIAN, region: str = CITY) -> None:
    at = datetime.now(UTC)
    async with writing(hall.sessions) as session:
        session.add(StaffMember(staff_id=login, login=login, name="王师傅", region_code=region, created_at=at))
        await session.flush()
        session.add(StaffGrant(staff_id=login, role=role.value, region_code=region, granted_by="test", granted_at=at))
        await session.commit()


async def make(hall: Hall, login: str = "wang", hours: float = 12) -> str:
    async with writing(hall.sessions) as session:
        text = await badges.make(
            session, hall.house.backend.state.vault, "test", login, timedelta(hours=hours), datetime.now(UTC)
        )
        await session.commit()
    return text


async def show(hall: Hall, text: str, region: str, after_h: float = 0) -> str:
    at = datetime.now(UTC) + timedelta(hours=after_h)
    async with writing(hall.sessions) as session:
        helper = await badges.show(
            session, hall.house.backend.state.vault, text, "kiosk-1", Place("S-1", region), timedelta(minutes=30), at
        )
        await session.commit()
    return helper.name


async def test_a_helper_joins_and_it_is_written_down(hall: Hall) -> None:
    await hire(hall)
    text = await make(hall)
    with capture_logs() as logs:
        helper = await hall.told(BADGE, {"badge": text})
    assert helper["name"] == "王师傅"
    until = datetime.fromisoformat(helper["valid_until"]) - datetime.now(UTC)
    assert timedelta(minutes=29) < until <= timedelta(minutes=30)
    assert text not in json.dumps(logs, default=str)
    async with hall.sessions() as session:
        entry = (await session.scalars(select(AuditEntry).where(AuditEntry.action == "assistance.join"))).one()
        stored = [vars(badge) for badge in await session.scalars(select(StaffBadge))]
    assert (entry.actor, entry.subject) == ("wang", "kiosk:kiosk-1")
    assert text.rpartition(".")[2] not in str(stored)


@pytest.mark.parametrize("where", ["prefix", "id", "signature", "text"])
async def test_what_the_desk_did_not_sign(hall: Hall, where: str) -> None:
    await hire(hall)
    text = await make(hall)
    prefix, badge_id, signature = text.split(".")
    forged = {
        "prefix": f"MKB2.{badge_id}.{signature}",
        "id": f"{prefix}.{'0' * 16}.{signature}",
        "signature": f"{prefix}.{badge_id}.{'A' * len(signature)}",
        "text": "https://example.org/工牌",
    }[where]
    response = await hall.post(BADGE, {"badge": forged})
    assert (response.status_code, response.json()["code"]) == (404, "badge-unknown")


async def test_only_where_they_work(hall: Hall) -> None:
    await hire(hall)
    text = await make(hall)
    assert await show(hall, text, CITY) == await show(hall, text, COUNTY_THERE) == "王师傅"
    with pytest.raises(Refused, match="badge-unknown"):
        await show(hall, text, ELSEWHERE)


async def test_only_for_a_shift(hall: Hall) -> None:
    await hire(hall)
    text = await make(hall, hours=8)
    assert await show(hall, text, CITY, after_h=7.9)
    with pytest.raises(Refused, match="badge-unknown"):
        await show(hall, text, CITY, after_h=8)


async def test_a_new_badge_ends_the_one_that_was_lost(hall: Hall) -> None:
    await hire(hall)
    lost, new = await make(hall), await make(hall)
    assert await hall.refused(BADGE, {"badge": lost}) == "badge-unknown"
    await hall.told(BADGE, {"badge": new})


async def test_whoever_left_or_lost_the_role_is_out(hall: Hall) -> None:
    await hire(hall)
    text = await make(hall)
    async with writing(hall.sessions) as session:
        await session.execute(update(StaffMember).values(active=False))
        await session.commit()
    assert await hall.refused(BADGE, {"badge": text}) == "badge-unknown"
    async with writing(hall.sessions) as session:
        await session.execute(update(StaffMember).values(active=True))
        await session.execute(update(StaffGrant).where(StaffGrant.staff_id == "wang").values(role=Role.VIEWER.value))
        await session.commit()
    assert await hall.refused(BADGE, {"badge": text}) == "badge-unknown"


@pytest.mark.parametrize("role", [Role.VIEWER, Role.AUDITOR, Role.SECURITY_ADMIN])
async def test_no_badge_for_others(hall: Hall, role: Role) -> None:
    await hire(hall, role=role)
    with pytest.raises(StaffError):
        await make(hall)
    with pytest.raises(StaffError):
        await make(hall, "nobody")


async def test_the_command(hall: Hall, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    await hire(hall)
    monkeypatch.setenv("MENKOU_BACKEND_VAR_DIR", str(hall.house.settings.var_dir))
    monkeypatch.setenv("MENKOU_BACKEND_DATABASE_URL", hall.house.settings.database_url)
    result = await asyncio.to_thread(CliRunner().invoke, cli.app, ["badge", "wang"])
    assert result.exit_code == 0, result.output
    await hall.told(BADGE, {"badge": result.output.strip().splitlines()[-1]})
    picture = tmp_path / "badge.svg"
    result = await asyncio.to_thread(CliRunner().invoke, cli.app, ["badge", "wang", "--svg", str(picture)])
    assert "MKB1" not in result.output
    assert picture.read_text().startswith("<?xml")
    picture.chmod(0o644)
    await asyncio.to_thread(CliRunner().invoke, cli.app, ["badge", "wang", "--svg", str(picture)])
    assert picture.stat().st_mode & 0o777 == 0o600
    result = await asyncio.to_thread(CliRunner().invoke, cli.app, ["badge", "wang", "--hours", "73"])
    assert result.exit_code == 2
    assert (await asyncio.to_thread(CliRunner().invoke, cli.app, ["badge", "nobody"])).exit_code == 1
