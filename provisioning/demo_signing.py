"""Signing for a house on one machine: all keepers' keys in one folder, which is what keepers are there to prevent.

`menkou demo-sign` signs what waits at the desk of `menkou run`. A production has keepers and `menkou sign`.
"""

from __future__ import annotations

import asyncio
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from securesystemslib.signer import CryptoSigner, SSlibKey

from backend.db.engine import make_engine, make_sessions, writing
from backend.settings import BackendSettings
from backend.tuf_desk.repository import TufDesk
from backend.tuf_desk.service import take_targets
from backend.tuf_desk.wiring import open_desk
from content.signing.ceremony import Ceremony
from content.signing.files import write
from content.signing.keys import PublicKey, load_signer, pem
from content.signing.roles import ONLINE, ROOT, TARGETS, SigningFault

app = typer.Typer(add_completion=False)

_KEEPERS = ("root-1", "root-2", "root-3")
_RELEASER = "targets-1"
_WARNING = """Demonstration keys, all in one place and not encrypted: whoever can read this folder can sign.
演示密钥，全部放在一处且未加密：能读取本文件夹的人就能签名。仅供演示。
"""
_BY = "command-line:demo-sign"


class DemoKeepers:
    """Every keeper's key in `folder`, made when first needed."""

    def __init__(self, folder: Path, desk: TufDesk) -> None:
        self._folder = folder
        self._desk = desk
        self.ceremony = Ceremony(folder)

    def ensure_root(self, now: datetime) -> None:
        """The desk has a root, and one that will not run out soon. Blocking."""
        if self._desk.newest_root() is not None:
            return
        write(self._folder / "README.txt", _WARNING.encode())
        for name in (*_KEEPERS, _RELEASER):
            key = self._signer(name).public_key
            assert isinstance(key, SSlibKey)  # noqa: S101 - ours are
            self.ceremony.add_key(PublicKey(name, key))
        online = self._desk.keys.public()
        for public in online.values():
            self.ceremony.add_key(public)
        if self.ceremony.root() is None:
            keys = {ROOT: _KEEPERS, TARGETS: (_RELEASER,)} | {role: (online[role].name,) for role in ONLINE}
            self.ceremony.begin_root(keys, {}, now)
            for name in _KEEPERS[:2]:
                self.ceremony.sign_root(self._signer(name))
        for file in sorted((self._folder / "root").iterdir(), key=lambda file: int(file.name.split(".")[0])):
            self._desk.take_root(file.read_bytes(), now, first=True)

    def sign_waiting(self, now: datetime) -> bytes:
        """Everything the desk asks for, as targets.json. Raises SigningFault."""
        self.ceremony.take_request(self._desk.request(now), now)
        self.ceremony.sign_targets(self._signer(_RELEASER))
        return (self._folder / "targets.json").read_bytes()

    def _signer(self, name: str) -> CryptoSigner:
        file = self._folder / f"{name}.key.pem"
        if not file.exists():
            write(file, pem(Ed25519PrivateKey.generate(), None), secret=True)
        return load_signer(file, None)


def demo_keepers(settings: BackendSettings) -> DemoKeepers:
    return DemoKeepers(settings.var_dir.parent / "demo-signing", open_desk(settings))


@app.command()
def demo_sign(
    packs: Annotated[list[Path] | None, typer.Argument(help="Built packs to import first.")] = None,
    var_dir: Annotated[Path, typer.Option("--var", help="The folder of `menkou run`.")] = Path("var"),
) -> None:
    """Sign what waits at the desk of `menkou run`, with keys that are no secret."""
    os.environ.setdefault("MENKOU_BACKEND_VAR_DIR", str(var_dir / "backend"))
    settings = BackendSettings()
    if settings.environment != "embedded":
        typer.echo("not done: a production has keepers; use `menkou sign`", err=True)
        raise typer.Exit(1)
    try:
        for version in asyncio.run(_sign(settings, packs or [])):
            typer.echo(f"{version}: can be rolled out")
    except SigningFault as fault:
        typer.echo(f"not done: {fault}", err=True)
        raise typer.Exit(1) from None


async def _sign(settings: BackendSettings, packs: list[Path]) -> list[str]:
    keepers, desk, now = demo_keepers(settings), open_desk(settings), datetime.now(UTC)
    keepers.ensure_root(now)
    for pack in packs:
        desk.import_pack(pack)
    signed = keepers.sign_waiting(now)
    engine = make_engine(settings.effective_database_url)
    try:
        async with writing(make_sessions(engine)) as session:
            return [release.version for release in await take_targets(session, desk, signed, _BY, now)]
    finally:
        await engine.dispose()


if __name__ == "__main__":
    app()
