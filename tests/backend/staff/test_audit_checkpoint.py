"""A checkpoint kept elsewhere finds what the chain alone cannot: that the log's end is gone."""

from __future__ import annotations

import json
import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import delete, update
from typer.testing import CliRunner

from backend.db.engine import Sessions, writing
from backend.staff.audit import AuditEntry, Checkpoint, checkpoint, entry_hash, record, verify_chain
from backend.staff.audit_cli import app
from tests.backend.house import migrated_sqlite

NOW = datetime(2026, 11, 22, tzinfo=UTC)


@pytest.fixture
async def known(sessions: Sessions) -> Checkpoint:
    async with writing(sessions) as session:
        for n in range(6):
            await record(session, "somebody", "test", f"x:{n}", NOW)
        await session.commit()
    async with sessions() as session:
        return await checkpoint(session)


async def test_an_intact_log_that_has_grown(sessions: Sessions, known: Checkpoint) -> None:
    async with writing(sessions) as session:
        await record(session, "somebody", "test", "x:later", NOW)
        await session.commit()
    async with sessions() as session:
        assert await verify_chain(session, against=known) == (7, None)
        assert await verify_chain(session, start=5, against=known) == (3, None)


async def test_the_end_cut_off(sessions: Sessions, known: Checkpoint) -> None:
    async with writing(sessions) as session:
        await session.execute(delete(AuditEntry).where(AuditEntry.number > 3))
        await session.commit()
    async with sessions() as session:
        assert (await verify_chain(session))[1] is None  # the chain alone does not see it
        read, fault = await verify_chain(session, against=known)
    assert (read, fault and fault.number) == (3, 4)


async def test_the_end_written_anew(sessions: Sessions, known: Checkpoint) -> None:
    async with writing(sessions) as session:
        last = await session.get(AuditEntry, 6)
        assert last is not None
        last.actor = "somebody else"
        await session.execute(update(AuditEntry).where(AuditEntry.number == 6).values(hash=entry_hash(last)))
        await session.commit()
    async with sessions() as session:
        assert (await verify_chain(session))[1] is None
        fault = (await verify_chain(session, against=known))[1]
    assert fault is not None
    assert fault.number == 6


async def test_reading_from_the_middle_sees_the_middle_only(sessions: Sessions, known: Checkpoint) -> None:
    async with writing(sessions) as session:
        await session.execute(update(AuditEntry).where(AuditEntry.number == 2).values(actor="x"))
        await session.commit()
    async with sessions() as session:
        assert await verify_chain(session, start=3) == (4, None)
        assert (await verify_chain(session))[1] is not None
        assert (await verify_chain(session, start=9))[1] is not None


def test_the_commands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from backend.staff.cli import app as staff

    monkeypatch.setenv("MENKOU_BACKEND_VAR_DIR", str(tmp_path))
    run = CliRunner()
    made = run.invoke(staff, ["add", "wang", "王样本", "--role", "operator:990000000000"])
    assert made.exit_code == 0, made.output
    assert "first password" in made.output
    assert run.invoke(staff, ["grant", "wang", "viewer", "990100000000"]).exit_code == 0
    kept = tmp_path / "checkpoint.json"
    kept.write_text(run.invoke(app, ["checkpoint"]).output)
    assert json.loads(kept.read_text())["number"] == 3
    assert run.invoke(staff, ["revoke-role", "wang", "viewer", "990100000000"]).exit_code == 0
    listed = run.invoke(staff, ["list"]).output
    assert "operator:990000000000" in listed
    assert "viewer" not in listed
    assert run.invoke(staff, ["disable", "wang"]).exit_code == 0
    assert "(disabled)" in run.invoke(staff, ["list"]).output
    assert run.invoke(staff, ["reset-password", "wang"]).exit_code == 0
    assert run.invoke(staff, ["disable", "nobody"]).exit_code == 1
    verified = run.invoke(app, ["verify", "--against", str(kept)])
    assert (verified.exit_code, verified.output) == (0, "6 entries, all in order\n")
    kept.write_text(json.dumps({"number": 99, "hash": "0" * 64}))
    assert run.invoke(app, ["verify", "--against", str(kept)]).exit_code == 1


def test_an_empty_log_is_no_good_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Verified beside the wrong database, nothing would ever be found."""
    monkeypatch.setenv("MENKOU_BACKEND_VAR_DIR", str(tmp_path))
    run = CliRunner()
    elsewhere = run.invoke(app, ["verify"])
    assert (elsewhere.exit_code, str(tmp_path) in elsewhere.output) == (2, True)
    shutil.copy(migrated_sqlite(), tmp_path / "menkou.sqlite3")
    empty = run.invoke(app, ["verify"])
    assert (empty.exit_code, str(tmp_path) in empty.output) == (1, True)
    assert "in order" not in empty.output
