"""`menkou signing-desk …`: the desk's side of signing, on the server. The keys that matter are elsewhere."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from backend.db.engine import make_engine, make_sessions, writing
from backend.settings import BackendSettings
from backend.tuf_desk.repository import TufDesk
from backend.tuf_desk.service import take_targets
from backend.tuf_desk.wiring import open_desk
from content.signing.files import write
from content.signing.roles import SigningFault

app = typer.Typer(
    help="The desk's side of signing: online keys, roots, requests, signed releases.", no_args_is_help=True
)

_BY = "command-line"


@contextmanager
def _desk() -> Iterator[TufDesk]:
    try:
        yield open_desk(BackendSettings())
    except SigningFault as fault:
        typer.echo(f"not done: {fault}", err=True)
        raise typer.Exit(1) from None


@app.command()
def keys(out: Annotated[Path, typer.Argument(help="The folder that is carried to the ceremony.")]) -> None:
    """Write the public halves of this desk's snapshot and timestamp keys; make the keys if there are none."""
    with _desk() as desk:
        for public in desk.keys.public().values():
            file = out / f"{public.name}.public.json"
            write(file, public.to_bytes())
            print(f"{file}: key id {public.key.keyid}")


@app.command()
def root(files: Annotated[list[Path], typer.Argument(help="N.root.json of the ceremony, oldest first.")]) -> None:
    """Take a root. The first is believed because you bring it; later ones must be signed by the one before."""
    with _desk() as desk:
        for file in files:
            number = desk.take_root(file.read_bytes(), datetime.now(UTC), first=True)
            print(f"root {number} is in force")


@app.command("import")
def import_pack(
    packs: Annotated[list[Path], typer.Argument(help="Built packs.")],
    notes: Annotated[str, typer.Option(help="What is new.")] = "",
) -> None:
    """Keep built packs; they wait for signatures from now on."""
    with _desk() as desk:
        for pack in packs:
            release = desk.import_pack(pack, notes)
            print(f"{release.version}: waits for signatures\n  SHA-256 {release.sha256}")


@app.command()
def request(
    out: Annotated[Path, typer.Argument(help="File to carry to the keys.")],
    withdraw: Annotated[list[str] | None, typer.Option(help="A version no kiosk may take again.")] = None,
) -> None:
    """Write what waits for signatures."""
    with _desk() as desk:
        asked = desk.request(datetime.now(UTC), withdraw or [])
        write(out, asked.to_bytes())
        print(f"{out}: {', '.join(one.version for one in asked.releases) or 'no new release'}")


@app.command()
def take(file: Annotated[Path, typer.Argument(help="targets.json with its signatures.")]) -> None:
    """Take what was signed: it can be rolled out from now on."""
    with _desk() as desk:
        for version in asyncio.run(_take(desk, file.read_bytes())):
            print(f"{version}: can be rolled out")


async def _take(desk: TufDesk, data: bytes) -> list[str]:
    engine = make_engine(BackendSettings().effective_database_url)
    try:
        async with writing(make_sessions(engine)) as session:
            return [one.version for one in await take_targets(session, desk, data, _BY, datetime.now(UTC))]
    finally:
        await engine.dispose()


@app.command()
def status() -> None:
    """What is in force, until when, and what waits."""
    with _desk() as desk:
        state = desk.state()
        for name in ("root", "targets", "snapshot", "timestamp"):
            metadata = getattr(state, name)
            told = (
                f"{metadata.signed.version}, until {metadata.signed.expires:%Y-%m-%d %H:%M} UTC" if metadata else "none"
            )
            print(f"{name}: {told}")
        for release in state.waiting:
            print(f"waits for signatures: {release.version}  SHA-256 {release.sha256}")
