"""What a kiosk asks about its identity: the authority, enrolment, renewal. See contract/fleet_api.py."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TypeVar

import msgspec
from fastapi import APIRouter, Request, Response
from sqlalchemy import select
from starlette.concurrency import run_in_threadpool

from backend.contract import enrolment
from backend.contract.fleet_api import (
    FLEET_PREFIX,
    AuthorityReply,
    Enrolled,
    EnrolRequest,
    FleetProblem,
    RenewRequest,
)
from backend.db.engine import Sessions, writing
from backend.fleet.identity import certificates
from backend.fleet.identity.authority import Authority
from backend.fleet.identity.enrolment import enrol
from backend.fleet.identity.guesses import Guesses
from backend.fleet.identity.models import EnrolmentCode
from backend.fleet.identity.peer import peer_of
from backend.fleet.settings import FleetSettings
from backend.fleet.wire import FleetRefused, answer

router = APIRouter(prefix=FLEET_PREFIX, tags=["fleet"])

MAX_BODY = 32 * 1024  # bytes; an inventory and a request
_Struct = TypeVar("_Struct", bound=msgspec.Struct)


@router.get("/authority")
async def show_authority(request: Request, code: str = "") -> Response:
    """Whom to trust as the desk, before anything is trusted. The kiosk checks it: by the pin of the QR code, or, given
    the look-up name of a typed code, by the proof that only who knows the code can make."""
    authority: Authority = request.app.state.authority
    mac = ""
    if code:
        sessions: Sessions = request.app.state.sessions
        async with sessions() as session:
            known = await session.scalar(
                select(EnrolmentCode.code_sha256).where(
                    EnrolmentCode.lookup == code[:32],
                    EnrolmentCode.voided_at.is_(None),
                    EnrolmentCode.expires_at > datetime.now(UTC),
                )
            )
        if known is None:
            raise FleetRefused(FleetProblem.CODE_INVALID, "unknown, used or expired")
        mac = enrolment.authority_mac(known, authority.desk_ca_der)
    return _json(AuthorityReply(ca_pem=authority.desk_ca_pem, sha256=authority.pin, mac=mac))


@router.post("/enrol")
async def enrol_kiosk(request: Request) -> Response:
    """A one-time code and a request become a certificate."""
    enrolled = await _enrol(request, await _body(request, EnrolRequest))
    root = await run_in_threadpool(request.app.state.tuf.newest_root)
    return _json(msgspec.structs.replace(enrolled, content_root=root.decode() if root is not None else ""))


@router.post("/renew")
async def renew_certificate(request: Request) -> Response:
    """The next certificate, for who still has one in force."""
    peer = peer_of(request.scope)
    if peer is None:
        raise FleetRefused(FleetProblem.NO_CERTIFICATE, "a client certificate of this desk is needed")
    asked = await _body(request, RenewRequest)
    authority: Authority = request.app.state.authority
    fleet: FleetSettings = request.app.state.fleet
    async with writing(request.app.state.sessions) as session:
        reply = await certificates.renew(session, authority, fleet, peer, asked, datetime.now(UTC))
        await session.commit()
    return _json(reply)


async def _enrol(request: Request, asked: EnrolRequest) -> Enrolled:
    guesses: Guesses = request.app.state.guesses
    authority: Authority = request.app.state.authority
    fleet: FleetSettings = request.app.state.fleet
    try:
        code = enrolment.parse_code(asked.code)
    except enrolment.CodeError as error:
        raise FleetRefused(FleetProblem.CODE_INVALID, str(error)) from None
    # A look before the write lock is taken: strangers must not hold up the writers. And before their guesses are
    # held against anybody: who has an open code is no stranger.
    async with request.app.state.sessions() as session:
        known = await session.get(EnrolmentCode, enrolment.code_sha256(code))
    is_open = known is not None and known.voided_at is None and datetime.now(UTC) < known.expires_at
    if wait_s := guesses.wait_s(code, is_open=is_open):
        raise FleetRefused(FleetProblem.BUSY, "too many wrong codes", retry_after_s=wait_s)
    try:
        if not is_open:
            raise FleetRefused(FleetProblem.CODE_INVALID, "unknown, used or expired")
        await run_in_threadpool(certificates.key_of, asked.csr_pem)
        async with writing(request.app.state.sessions) as session:
            reply = await enrol(session, authority, fleet, asked, peer_of(request.scope), datetime.now(UTC))
            await session.commit()
        return reply
    except FleetRefused:
        guesses.wrong(code, is_open=is_open)
        raise


async def _body(request: Request, kind: type[_Struct]) -> _Struct:
    """Anybody may send something here, so at most so much is read. Raises FleetRefused."""
    raw = bytearray()
    async for chunk in request.stream():
        raw += chunk
        if len(raw) > MAX_BODY:
            raise FleetRefused(FleetProblem.TOO_LARGE, f"at most {MAX_BODY} bytes")
    try:
        return msgspec.json.decode(raw, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise FleetRefused(FleetProblem.INVALID, f"not a {kind.__name__}") from None


def _json(value: msgspec.Struct) -> Response:
    return answer(value, headers={"Cache-Control": "no-store"})
