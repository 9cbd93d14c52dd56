"""A backup of the whole desk as one folder: the database, the files beside it, and a list that says what is there.

    menkou-20261122T031500Z/
      manifest.json      versions, revision, rows of each table, the audit log's last link, SHA-256 of every file
      database.dump      PostgreSQL's custom format, or database.sqlite3
      files/…            the var dir: keys, certificates' files, artifacts

The database is one moment (a snapshot, or SQLite's online backup). Files are copied after it: whatever a row of the
snapshot points to was written before the row. Nobody but the owner can read the set; it holds keys, so keep it on an
encrypted disk or encrypt it on its way out.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import msgspec
from sqlalchemy import inspect, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from backend.db.engine import make_engine
from backend.db.migrate import current_revision
from backend.db.settings import DatabaseSettings
from backend.operations.postgres_tools import run_tool
from backend.secret_files import write_secret
from backend.settings import BackendSettings

FORMAT = 1
MANIFEST = "manifest.json"
_PATIENCE_S = 6 * 3600.0
_NOT_FILES = (".sqlite3", ".sqlite3-wal", ".sqlite3-shm", ".sqlite3-journal")  # the database itself
_PREFIX = "menkou-"
_CHUNK = 1 << 20


class BackupError(Exception):
    """It cannot be done; the text says why."""


@dataclass
class Manifest:
    format: int
    made_at: datetime
    program: str
    revision: str
    kind: str  # "postgresql" or "sqlite"
    server: str  # the database's version
    rows: dict[str, int]
    audit_entries: int
    audit_hash: str  # of the last entry; "" when there is none
    files: dict[str, str] = field(default_factory=dict)  # path in the set: SHA-256

    def write(self, folder: Path) -> None:
        write_secret(folder / MANIFEST, msgspec.json.format(msgspec.json.encode(asdict(self)), indent=2))

    @classmethod
    def read(cls, folder: Path) -> Manifest:
        """Raises BackupError for what is no backup of ours."""
        try:
            found = msgspec.json.decode((folder / MANIFEST).read_bytes(), type=cls)
        except (OSError, msgspec.DecodeError) as error:
            raise BackupError(f"{folder}: no backup of this program ({type(error).__name__})") from None
        if found.format != FORMAT:
            raise BackupError(f"{folder}: format {found.format}, this program reads {FORMAT}")
        return found

    def verify(self, folder: Path) -> None:
        """Raises BackupError, naming the first file that is not what was saved."""
        for name, expected in self.files.items():
            path = folder / name
            if Path(name).is_absolute() or ".." in Path(name).parts or not path.is_file() or path.is_symlink():
                raise BackupError(f"{name} is missing")
            if sha256_of(path) != expected:
                raise BackupError(f"{name} is not what was saved")


async def backup(settings: BackendSettings, out: Path, now: datetime | None = None) -> Path:
    """Make a set below `out`; its folder. It appears under its name when it is complete. Raises BackupError."""
    made_at = now or datetime.now(UTC)
    target = out / f"{_PREFIX}{made_at:%Y%m%dT%H%M%SZ}"
    with _whole(target) as folder:
        engine = patient_engine(settings)
        try:
            if engine.dialect.name == "sqlite":
                manifest = await _save_sqlite(engine, folder, made_at)
            else:
                manifest = await _save_postgres(engine, folder, made_at)
        finally:
            await engine.dispose()
        await asyncio.to_thread(_complete, folder, manifest, settings.var_dir, out)
    return target


def forget_old(out: Path, keep: int) -> list[Path]:
    """Remove all but the newest `keep` sets; those removed."""
    sets = sorted(path for path in out.glob(f"{_PREFIX}*Z") if (path / MANIFEST).is_file())
    old = sets[:-keep] if keep > 0 else []
    for path in old:
        shutil.rmtree(path)
    return old


def patient_engine(settings: BackendSettings) -> AsyncEngine:
    """For statements that may take hours."""
    patient = DatabaseSettings(
        statement_timeout_s=_PATIENCE_S, idle_in_transaction_s=_PATIENCE_S, application_name="menkou-backup"
    )
    return make_engine(settings.effective_database_url, patient)


async def state_of(connection: AsyncConnection) -> tuple[dict[str, int], int, str]:
    """Rows of each table, how many audit entries there are, and the last one's hash."""
    tables: list[str] = await connection.run_sync(lambda sync: sorted(inspect(sync).get_table_names()))
    quote = connection.dialect.identifier_preparer.quote
    rows = {}
    for table in tables:
        rows[table] = int((await connection.execute(text(f"SELECT count(*) FROM {quote(table)}"))).scalar_one())  # noqa: S608 - names of our own tables
    if "audit_entry" not in tables:
        return rows, 0, ""
    query = text("SELECT number, hash FROM audit_entry ORDER BY number DESC LIMIT 1")
    last = (await connection.execute(query)).first()
    return rows, rows["audit_entry"], str(last.hash) if last else ""


def sha256_of(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


async def _save_postgres(engine: AsyncEngine, folder: Path, made_at: datetime) -> Manifest:
    async with engine.connect() as connection:
        # One moment for the counts and for pg_dump, which takes part in this transaction's view.
        await connection.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY"))
        snapshot = str((await connection.execute(text("SELECT pg_export_snapshot()"))).scalar_one())
        manifest = await _manifest(engine, connection, made_at, "SHOW server_version")
        arguments = ["--format=custom", "--no-owner", "--no-acl", f"--snapshot={snapshot}"]
        await run_tool("pg_dump", [*arguments, f"--file={folder / 'database.dump'}"], engine.url)
    return manifest


async def _save_sqlite(engine: AsyncEngine, folder: Path, made_at: datetime) -> Manifest:
    target = folder / "database.sqlite3"
    target.touch(mode=0o600)

    def copy() -> None:
        source, saved = sqlite3.connect(str(engine.url.database)), sqlite3.connect(target)
        try:
            source.backup(saved, pages=-1)  # all in one step: a moment
            saved.execute("PRAGMA journal_mode = DELETE")  # one file, without side files
        finally:
            saved.close()
            source.close()

    await asyncio.to_thread(copy)
    saved = make_plain_sqlite(target)
    try:
        async with saved.connect() as connection:
            return await _manifest(saved, connection, made_at, "SELECT sqlite_version()")
    finally:
        await saved.dispose()


def make_plain_sqlite(path: Path) -> AsyncEngine:
    """To look into a saved file without changing it: no WAL, which would leave files beside it."""
    return create_async_engine(f"sqlite+aiosqlite:///file:{path}?mode=ro&uri=true", hide_parameters=True)


async def _manifest(engine: AsyncEngine, connection: AsyncConnection, made_at: datetime, asked: str) -> Manifest:
    revision = await current_revision(engine)
    if revision is None:
        raise BackupError("the database has no tables of this program: there is nothing to save")
    rows, entries, last = await state_of(connection)
    server = str((await connection.execute(text(asked))).scalar_one())
    return Manifest(FORMAT, made_at, version("menkou"), revision, engine.dialect.name, server, rows, entries, last)


def _complete(folder: Path, manifest: Manifest, var_dir: Path, out: Path) -> None:
    _copy_files(var_dir, folder / "files", leave_out=(out.resolve(),))
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        manifest.files[str(path.relative_to(folder))] = sha256_of(path)
    manifest.write(folder)
    _to_disk(folder)


def _copy_files(source: Path, target: Path, leave_out: tuple[Path, ...]) -> None:
    target.mkdir(mode=0o700)
    if not source.is_dir():
        return
    for folder, below, names in os.walk(source):
        here = Path(folder)
        below[:] = [name for name in below if (here / name).resolve() not in leave_out]
        into = target / here.relative_to(source)
        into.mkdir(mode=0o700, exist_ok=True)
        for name in names:
            path = here / name
            if path.is_symlink() or not path.is_file() or name.endswith(_NOT_FILES):
                continue
            try:
                copy_secret(path, into / name)
            except FileNotFoundError:  # it has just been removed: so it is not there
                continue


def copy_secret(source: Path, target: Path) -> None:
    """0600 from the first byte on."""
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as written, source.open("rb") as read:
        shutil.copyfileobj(read, written, _CHUNK)
        written.flush()
        os.fsync(written.fileno())


def _to_disk(folder: Path) -> None:
    for path in [folder, *folder.rglob("*")]:
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


@contextmanager
def _whole(target: Path) -> Iterator[Path]:
    """A folder that gets its name when everything in it is there."""
    if target.exists():
        raise BackupError(f"{target} is there already")
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    folder = target.with_name(f".{target.name}.part")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700)
    before = os.umask(0o077)
    try:
        yield folder
        folder.rename(target)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    finally:
        os.umask(before)
