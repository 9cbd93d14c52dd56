"""How a kiosk gets its identity, and the next one before it runs out.

The code comes from the desk, by a technician: typed, or in a QR code. How it proves the desk to the kiosk is told in
`contract.enrolment`.
"""

from __future__ import annotations

import ssl
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from backend.contract.enrolment import CodeError, Ticket, parse_code
from backend.contract.fleet_api import Enrolled, EnrolRequest, Inventory, RenewRequest
from kiosk.link.fleet_desk import DeskFault, DeskRefusal, FleetDesk
from kiosk.link.identity_files import BadIdentity, Identity, IdentityFiles
from kiosk.link.tls import UntrustedDesk, fetch_authority, trusting


@dataclass(frozen=True)
class Invitation:
    """What a technician brings. `code` is a secret until it is used: never logged. `pin`: of the QR code or the
    sheet; without it the code itself proves the desk. `kiosk_id`: whom the QR code is for, if there is one."""

    desk_url: str
    code: str = field(repr=False)
    pin: str | None = None
    kiosk_id: str | None = None

    @classmethod
    def scanned(cls, uri: str) -> Invitation:
        """From the QR code's text. Raises CodeError, without the text in it."""
        ticket = Ticket.parse(uri)
        return cls(ticket.url.rstrip("/"), ticket.code, ticket.pin, ticket.kiosk_id)

    @classmethod
    def typed(cls, code: str, desk_url: str, pin: str | None = None) -> Invitation:
        """Raises CodeError."""
        address = urlsplit(desk_url)
        if address.scheme != "https" or not address.hostname:
            raise CodeError("the desk's address begins with https://")
        if pin is not None:
            pin = pin.replace(":", "").replace(" ", "").lower()
            if len(pin) != 64 or not set(pin) <= set("0123456789abcdef"):
                raise CodeError("the authority's fingerprint has 64 hexadecimal digits")
        return cls(f"https://{address.netloc}", parse_code(code), pin)


async def enrol(
    files: IdentityFiles, invitation: Invitation, inventory: Inventory, *, desk_url: str | None = None
) -> Identity | DeskFault:
    """Use the code up for an identity of this kiosk. May be repeated with the same code after any break: the key is
    the same, and the desk answers alike. `desk_url`: where this kiosk reaches the desk, if not where the code says.
    Raises UntrustedDesk or BadIdentity."""
    url = desk_url or invitation.desk_url
    purpose = f"code {invitation.code}"
    if (done := files.made_for(purpose)) is not None:
        return done  # the power went when all was done
    authority = await fetch_authority(url, invitation.code, invitation.pin)
    if not isinstance(authority, str):
        return authority
    attempt = files.attempt(purpose)
    request = EnrolRequest(code=invitation.code, csr_pem=files.keys.request(attempt), inventory=inventory)
    desk = FleetDesk(url, trusting(authority))
    try:
        answer = await desk.enrol(request)
    finally:
        await desk.close()
    if not isinstance(answer, Enrolled):
        return answer
    if not _holds(answer.ca_pem, authority):
        raise BadIdentity("another authority than the code's")
    if invitation.kiosk_id not in (None, answer.kiosk_id):
        raise BadIdentity("another kiosk's certificate")
    return files.accept(attempt, answer, url)


async def renew(files: IdentityFiles, identity: Identity, desk: FleetDesk) -> Identity | DeskFault:
    """The next certificate, for a new key. May be repeated after any break. Raises BadIdentity and keeps the old."""
    attempt = files.attempt(f"renew {identity.folder.name} {identity.not_after.isoformat()}")
    answer = await desk.renew(RenewRequest(csr_pem=files.keys.request(attempt)))
    if not isinstance(answer, Enrolled):
        return answer
    if answer.kiosk_id != identity.kiosk_id:
        raise BadIdentity("another kiosk's certificate")
    return files.accept(attempt, answer, identity.desk_url, renewed=identity)


def _holds(pem: str, authority: str) -> bool:
    wanted = ssl.PEM_cert_to_DER_cert(authority)
    end = "-----END CERTIFICATE-----"
    blocks = [block.strip() + "\n" + end + "\n" for block in pem.split(end) if block.strip()]
    try:
        return any(ssl.PEM_cert_to_DER_cert(block) == wanted for block in blocks)
    except ValueError:
        return False


__all__ = ["BadIdentity", "CodeError", "DeskRefusal", "Invitation", "UntrustedDesk", "enrol", "renew"]
