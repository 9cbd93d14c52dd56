"""The drill: write, save, destroy, restore, compare; and what a restore refuses."""

from __future__ import annotations

import asyncio
import shutil
import stat
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import typer
from sqlalchemy import select, text
from typer.testing import CliRunner

from backend.db.engine import make_engine, make_sessions, writing
from backend.db.migrate import downgrade, migrate
from backend.fleet.models import Kiosk
from backend.fleet.seed import seed_province
from backend.operations.backup import BackupError, Manifest, backup, forget_old
from backend.operations.cli import join
from backend.operations.endings_lost import endings_since
from backend.operations.restore import restore
from backend.settings import BackendSettings
from backend.staff.audit import AuditEntry, record, verify_chain

NOW = datetime(2026, 11, 22, 3, tzinfo=UTC)


@dataclass
class Works:
    """A desk's settings, and hands to do things to its database."""

    settings: BackendSettings

    async def write(self, entries: int, share: float = 0) -> None:
        engine = make_engine(self.settings.effective_database_url)
        async with writing(make_sessions(engine)) as session:
            if share:
                await seed_province(session, share)
            for number in range(entries):
                await record(session, "system", "test", f"thing:{number}", NOW, detail={"字": number})
            await session.commit()
        await engine.dispose()

    async def sql(self, statement: str) -> None:
        engine = make_engine(self.settings.effective_database_url)
        async with engine.begin() as connection:
            await connection.execute(text(statement))
        await engine.dispose()

    async def seen(self) -> tuple[int, list[str], str]:
        engine = make_engine(self.settings.effective_database_url)
        async with make_sessions(engine)() as session:
            kiosks = len(list(await session.scalars(select(Kiosk.kiosk_id))))
            hashes = list(await session.scalars(select(AuditEntry.hash).order_by(AuditEntry.number)))
            assert (await verify_chain(session))[1] is None
        await engine.dispose()
        return kiosks, hashes, (self.settings.var_dir / "keys" / "one.pem").read_text()

    async def destroy(self) -> None:
        """All that a burnt machine takes with it."""
        engine = make_engine(self.settings.effective_database_url)
        await downgrade(engine, "base")
        async with engine.begin() as connection:
            await connection.execute(text("DROP TABLE alembic_version"))
        await engine.dispose()
        shutil.rmtree(self.settings.var_dir)


@pytest.fixture
async def works(tmp_path: Path, fresh_database: str) -> Works:
    settings = BackendSettings(var_dir=tmp_path / "var", database_url=fresh_database)
    (settings.var_dir / "keys").mkdir(parents=True)
    (settings.var_dir / "keys" / "one.pem").write_text("a key")
    (settings.var_dir / "link").symlink_to("/etc/hostname")
    works = Works(settings)
    await works.write(5, 0.002)
    return works


async def test_the_drill(works: Works, tmp_path: Path) -> None:
    before = await works.seen()
    made = await backup(works.settings, tmp_path / "backups", NOW)
    assert made.name == "menkou-20261122T030000Z"
    for path in [made, *made.rglob("*")]:
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path
    assert not (made / "files" / "link").exists()
    await works.destroy()
    manifest = await restore(works.settings, made)
    assert await works.seen() == before
    assert manifest.audit_entries == 5
    assert manifest.rows["kiosk"] == before[0] > 100
    assert stat.S_IMODE((works.settings.var_dir / "keys" / "one.pem").stat().st_mode) == 0o600
    await works.write(1)  # and the chain goes on
    assert len((await works.seen())[1]) == 6


async def test_a_backup_while_others_write_is_of_one_moment(works: Works, tmp_path: Path) -> None:
    stop = asyncio.Event()

    async def write() -> None:
        while not stop.is_set():
            await works.write(1)

    task = asyncio.create_task(write())
    made = await backup(works.settings, tmp_path / "backups", NOW)
    stop.set()
    await task
    manifest = await restore(works.settings, made, force=True)
    _, hashes, _ = await works.seen()
    assert len(hashes) == manifest.audit_entries == manifest.rows["audit_entry"]
    assert hashes[-1] == manifest.audit_hash


async def test_nothing_is_overwritten_without_being_told(works: Works, tmp_path: Path) -> None:
    made = await backup(works.settings, tmp_path / "backups", NOW)
    await works.write(3)
    with pytest.raises(BackupError, match="tables; --force"):
        await restore(works.settings, made)
    assert len((await works.seen())[1]) == 8
    await works.sql("CREATE TABLE of_a_newer_program (x INTEGER)")
    (works.settings.var_dir / "keys" / "one.pem").write_text("another key")
    await restore(works.settings, made, force=True)
    _, hashes, key = await works.seen()
    assert (len(hashes), key) == (5, "a key")
    with pytest.raises(Exception, match="of_a_newer_program"):
        await works.sql("SELECT * FROM of_a_newer_program")


@pytest.mark.parametrize("what", ["database", "files/keys/one.pem", "gone", "manifest"])
async def test_a_damaged_set_touches_nothing(works: Works, tmp_path: Path, what: str) -> None:
    made = await backup(works.settings, tmp_path / "backups", NOW)
    before = await works.seen()
    if what == "manifest":
        (made / "manifest.json").write_text("{}")
    elif what == "gone":
        (made / "files" / "keys" / "one.pem").unlink()
    else:
        path = next(made.glob(what + "*"))
        data = bytearray(path.read_bytes())
        data[len(data) // 2] ^= 1
        path.write_bytes(data)
    with pytest.raises(BackupError):
        await restore(works.settings, made, force=True)
    assert await works.seen() == before


async def test_a_changed_audit_log_is_noticed(works: Works, tmp_path: Path) -> None:
    """Somebody changed an entry before the backup: the restore brings it back, and says so."""
    await works.sql("UPDATE audit_entry SET actor = 'nobody' WHERE number = 3")
    made = await backup(works.settings, tmp_path / "backups", NOW)
    with pytest.raises(BackupError, match="entry 3"):
        await restore(works.settings, made, force=True)


async def test_a_set_of_a_newer_program(works: Works, tmp_path: Path) -> None:
    await works.sql("UPDATE alembic_version SET version_num = '9999'")
    made = await backup(works.settings, tmp_path / "backups", NOW)
    with pytest.raises(BackupError, match="newer than this program"):
        await restore(works.settings, made, force=True)


async def test_a_set_may_not_reach_outside(works: Works, tmp_path: Path) -> None:
    made = await backup(works.settings, tmp_path / "backups", NOW)
    manifest = Manifest.read(made)
    manifest.files["../elsewhere"] = "0" * 64
    manifest.write(made)
    with pytest.raises(BackupError, match="elsewhere is missing"):
        await restore(works.settings, made, force=True)


async def test_only_the_newest_are_kept(tmp_path: Path) -> None:
    settings = BackendSettings(var_dir=tmp_path / "var")
    settings.var_dir.mkdir()
    engine = make_engine(settings.effective_database_url)
    with pytest.raises(BackupError, match="nothing to save"):
        await backup(settings, tmp_path / "backups", NOW)
    assert list((tmp_path / "backups").iterdir()) == [], "a backup that failed leaves nothing"
    await migrate(engine)
    await engine.dispose()
    made = [await backup(settings, tmp_path / "backups", NOW + timedelta(days=day)) for day in range(3)]
    with pytest.raises(BackupError, match="there already"):
        await backup(settings, tmp_path / "backups", NOW)
    assert forget_old(tmp_path / "backups", 0) == []
    assert forget_old(tmp_path / "backups", 2) == made[:1]
    assert sorted((tmp_path / "backups").iterdir()) == made[1:]


async def _deed(works: Works, action: str, subject: str) -> None:
    engine = make_engine(works.settings.effective_database_url)
    async with writing(make_sessions(engine)) as session:
        await record(session, "x@99", action, subject, NOW)
        await session.commit()
    await engine.dispose()


async def test_whom_a_restore_lets_in_again(works: Works, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    await _deed(works, "kiosk.revoke", "kiosk:K-OLD")  # in the backup too
    made = await backup(works.settings, tmp_path / "backups", NOW)
    manifest = Manifest.read(made)
    assert await endings_since(works.settings, manifest) == []
    await _deed(works, "kiosk.revoke", "kiosk:K-1")
    await _deed(works, "kiosk.enrol", "kiosk:K-2")
    await _deed(works, "staff.disable", "staff:s1")
    found = await endings_since(works.settings, manifest)
    assert found is not None
    assert [one.subject for one in found] == ["kiosk:K-1", "staff:s1"]

    monkeypatch.setenv("MENKOU_BACKEND_VAR_DIR", str(works.settings.var_dir))
    monkeypatch.setenv("MENKOU_BACKEND_DATABASE_URL", works.settings.effective_database_url)
    app = typer.Typer()
    join(app)
    run = asyncio.to_thread(CliRunner().invoke, app, ["restore", str(made), "--force"])
    said = (await run).output
    assert "do these 2 again" in said
    assert "kiosk:K-1: revoke its identity (kiosk.revoke, x@99)" in said
    assert "K-OLD" not in said
    assert await endings_since(works.settings, manifest) == []

    # Logs that have gone apart: all of the one that is lost count.
    await _deed(works, "kiosk.wiped", "kiosk:K-3")
    await works.sql("UPDATE audit_entry SET hash = 'other' WHERE number = 6")
    assert [one.subject for one in await endings_since(works.settings, manifest) or []] == ["kiosk:K-OLD", "kiosk:K-3"]
    await works.destroy()
    assert await endings_since(works.settings, manifest) is None
