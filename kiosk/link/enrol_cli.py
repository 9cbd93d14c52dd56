"""`menkou kiosk enrol`: what a technician sees of it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import pwd
import sys
import tomllib
from importlib import metadata
from pathlib import Path

from backend.contract.fleet_api import FleetProblem, Inventory
from kiosk.link.enrolment import BadIdentity, CodeError, Invitation, UntrustedDesk, enrol
from kiosk.link.fleet_desk import DeskFault, DeskRefusal
from kiosk.link.identity_files import Identity, IdentityFiles
from kiosk.link.key_store import KeyMissing, KeyStore, key_store
from kiosk.settings import KioskSettings

_DMI = Path("/sys/class/dmi/id")
_WHY = {
    FleetProblem.CODE_INVALID: "the desk does not take this code: it was used, is too old, or was made anew",
    FleetProblem.WRONG_KIOSK: "the code is another kiosk's",
    FleetProblem.BUSY: "the desk is busy; try again in a moment",
}


def enrol_here(qr: str, code: str, desk: str, pin: str) -> int:
    """The exit code: 0 enrolled, 1 not (try again), 2 used wrongly."""
    try:
        if qr:
            invitation = Invitation.scanned(qr)
        elif code and desk:
            invitation = Invitation.typed(code, desk, pin or None)
        else:
            raise CodeError("give the QR code's text by --qr, or --code and --desk")
    except CodeError as error:
        return _say(str(error), 2)
    settings = KioskSettings()
    if (owner := _other_owner(settings.var_dir)) is not None:
        return _say(f"not enrolled: {settings.var_dir} belongs to {owner}; run this command as {owner}", 2)
    keys = key_store()
    files = IdentityFiles(settings.var_dir / "identity", keys)
    try:
        answer = asyncio.run(enrol(files, invitation, inventory(settings, keys), desk_url=desk.rstrip("/") or None))
    except (UntrustedDesk, BadIdentity, KeyMissing) as error:
        return _say(f"not enrolled: {error}", 1)
    except OSError as error:
        return _say(f"not enrolled: the identity cannot be written ({error.strerror})", 1)
    if not isinstance(answer, Identity):
        return _say(f"not enrolled: {_why(answer)}", 1)
    print(f"{answer.kiosk_id} is enrolled until {answer.not_after:%Y-%m-%d} ({keys.kind} key): {answer.site_zh}")
    return 0


def _other_owner(folder: Path) -> str | None:
    """Whose the kiosk's folder is, if not ours: an identity that root has written is one the kiosk cannot read."""
    try:
        uid = folder.stat().st_uid
    except FileNotFoundError:
        return None
    if uid == os.geteuid():
        return None
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"user {uid}"


def inventory(settings: KioskSettings, keys: KeyStore) -> Inventory:
    """What the machine says of itself, as far as it does."""
    devices: list[str] = []
    with contextlib.suppress(OSError, ValueError):
        tables = tomllib.loads(settings.devices_file.read_text("utf-8"))
        devices = [f"{name}: {table.get('driver', '')}"[:300] for name, table in tables.items()]
    return Inventory(
        model=_dmi("product_name"),
        serial_number=_dmi("product_serial"),
        software=metadata.version("menkou"),
        key_kind=keys.kind,
        devices=devices,
    )


def _dmi(name: str) -> str:
    try:
        text = (_DMI / name).read_text("utf-8", "replace").strip()
    except OSError:  # the serial number is root's to read
        return ""
    return "".join(letter for letter in text if letter.isprintable())[:80]


def _why(fault: DeskFault) -> str:
    if isinstance(fault, DeskRefusal):
        return next((why for problem, why in _WHY.items() if problem == fault.code), f"the desk refused ({fault.code})")
    return f"the desk does not answer ({fault.reason})"


def _say(text: str, code: int) -> int:
    print(text, file=sys.stderr)
    return code
