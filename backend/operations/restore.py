"""Bring a backup back, and prove that it is all there."""

from __future__ import annotations

import shutil
from pathlib import Path

from sqlalchemy import MetaData, inspect
from sqlalchemy.ext.asyncio import AsyncEngine

from backend.db.engine import make_sessions
from backend.db.migrate import known
from backend.operations.backup import BackupError, Manifest, copy_secret, patient_engine, state_of
from backend.operations.postgres_tools import run_tool
from backend.settings import BackendSettings
from backend.staff.audit import verify_chain


async def restore(settings: BackendSettings, source: Path, *, force: bool = False) -> Manifest:
    """Put the set `source` in place of nothing; with `force` in place of what is there, which is lost.

    Everything is verified before anything is touched. Raises BackupError, ToolError. Nothing may be running on this
    database. Bring it to this program's revision afterwards with `menkou backend migrate`.
    """
    manifest = Manifest.read(source)
    manifest.verify(source)
    if not known(manifest.revision):
        raise BackupError(f"its schema {manifest.revision} is newer than this program: update the program first")
    engine = patient_engine(settings)
    try:
        if manifest.kind != engine.dialect.name:
            raise BackupError(f"it is of {manifest.kind}, this desk is on {engine.dialect.name}")
        await _refuse_to_overwrite(engine, settings, source, force)
        if manifest.kind == "sqlite":
            await engine.dispose()
            _place_sqlite(Path(str(engine.url.database)), source / "database.sqlite3")
        else:
            await _clear(engine)
            arguments = ["--single-transaction", "--exit-on-error", "--no-owner", "--no-acl"]
            database = str(engine.url.database)
            dump = str(source / "database.dump")
            await run_tool("pg_restore", [*arguments, f"--dbname={database}", dump], engine.url)
        _place_files(source / "files", settings.var_dir)
        await _prove(engine, manifest)
    finally:
        await engine.dispose()
    return manifest


async def _refuse_to_overwrite(engine: AsyncEngine, settings: BackendSettings, source: Path, force: bool) -> None:
    if force:
        return
    async with engine.connect() as connection:
        tables = await connection.run_sync(lambda sync: inspect(sync).get_table_names())
    if tables:
        raise BackupError(f"the database has {len(tables)} tables; --force replaces them")
    wanted = [path.relative_to(source / "files") for path in (source / "files").rglob("*") if path.is_file()]
    there = [path for path in wanted if (settings.var_dir / path).exists()]
    if there:
        raise BackupError(f"{len(there)} files are in the var dir already, such as {there[0]}; --force replaces them")


async def _clear(engine: AsyncEngine) -> None:
    async with engine.begin() as connection:
        found = MetaData()
        await connection.run_sync(found.reflect)
        await connection.run_sync(found.drop_all)


def _place_sqlite(target: Path, saved: Path) -> None:
    for beside in ("-wal", "-shm", "-journal", ""):
        target.with_name(target.name + beside).unlink(missing_ok=True)
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    copy_secret(saved, target)


def _place_files(source: Path, var_dir: Path) -> None:
    var_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    for path in sorted(source.rglob("*")):
        target = var_dir / path.relative_to(source)
        if path.is_dir():
            target.mkdir(exist_ok=True, mode=0o700)
            continue
        if target.is_dir():
            shutil.rmtree(target)
        target.unlink(missing_ok=True)
        copy_secret(path, target)


async def _prove(engine: AsyncEngine, manifest: Manifest) -> None:
    async with engine.connect() as connection:
        rows, entries, last = await state_of(connection)
    different = sorted(table for table in {*rows, *manifest.rows} if rows.get(table) != manifest.rows.get(table))
    if different:
        raise BackupError(f"after restoring, the rows of {', '.join(different)} are not as many as were saved")
    if (entries, last) != (manifest.audit_entries, manifest.audit_hash):
        raise BackupError("after restoring, the audit log does not end as it did")
    if entries:
        async with make_sessions(engine)() as session:
            _, fault = await verify_chain(session)
        if fault is not None:
            raise BackupError(f"the restored audit log is not in order: entry {fault.number}: {fault.what}")
