"""`menkou backend migrate | downgrade | worker | backup | restore`"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from backend.settings import BackendSettings, SettingsError

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncEngine

    from backend.operations.endings_lost import Ending


def join(app: typer.Typer) -> None:
    """Add the commands to `menkou backend`."""
    for command in (migrate, downgrade, worker, backup, restore):
        app.command()(command)


def migrate(
    to: Annotated[str, typer.Option(help="Only up to this revision, e.g. 0001.")] = "head",
) -> None:
    """Bring the database to the newest revision. Safe to run twice, and by two at once."""
    from backend.db.migrate import migrate as upgrade

    done = asyncio.run(_with_engine(lambda engine: upgrade(engine, to)))
    print("upgraded" if done else "already up to date")


def downgrade(
    revision: Annotated[str, typer.Argument(help='Back to this revision, e.g. 0001; "base": no tables at all.')],
    yes: Annotated[bool, typer.Option("--yes", help="What the newer tables hold is lost.")] = False,
) -> None:
    """Take the database back to an older revision. Make a backup first."""
    from backend.db.migrate import downgrade as back

    if not yes:
        typer.echo("what the newer tables hold is lost: make a backup, then say --yes", err=True)
        raise typer.Exit(2)
    done = asyncio.run(_with_engine(lambda engine: back(engine, revision)))
    print(f"back at {revision}" if done else f"already at {revision}")


def worker() -> None:
    """Do the background jobs, and nothing else. Several may run; the API then has MENKOU_BACKEND_JOBS=false."""
    from backend.logging import configure_logging
    from backend.operations.worker import run

    configure_logging()
    try:
        run(BackendSettings())
    except (SettingsError, OSError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from None


def backup(
    out: Annotated[Path, typer.Option(help="A folder below which each backup gets its own.")],
    keep: Annotated[int, typer.Option(help="Remove all but the newest; 0: remove none.", min=0)] = 0,
) -> None:
    """Save database, keys and files as one folder that only its owner can read."""
    from backend.operations.backup import BackupError, Manifest, forget_old
    from backend.operations.backup import backup as save
    from backend.operations.postgres_tools import ToolError

    try:
        target = asyncio.run(save(BackendSettings(), out))
    except (BackupError, ToolError, OSError) as error:
        typer.echo(_said(error), err=True)
        raise typer.Exit(1) from None
    manifest = Manifest.read(target)
    print(f"{target}: {sum(manifest.rows.values()):,} rows, {len(manifest.files):,} files, schema {manifest.revision}")
    for old in forget_old(out, keep):
        print(f"removed {old}")


def restore(
    source: Annotated[Path, typer.Argument(help="The folder of one backup.")],
    force: Annotated[bool, typer.Option("--force", help="Replace what is there; it is lost.")] = False,
) -> None:
    """Bring a backup back and prove it: files, rows of every table, the audit log's chain. Stop the desk first.

    It also lists whom it lets in again: revocations, wipes and the like that the backup does not know.
    """
    from backend.operations.backup import BackupError, Manifest
    from backend.operations.endings_lost import endings_since
    from backend.operations.postgres_tools import ToolError
    from backend.operations.restore import restore as bring_back

    settings = BackendSettings()
    try:
        known = asyncio.run(endings_since(settings, Manifest.read(source)))  # while it is still there
        if force:  # said before it is replaced, whatever becomes of the rest
            _say_endings(known)
        manifest = asyncio.run(bring_back(settings, source, force=force))
    except (BackupError, ToolError, OSError) as error:
        typer.echo(_said(error), err=True)
        raise typer.Exit(1) from None
    print(
        f"restored as of {manifest.made_at:%Y-%m-%d %H:%M:%S} UTC: {sum(manifest.rows.values()):,} rows,"
        f" {len(manifest.files):,} files, audit log of {manifest.audit_entries:,} entries in order"
    )
    if not force:
        _say_endings(known)


def _say_endings(known: list[Ending] | None) -> None:
    """Whom the restore lets in again."""
    if known is None:
        print("the database that was here could not be read: look up elsewhere (its audit log's exports, the alerts'")
        print("messages) which kiosks were revoked or wiped and which accounts disabled since, and do it again")
    elif not known:
        print("nobody was shut out since by the log that was here: nothing to do again")
    else:
        print(f"do these {len(known):,} again before kiosks and people reach the desk:")
        for one in known:
            print(f"  {one.at:%Y-%m-%d %H:%M} UTC  {one.subject}: {one.again} ({one.action}, {one.actor})")


def _said(error: Exception) -> str:
    return str(error) or type(error).__name__


async def _with_engine(work: Callable[[AsyncEngine], Awaitable[bool]]) -> bool:
    from backend.db.engine import make_engine
    from backend.db.migrate import MigrationError

    settings = BackendSettings()
    settings.var_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    engine = make_engine(settings.effective_database_url)
    try:
        return await work(engine)
    except MigrationError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from None
    finally:
        await engine.dispose()
