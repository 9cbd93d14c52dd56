"""Webhooks: JSON by POST, signed.

    Menkou-Time: seconds since 1970
    Menkou-Message: the message's id, the same at every attempt
    Menkou-Signature: sha256=HMAC-SHA256(key, time + "." + body), hexadecimal

A receiver checks the signature, refuses times more than five minutes off, and drops ids it knows.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import json
import time
from urllib.parse import urlsplit

import httpx

from backend.alerts.channels.base import Failure, Outgoing
from backend.alerts.settings import AlertsSettings

_ENDS = (404, 410)  # nobody lives there any more


class Webhook:
    def __init__(self, client: httpx.AsyncClient, settings: AlertsSettings) -> None:
        self._client = client
        self._key = settings.webhook_key.get_secret_value().encode()
        self._inside = inside_hosts(settings)
        self._timeout_s = settings.channel_timeout_s

    async def send(self, message: Outgoing) -> Failure | None:
        if not is_allowed(message.address, self._inside):
            return Failure("address", final=True)
        facts = {"message_id": message.message_id, "title": message.title, "text": message.text, **message.facts}
        body = json.dumps(facts, ensure_ascii=False, separators=(",", ":")).encode()
        moment = str(int(time.time()))
        headers = {
            "Content-Type": "application/json",
            "Menkou-Time": moment,
            "Menkou-Message": message.message_id,
            "Menkou-Signature": signature(self._key, moment, body),
        }
        try:
            # The answer's body is nobody's business, and could be endless: it is not read.
            request = self._client.build_request(
                "POST", message.address, content=body, headers=headers, timeout=self._timeout_s
            )
            response = await self._client.send(request, stream=True, follow_redirects=False)
            await response.aclose()
        except httpx.HTTPError as error:
            return Failure(type(error).__name__)
        if response.is_success:
            return None
        return Failure(f"http-{response.status_code}", final=response.status_code in _ENDS)


def signature(key: bytes, moment: str, body: bytes) -> str:
    return "sha256=" + hmac.new(key, moment.encode() + b"." + body, hashlib.sha256).hexdigest()


def inside_hosts(settings: AlertsSettings) -> frozenset[str]:
    return frozenset(name.strip().lower() for name in settings.webhook_private_hosts.split(",") if name.strip())


def is_allowed(address: str, inside: frozenset[str]) -> bool:
    """https to a name outside; anything to a host the operator has named. Staff cannot make the desk call its own
    neighbours."""
    try:
        parts = urlsplit(address)
        host = (parts.hostname or "").lower()
        if parts.scheme not in ("http", "https") or not host or parts.username or parts.password or parts.fragment:
            return False
        if host in inside or f"{host}:{parts.port}" in inside:
            return True
    except ValueError:
        return False
    if parts.scheme != "https" or "." not in host or host.endswith((".local", ".internal", ".localhost")):
        return False
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return True
    return False
