"""The kiosk of the stack becomes somebody: what `menkou kiosk enrol` does, without starting a program for it."""

from __future__ import annotations

from pathlib import Path

from provisioning.process import ChildFailed


def enrolled(kiosk_dir: Path) -> bool:
    """It has been; whether the desk still knows it is the desk's to say."""
    return any((kiosk_dir / "identity").glob("[0-9]*/kiosk.json"))


async def enrol_kiosk(kiosk_dir: Path, ticket_file: Path, desk_url: str) -> None:
    """Through the cable. Raises ChildFailed."""
    # They take a third of a second to load, and are needed at the first start only.
    from backend.contract.fleet_api import Inventory
    from kiosk.link.enrolment import BadIdentity, Invitation, UntrustedDesk, enrol
    from kiosk.link.identity_files import Identity, IdentityFiles
    from kiosk.link.key_store import key_store

    files = IdentityFiles(kiosk_dir / "identity", key_store())
    invitation = Invitation.scanned(_read(ticket_file))
    try:
        answer = await enrol(files, invitation, Inventory(model="Menkou"), desk_url=desk_url)
    except (UntrustedDesk, BadIdentity) as error:
        raise ChildFailed(f"The kiosk could not be enrolled: {error}") from None
    if not isinstance(answer, Identity):
        raise ChildFailed(f"The kiosk could not be enrolled: {answer}")
    ticket_file.unlink()  # noqa: ASYNC240 - one file, once


def _read(path: Path) -> str:
    return path.read_text("ascii")
