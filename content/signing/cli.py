"""`menkou sign …`: offline, on files only. The folder is carried on a stick; private keys are not in it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from content.load import load_pack
from content.pack_format import ROOT as PACK_ROOT
from content.pack_format import PackError
from content.signing.ceremony import Ceremony
from content.signing.keys import load_signer, make_key, read_public
from content.signing.request import ReleaseToSign, TargetsRequest
from content.signing.roles import ROOT, SNAPSHOT, TARGETS, TIMESTAMP, SigningFault

app = typer.Typer(help="Sign what kiosks take: keys, roots, content releases. Offline.", no_args_is_help=True)
keys = typer.Typer(help="Keys: each keeper makes their own.", no_args_is_help=True)
root = typer.Typer(help="Who may sign: two of three keepers decide.", no_args_is_help=True)
targets = typer.Typer(help="Which content releases kiosks may take.", no_args_is_help=True)
app.add_typer(keys, name="keys")
app.add_typer(root, name="root")
app.add_typer(targets, name="targets")

PASSPHRASE = "MENKOU_SIGNING_PASSPHRASE"  # noqa: S105 - the variable's name
Folder = Annotated[Path, typer.Option("--folder", help="The folder that is carried.")]
KeyFile = Annotated[Path, typer.Option("--key", help="Your private key: NAME.key.pem.")]
Passphrase = Annotated[str | None, typer.Option(envvar=PASSPHRASE, help="Asked for if not given.", show_default=False)]
Named = Annotated[list[str], typer.Option(help="ROLE=NAME; as often as needed.")]
_HERE = Path("signing")
_SOON_DAYS = 30


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except SigningFault as fault:
        typer.echo(f"not done: {fault}", err=True)
        raise typer.Exit(1) from None


@keys.command("new")
def new_key(
    name: Annotated[str, typer.Argument(help="Such as root-1 or targets-1.")],
    folder: Folder = _HERE,
    private: Annotated[Path, typer.Option(help="Where your private key goes; your own stick.")] = Path(),
    passphrase: Passphrase = None,
) -> None:
    """Make a key. NAME.key.pem stays with you; its public half goes into the folder."""
    with _told():
        if passphrase is None:
            passphrase = typer.prompt("Passphrase", hide_input=True, confirmation_prompt=True)
        public, file = make_key(private, name, passphrase)
        Ceremony(folder).add_key(public)
        print(f"{file}: keep it, and keep it apart from the others\nkey id {public.key.keyid}")


@keys.command("add")
def add_key(file: Path, folder: Folder = _HERE) -> None:
    """Bring a public key into the folder: another keeper's, or the desk's."""
    with _told():
        public = read_public(file)
        Ceremony(folder).add_key(public)
        print(f"{public.name}: key id {public.key.keyid}")


@root.command("new")
def new_root(
    root_key: Annotated[list[str], typer.Option(help="A keeper's key; three of them.")],
    targets_key: Annotated[list[str], typer.Option(help="A key that signs releases.")],
    snapshot_key: Annotated[str, typer.Option(help="The desk's; found by itself if there is one only.")] = "",
    timestamp_key: Annotated[str, typer.Option(help="The desk's.")] = "",
    threshold: Annotated[int, typer.Option(min=1, help="How many keepers must sign.")] = 2,
    folder: Folder = _HERE,
) -> None:
    """Begin the first root; then the keepers sign it."""
    ceremony = Ceremony(folder)
    with _told():
        named = {
            ROOT: root_key,
            TARGETS: targets_key,
            SNAPSHOT: [snapshot_key or _only(ceremony, SNAPSHOT)],
            TIMESTAMP: [timestamp_key or _only(ceremony, TIMESTAMP)],
        }
        ceremony.begin_root(named, {ROOT: threshold}, datetime.now(UTC))
    _show(folder)


@root.command("rotate")
def rotate_root(add: Named = [], remove: Named = [], folder: Folder = _HERE) -> None:  # noqa: B006 - Typer copies
    """Begin the next root with other keys; without any, the same for another year."""
    with _told():
        Ceremony(folder).change_root(datetime.now(UTC), add=map(_pair, add), remove=map(_pair, remove))
    _show(folder)


@root.command("threshold")
def root_threshold(role: str, number: Annotated[int, typer.Argument(min=1)], folder: Folder = _HERE) -> None:
    """Begin the next root, in which ROLE wants NUMBER signatures."""
    with _told():
        Ceremony(folder).change_root(datetime.now(UTC), thresholds={role: number})
    _show(folder)


@root.command("sign")
def sign_root(key: KeyFile, folder: Folder = _HERE, passphrase: Passphrase = None) -> None:
    """Add your signature to the root that waits for it."""
    with _told():
        done = Ceremony(folder).sign_root(load_signer(key, _asked(passphrase)))
        print("finished: take root/ to the desk" if done else "signed; more signatures are needed")
    _show(folder)


@targets.command("add")
def add_targets(
    releases: Annotated[list[Path] | None, typer.Argument(help="Built packs, or a desk's request.")] = None,
    notes: Annotated[str, typer.Option(help="What is new.")] = "",
    folder: Folder = _HERE,
) -> None:
    """Stage releases for signing; without any, the same ones for another half a year."""
    ceremony, now = Ceremony(folder), datetime.now(UTC)
    with _told():
        packs = [_pack(path, notes) for path in releases or () if path.is_dir()]
        requests = [_request(path) for path in releases or () if not path.is_dir()]
        for request in requests:
            ceremony.take_request(request, now)
            packs += request.releases
        if packs or not requests:
            ceremony.add_releases(packs, now)
        for release in packs:
            print(f"{release.version}  {release.size:,} bytes\n  SHA-256 {release.sha256}")
            if release.notes:
                print(f"  {release.notes}")
        for version in (version for request in requests for version in request.withdraw):
            print(f"{version}  withdrawn: no kiosk takes it again")
    if packs:
        print("Compare the digests with what the editors agreed to, then sign.")
    _show(folder)


@targets.command("sign")
def sign_targets(key: KeyFile, folder: Folder = _HERE, passphrase: Passphrase = None) -> None:
    """Add your signature to the releases that wait for it."""
    with _told():
        done = Ceremony(folder).sign_targets(load_signer(key, _asked(passphrase)))
        print("finished: take targets.json to the desk" if done else "signed; more signatures are needed")
    _show(folder)


@app.command()
def status(folder: Folder = _HERE) -> None:
    """What is in force, until when, and whose signature is missing. Exit code 1: something runs out soon."""
    raise typer.Exit(1 if _show(folder) else 0)


def _show(folder: Path) -> bool:
    """True: something ends within a month."""
    now, soon = datetime.now(UTC), False
    with _told():
        standings = Ceremony(folder).status()
        if not standings:
            print(f"{folder}: nothing here yet; `menkou sign keys new`, then `menkou sign root new`")
        for one in standings:
            left = (one.expires - now).days
            soon = soon or left < _SOON_DAYS
            by = ", ".join(one.signed_by) or "nobody"
            print(f"{one.name}: until {one.expires:%Y-%m-%d} ({left} days), signed by {by}")
            if one.wanted:
                print(f"  {one.wanted} more of: {', '.join(one.missing)}")
    return soon


def _asked(passphrase: str | None) -> str:
    return passphrase if passphrase is not None else typer.prompt("Passphrase", hide_input=True)


def _only(ceremony: Ceremony, role: str) -> str:
    """The desk's key for a role, by its name."""
    found = [name for name in ceremony.names().values() if name == role or name.startswith(f"{role}-")]
    if len(found) != 1:
        raise SigningFault(f"{len(found)} keys are called {role}; bring the desk's, or name it with --{role}-key")
    return found[0]


def _pair(text: str) -> tuple[str, str]:
    role, equals, name = text.partition("=")
    if not equals:
        raise SigningFault(f"{text!r} is not ROLE=NAME")
    return role, name


def _pack(directory: Path, notes: str) -> ReleaseToSign:
    try:
        version = load_pack(directory).version
    except PackError as error:
        raise SigningFault(str(error)) from None
    data = (directory / PACK_ROOT).read_bytes()
    return ReleaseToSign(version=version, sha256=hashlib.sha256(data).hexdigest(), size=len(data), notes=notes)


def _request(file: Path) -> TargetsRequest:
    try:
        return TargetsRequest.from_bytes(file.read_bytes())
    except OSError:
        raise SigningFault(f"{file} cannot be read") from None
