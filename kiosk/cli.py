"""`menkou kiosk`: the program on the terminal."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer

app = typer.Typer(help="The program on the terminal.", no_args_is_help=True)


@app.command()
def run(
    windowed: Annotated[bool, typer.Option(help="A window instead of the whole screen.")] = True,
) -> None:
    """Start the kiosk. Settings come from the environment (MENKOU_KIOSK_*)."""
    from content.load import PackError
    from drivers.manager import DevicesFileError
    from kiosk.app import Program
    from kiosk.logging import configure
    from kiosk.settings import KioskSettings

    configure()
    settings = KioskSettings()
    try:
        program = Program(settings)
    except (PackError, DevicesFileError, OSError) as error:
        typer.echo(f"kiosk cannot start: {error}", err=True)
        raise typer.Exit(2) from None

    from kiosk.ui.config import UiConfig
    from kiosk.ui.run import run_kiosk_ui

    config = UiConfig(
        width=settings.width,
        height=settings.height,
        site_name=program.site,
        terminal_number=settings.terminal,
        fullscreen=settings.fullscreen or not windowed,
        inspect_socket=settings.inspect_socket,
    )
    asyncio.run(run_kiosk_ui(program.run, config=config))


@app.command()
def enrol(
    qr: Annotated[str, typer.Option(help="What the QR code of the enrolment sheet says: menkou://enrol?…")] = "",
    code: Annotated[str, typer.Option(help="The code, typed; with --desk.")] = "",
    desk: Annotated[str, typer.Option(help="Where this kiosk reaches the desk: https://…")] = "",
    ca_sha256: Annotated[str, typer.Option(help="The authority's fingerprint, if it is known.")] = "",
) -> None:
    """Make this terminal known to the desk: a new key, and a certificate for it. The program need not be stopped."""
    from kiosk.link.enrol_cli import enrol_here

    raise typer.Exit(enrol_here(qr, code, desk, ca_sha256))


@app.command()
def screenshots(
    out: Annotated[str, typer.Option(help="Folder for the pictures.")] = "docs/screenshots",
    every: Annotated[bool, typer.Option("--all", help="Every screen in every look, not only those kept.")] = False,
) -> None:
    """Draw every screen in both languages, and the most important ones in all looks."""
    from pathlib import Path

    from kiosk.ui.gallery import make_committed, make_screenshots

    for path in make_screenshots(Path(out)) if every else make_committed(Path(out)):
        typer.echo(path)
