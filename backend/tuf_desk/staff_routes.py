"""Signing as staff see it: what waits, the request to carry to the keys, and what comes back signed."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, File, HTTPException, Request, Response, UploadFile
from pydantic import BaseModel
from starlette.concurrency import run_in_threadpool

from backend.deps import DbSession
from backend.staff.access import STAFF_API, needs
from backend.staff.audit import record
from backend.staff.roles import Permission, Staff
from backend.tuf_desk.repository import TufDesk
from backend.tuf_desk.service import take_targets
from content.signing.request import ReleaseToSign
from content.signing.roles import MOST_METADATA, SigningFault

router = APIRouter(prefix=f"{STAFF_API}/content-signing", tags=["staff: signed content"])

_MOST = MOST_METADATA + 4096  # bytes: the file and what is around it in a form

Viewer = Annotated[Staff, needs(Permission.VIEW)]
Publisher = Annotated[Staff, needs(Permission.RELEASE)]


class RoleOut(BaseModel):
    version: int
    expires: datetime


class SigningOut(BaseModel):
    root: RoleOut | None
    targets: RoleOut | None
    snapshot: RoleOut | None
    timestamp: RoleOut | None
    releases: list[str]  # versions kiosks may take
    waiting: list[ReleaseToSign]


class EnteredOut(BaseModel):
    releases: list[str]


@router.get("")
async def show(staff: Viewer, request: Request) -> SigningOut:
    """What is signed, until when, and what waits for signatures."""
    state = await run_in_threadpool(_desk(request).state)
    targets = state.targets.signed.targets if state.targets is not None else {}
    return SigningOut(
        root=_role(state.root),
        targets=_role(state.targets),
        snapshot=_role(state.snapshot),
        timestamp=_role(state.timestamp),
        releases=[path.split("/")[1] for path in targets],
        waiting=list(state.waiting),
    )


@router.get("/request")
async def request_file(staff: Publisher, request: Request) -> Response:
    """The file for the keepers of the keys."""
    asked = await run_in_threadpool(_desk(request).request, datetime.now(UTC))
    if not asked.releases:
        raise HTTPException(409, "nothing waits for signatures")
    name = f"menkou-sign-{asked.made_at:%Y%m%d-%H%M}.json"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return Response(asked.to_bytes(), media_type="application/json", headers=headers)


@router.post("/targets", status_code=201, max_body_size=_MOST)
async def signed_targets(
    staff: Publisher, session: DbSession, request: Request, file: Annotated[UploadFile, File()]
) -> EnteredOut:
    """targets.json with its signatures: what it names can be rolled out from now on."""
    data = await file.read()
    try:
        entered = await take_targets(session, _desk(request), data, staff.staff_id, datetime.now(UTC))
    except SigningFault as fault:
        raise HTTPException(422, str(fault)) from None
    return EnteredOut(releases=[release.version for release in entered])


@router.post("/roots", status_code=201, max_body_size=_MOST)
async def signed_root(
    staff: Publisher, session: DbSession, request: Request, file: Annotated[UploadFile, File()]
) -> RoleOut:
    """The next N.root.json; it must be signed by the root in force. The first one is brought on the server itself."""
    data, now = await file.read(), datetime.now(UTC)
    desk = _desk(request)
    try:
        number = await run_in_threadpool(desk.take_root, data, now)
    except SigningFault as fault:
        raise HTTPException(422, str(fault)) from None
    await record(session, staff.staff_id, "content.root", f"root:{number}", now)
    await session.commit()
    shown = _role((await run_in_threadpool(desk.state)).root)
    assert shown is not None  # noqa: S101 - it was taken just now
    return shown


def _desk(request: Request) -> TufDesk:
    desk: TufDesk = request.app.state.tuf
    return desk


def _role(metadata: Any) -> RoleOut | None:
    if metadata is None:
        return None
    return RoleOut(version=metadata.signed.version, expires=metadata.signed.expires)
