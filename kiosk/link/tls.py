"""The first meeting with a desk: whom to trust is known by the enrolment code only (see `contract.enrolment`)."""

from __future__ import annotations

import hashlib
import hmac
import ssl

import httpx
import msgspec

from backend.contract.enrolment import authority_mac, code_sha256, lookup_of
from backend.contract.fleet_api import FLEET_PREFIX, AuthorityReply
from kiosk.link.fleet_desk import DeskFault, DeskSilent, refusal

_TIMEOUT_S = 10.0


class UntrustedDesk(Exception):
    """Whoever answers there is not the desk that made the code."""


async def fetch_authority(url: str, code: str, pin: str | None) -> str | DeskFault:
    """The desk's authority (PEM), proved by its SHA-256 `pin` or, without one, by the code itself. Raises
    UntrustedDesk.

    The connection itself is believed in nothing and tells nothing but the code's look-up name. Every later one is
    checked against the authority found here."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    query = {} if pin else {"code": lookup_of(code)}
    try:
        async with httpx.AsyncClient(verify=context, timeout=_TIMEOUT_S, trust_env=False) as client:
            reply = await client.get(url + FLEET_PREFIX + "/authority", params=query)
    except (httpx.HTTPError, OSError) as error:
        return DeskSilent(type(error).__name__)
    if not reply.is_success:
        return refusal(reply)
    try:
        answer = msgspec.json.decode(reply.content, type=AuthorityReply)
        der = ssl.PEM_cert_to_DER_cert(answer.ca_pem)
    except (msgspec.MsgspecError, ValueError):
        return DeskSilent("invalid reply")
    if pin:
        proved = hmac.compare_digest(hashlib.sha256(der).hexdigest(), pin.lower())
    else:
        proved = hmac.compare_digest(authority_mac(code_sha256(code), der), answer.mac)
    if not proved:
        raise UntrustedDesk("whoever answers there is not the desk that made the code")
    return ssl.DER_cert_to_PEM_cert(der)


def trusting(authority_pem: str) -> ssl.SSLContext:
    """For a connection to the desk before there is a certificate of our own."""
    context = ssl.create_default_context(cadata=authority_pem)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context
