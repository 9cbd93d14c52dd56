"""Simulated kiosks get their certificates as real ones do: a one-time code, a key of their own, a request."""

from __future__ import annotations

import asyncio
import hashlib
import random
import ssl
import time
from collections.abc import Sequence
from pathlib import Path

import msgspec

from backend.contract.enrolment import CodeError, Ticket
from backend.contract.fleet_api import Enrolled, EnrolRequest, Inventory
from provisioning.simulator.identities import Identity, new_key
from provisioning.simulator.life import World
from provisioning.simulator.wire import Reply, Target, Tls, Wire, WireError, connect

_KEEP_EVERY = 50  # identities of one write
_TRIES = 8


def read_tickets(file: Path) -> list[Ticket]:
    """One `menkou://enrol?…` a line, as `menkou fleet codes` writes them. Raises ValueError, naming the line only."""
    tickets = []
    for number, line in enumerate(file.read_text().splitlines(), 1):
        if line.strip():
            try:
                tickets.append(Ticket.parse(line))
            except CodeError as error:
                raise ValueError(f"{file}, line {number}: {error}") from None
    return tickets


async def fetch_authority(target: Target, pin: str) -> str:
    """Whom to trust as the desk, compared with the pin of the tickets. Raises WireError."""
    wire = await connect(target, Tls(None) if target.tls else None)
    try:
        reply = await wire.ask(_request(target, "GET", "/authority"))
    finally:
        wire.close()
    if reply.status != 200:
        raise WireError("authority", f"status {reply.status}")
    pem = _pem_of(reply)
    if hashlib.sha256(ssl.PEM_cert_to_DER_cert(pem)).hexdigest() != pin:
        raise WireError("authority", "another certificate than the tickets name")
    return pem


async def enrol(world: World, tickets: Sequence[Ticket], connections: int = 4) -> int:
    """How many now have a certificate. Why others have none is in the figures ("enrol:…")."""
    waiting = list(reversed(tickets))
    made: list[Identity] = []
    done = 0

    def keep() -> None:
        if world.identities is not None:
            world.identities.put(made)
        made.clear()

    async def one_after_the_other() -> None:
        nonlocal done
        wire: Wire | None = None
        while waiting:
            ticket = waiting.pop()
            for attempt in range(_TRIES):
                try:
                    if wire is None or not wire.open:
                        wire = await connect(world.target, world.tls, source=world.next_source())
                    identity, wait_s = await _enrol(world, wire, ticket)
                except WireError as error:
                    world.figures.counts[f"enrol:{error.kind}"] += 1
                    identity, wait_s = None, 0.5 * 2**attempt
                if identity is not None:
                    made.append(identity)
                    done += 1
                if wait_s is None:
                    break
                await asyncio.sleep(wait_s * random.uniform(1, 1.5))  # noqa: S311 - no secret
            if len(made) >= _KEEP_EVERY:
                keep()
        if wire is not None:
            wire.close()

    try:
        await asyncio.gather(*(one_after_the_other() for _ in range(connections)))
    finally:
        keep()
    return done


async def _enrol(world: World, wire: Wire, ticket: Ticket) -> tuple[Identity | None, float | None]:
    """The identity, and how long to wait before trying again (None: not at all)."""
    key_pem, csr_pem = new_key()
    request = EnrolRequest(
        code=ticket.code,
        csr_pem=csr_pem,
        inventory=Inventory(software="0.1.0"),
    )
    began = time.monotonic()
    reply = await wire.ask(_request(world.target, "POST", "/enrol", msgspec.json.encode(request)), 60)
    world.figures.time("enrol", time.monotonic() - began)
    if reply.status == 200:
        enrolled = msgspec.json.decode(reply.body, type=Enrolled)
        if enrolled.kiosk_id != ticket.kiosk_id:
            world.wrong(ticket.kiosk_id, "enrolled as another kiosk")
        world.figures.counts["enrolled"] += 1
        return Identity(enrolled.kiosk_id, key_pem, enrolled.certificate_pem, enrolled.epoch), None
    world.figures.counts[f"enrol:{reply.status}"] += 1
    if reply.status in (429, 503):
        return None, reply.retry_after_s or 1.0
    return None, None


def _request(target: Target, method: str, path: str, body: bytes = b"") -> bytes:
    from backend.contract.fleet_api import FLEET_PREFIX

    head = f"{method} {FLEET_PREFIX}{path} HTTP/1.1\r\nHost: {target.host}:{target.port}\r\n"
    if body:
        head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n"
    return head.encode() + b"\r\n" + body


def _pem_of(reply: Reply) -> str:
    """The authority's certificate, as PEM or in a JSON field."""
    text = reply.body.decode()
    if text.startswith("-----BEGIN"):
        return text
    fields = msgspec.json.decode(reply.body)
    for name in ("ca_pem", "certificate_pem", "authority_pem"):
        if name in fields:
            return str(fields[name])
    raise WireError("authority", "no certificate in the answer")
