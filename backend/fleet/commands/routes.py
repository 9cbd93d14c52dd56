"""Commands over HTTP: staff give, list and take back; the kiosk answers. The long poll and the files' way in are
`wait` and `upload`, before the framework."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, HTTPException, Query, Request, Response
from fastapi.responses import FileResponse
from pydantic import BaseModel, Field
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from backend.contract.fleet_api import FLEET_PREFIX, CommandAck, CommandKind, FleetProblem
from backend.db.engine import writing
from backend.deps import DbSession
from backend.fleet.commands import service
from backend.fleet.commands.artifacts import ArtifactStore
from backend.fleet.commands.kinds import WITH_FILE, CommandError, permission_of
from backend.fleet.commands.leases import AckRefused, ack
from backend.fleet.commands.models import Artifact, Command
from backend.fleet.health import Health
from backend.fleet.heartbeat.caller import Stranger, caller
from backend.fleet.wire import STATUS
from backend.staff import audit
from backend.staff.access import STAFF_API, in_region, needs, visible_kiosk
from backend.staff.roles import Permission, Staff

router = APIRouter(tags=["commands"])
kiosks = APIRouter(prefix=FLEET_PREFIX, tags=["fleet"])

_ERRORS = {"arguments": 422, "four-eyes": 409, "not-enrolled": 409, "too-many": 429, "finished": 409}
_KEPT_NAMES = {CommandKind.LOG_BUNDLE: "logs.zip", CommandKind.SCREENSHOT: "screen.png"}


class NewCommand(BaseModel):
    kind: CommandKind
    arguments: dict[str, Any] = {}
    urgent: bool = False
    stands_for_s: int | None = Field(default=None, ge=30, le=7 * 86400)
    reason: str = Field(default="", max_length=300)  # a wipe needs one

    @property
    def stands_for(self) -> timedelta | None:
        return timedelta(seconds=self.stands_for_s) if self.stands_for_s else None


class NewBatch(NewCommand):
    region_code: str = Field(pattern=r"^\d{12}$")
    health: list[Health] = Field(default=[], max_length=len(Health))
    kiosk_ids: list[Annotated[str, Field(max_length=60, pattern=r"^[A-Za-z0-9._-]+$")]] = Field(
        default=[], max_length=2000
    )


class CommandOut(BaseModel):
    command_id: str
    kiosk_id: str
    batch_id: str
    kind: str
    arguments: dict[str, Any]
    urgent: bool
    state: str
    created_at: datetime
    created_by: str
    expires_at: datetime
    leases: int
    finished_at: datetime | None
    code: str
    result: dict[str, Any]
    late: dict[str, Any] | None
    file: bool

    @staticmethod
    def of(command: Command, has_file: bool = False) -> CommandOut:
        shown = {name: getattr(command, name) for name in CommandOut.model_fields if name != "file"}
        return CommandOut(**shown, file=has_file)


class Given(BaseModel):
    """`approval_id`: a wipe waits for its second pair of eyes."""

    command: CommandOut | None = None
    approval_id: str | None = None


class BatchOut(BaseModel):
    batch_id: str
    kiosks: int


class Cancelled(BaseModel):
    certainly: bool  # False: it was handed out already and may run all the same


@router.post(f"{STAFF_API}/kiosks/{{kiosk_id}}/commands", status_code=201)
async def give(
    kiosk_id: str, new: NewCommand, staff: Annotated[Staff, needs(Permission.OPERATE)], session: DbSession
) -> Given:
    """Give one kiosk a command; a wipe is asked for and waits until another person agrees."""
    at = datetime.now(UTC)
    kiosk = await visible_kiosk(session, staff, permission_of(new.kind), kiosk_id)
    try:
        if new.kind is CommandKind.WIPE:
            if not new.reason.strip():
                raise CommandError("arguments", "reason: missing")
            approval = await service.request_wipe(session, staff, kiosk, new.reason, at)
            given = Given(approval_id=approval.approval_id)
        else:
            command = await service.create(
                session, staff, kiosk, new.kind, new.arguments, urgent=new.urgent, at=at, stands_for=new.stands_for
            )
            given = Given(command=CommandOut.of(command))
    except CommandError as error:
        raise _refusal(error) from None
    await session.commit()
    return given


@router.post(f"{STAFF_API}/commands", status_code=201)
async def give_many(
    new: NewBatch, staff: Annotated[Staff, needs(Permission.OPERATE)], session: DbSession, request: Request
) -> BatchOut:
    """Give the same command to all enrolled kiosks of a region, or to some of them."""
    in_region(staff, permission_of(new.kind), new.region_code)
    try:
        batch_id, count = await service.create_for_region(
            session,
            staff,
            new.region_code,
            new.kind,
            new.arguments,
            health=[health.value for health in new.health],
            kiosk_ids=new.kiosk_ids,
            urgent=new.urgent,
            at=datetime.now(UTC),
            stands_for=new.stands_for,
        )
    except CommandError as error:
        raise _refusal(error) from None
    await session.commit()
    request.app.state.jobs.wake("commands")
    return BatchOut(batch_id=batch_id, kiosks=count)


@router.get(f"{STAFF_API}/kiosks/{{kiosk_id}}/commands")
async def listed(
    kiosk_id: str,
    staff: Annotated[Staff, needs(Permission.VIEW)],
    session: DbSession,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> list[CommandOut]:
    """The newest first."""
    await visible_kiosk(session, staff, Permission.VIEW, kiosk_id)
    commands = await service.recent(session, kiosk_id, limit)
    with_files = set(
        (
            await session.scalars(
                select(Artifact.command_id).where(Artifact.command_id.in_([one.command_id for one in commands]))
            )
        ).all()
    )
    return [CommandOut.of(command, command.command_id in with_files) for command in commands]


@router.post(f"{STAFF_API}/commands/{{command_id}}/cancel")
async def cancel(command_id: str, staff: Annotated[Staff, needs(Permission.OPERATE)], session: DbSession) -> Cancelled:
    """Take an unfinished command back."""
    command = await _visible_command(session, staff, command_id)
    await visible_kiosk(session, staff, permission_of(CommandKind(command.kind)), command.kiosk_id)
    try:
        certainly = await service.cancel(session, staff, command, datetime.now(UTC))
    except CommandError as error:
        raise _refusal(error) from None
    await session.commit()
    return Cancelled(certainly=certainly)


@router.get(f"{STAFF_API}/commands/{{command_id}}/file", response_class=FileResponse)
async def download(
    command_id: str, staff: Annotated[Staff, needs(Permission.OPERATE)], request: Request
) -> FileResponse:
    """The log bundle or screenshot; every download is in the audit log."""
    at = datetime.now(UTC)
    store: ArtifactStore = request.app.state.artifacts
    async with request.app.state.sessions() as session:
        await _visible_command(session, staff, command_id)
        artifact = await session.scalar(select(Artifact).where(Artifact.command_id == command_id))
        if artifact is None or not store.path(artifact.artifact_id).is_file():
            raise HTTPException(404, "no such file")
        await visible_kiosk(session, staff, Permission.OPERATE, artifact.kiosk_id)
    async with writing(request.app.state.sessions) as session:
        await audit.record(
            session,
            staff.staff_id,
            "command.file.download",
            f"kiosk:{artifact.kiosk_id}",
            at,
            region_code=artifact.region_code,
            detail={"command": command_id, "kind": artifact.kind, "sha256": artifact.sha256},
        )
        await session.commit()
    kind = CommandKind(artifact.kind)
    return FileResponse(
        store.path(artifact.artifact_id),
        media_type=WITH_FILE[kind],
        filename=f"{artifact.kiosk_id}-{artifact.created_at:%Y%m%d-%H%M%S}-{_KEPT_NAMES[kind]}",
        headers={
            "X-Content-Type-Options": "nosniff",
            "Cache-Control": "no-store",
            "Content-Security-Policy": "default-src 'none'; sandbox",
        },
    )


@kiosks.post("/commands/{command_id}/ack", status_code=204)
async def answer(command_id: str, request: Request, session: DbSession) -> Response:
    """A kiosk's terminal answer; the body is a CommandAck."""
    body = await request.body()
    at = datetime.now(UTC)
    try:
        given = _ACK.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return _problem(FleetProblem.INVALID, "not a CommandAck")
    if "\x00" in command_id or len(command_id) > 100:
        return _problem(FleetProblem.NOT_FOUND, "no such command")
    try:
        kiosk_id = await caller(session, request.scope)
        await ack(session, kiosk_id, command_id, given, at)
    except Stranger as stranger:
        return _problem(stranger.code, stranger.detail)
    except AckRefused as refused:
        await session.commit()
        return _problem(refused.code, refused.detail)
    await session.commit()
    return Response(status_code=204)


_ACK = msgspec.json.Decoder(CommandAck)


def _problem(code: FleetProblem, detail: str) -> Response:
    body = msgspec.json.encode({"code": code.value, "detail": detail})
    return Response(body, STATUS[code], media_type="application/json")


def _refusal(error: CommandError) -> HTTPException:
    return HTTPException(_ERRORS[error.code], f"{error.code}: {error}")


async def _visible_command(session: AsyncSession, staff: Staff, command_id: str) -> Command:
    command = None if "\x00" in command_id else await session.get(Command, command_id)
    if command is None or not staff.may(Permission.VIEW, command.region_code):
        raise HTTPException(404, "no such command")
    return command
