"""`menkou backend …`"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from backend.operations import cli as operations
from backend.secret_files import write_secret
from backend.settings import BackendSettings, SettingsError

app = typer.Typer(help="The central backend.", no_args_is_help=True)
operations.join(app)


@app.command()
def serve(
    host: Annotated[str | None, typer.Option(help="Address people connect to.")] = None,
    port: Annotated[int | None, typer.Option(help="Port people connect to.")] = None,
    proxied: Annotated[
        bool | None, typer.Option(help="Behind nginx: listen on Unix sockets and believe its headers.")
    ] = None,
) -> None:
    """Serve people and kiosks, each at their own door. Embedded, the database is made or upgraded first."""
    from backend.fleet.settings import FleetSettings
    from backend.logging import configure_logging
    from backend.serve import run

    settings, fleet = BackendSettings(), FleetSettings()
    settings.host, settings.port = host or settings.host, settings.port if port is None else port
    fleet.proxied = fleet.proxied if proxied is None else proxied
    try:
        settings.check_production()
        fleet.check_production(settings)
        configure_logging()
        run(settings, fleet)
    except (SettingsError, OSError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from None


@app.command()
def token(
    name: Annotated[str, typer.Argument(help="The kiosk's name, e.g. kiosk-0001.")],
    site: Annotated[str | None, typer.Option(help="Where it stands.")] = None,
    out: Annotated[
        Path | None, typer.Option(help="Write the token to this file (0600) instead of printing it.")
    ] = None,
) -> None:
    """Make a device token for a kiosk. It is shown once; an older token of that kiosk stops working."""
    settings = BackendSettings()
    try:
        made = asyncio.run(_token(settings, name, site or settings.site))
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error
    if out is None:
        print(made)
        return
    write_secret(out, made.encode() + b"\n")
    print(f"token of {name} written to {out}")


@app.command()
def revoke(name: Annotated[str, typer.Argument(help="The kiosk's name.")]) -> None:
    """Let a kiosk in no longer: lost, stolen or taken away. `token` makes it a new key."""
    if not asyncio.run(_revoke(BackendSettings(), name)):
        print(f"there is no kiosk {name}")
        raise typer.Exit(1)
    print(f"{name} is not let in any more")


async def _migrate(settings: BackendSettings) -> bool:
    from backend.db.engine import make_engine
    from backend.db.migrate import migrate as upgrade

    settings.var_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    engine = make_engine(settings.effective_database_url)
    try:
        return await upgrade(engine)
    finally:
        await engine.dispose()


async def _token(settings: BackendSettings, name: str, site: str) -> str:
    from backend.db.engine import make_engine, make_sessions, writing
    from backend.devices.service import issue_token

    await _migrate(settings)
    engine = make_engine(settings.effective_database_url)
    try:
        async with writing(make_sessions(engine)) as session:
            return await issue_token(session, name, site)
    finally:
        await engine.dispose()


async def _revoke(settings: BackendSettings, name: str) -> bool:
    from backend.db.engine import make_engine, make_sessions, writing
    from backend.devices.service import revoke as revoke_device

    await _migrate(settings)
    engine = make_engine(settings.effective_database_url)
    try:
        async with writing(make_sessions(engine)) as session:
            return await revoke_device(session, name)
    finally:
        await engine.dispose()
