"""From what is published to a pack that waits for signatures. One job does it, in one process at a time."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import anyio.to_thread
import structlog
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from backend.db.engine import Sessions, writing
from backend.editor.check import Rules
from backend.editor.drafts import publish
from backend.editor.models import ContentDraft, ContentItem, ContentRelease, ContentVersion, DraftState, ReleaseState
from backend.operations.jobs import Lease
from backend.staff.errors import StaffError
from backend.tuf_desk.repository import TufDesk
from content.build import ContentError, build
from content.lint.fault import Fault
from content.load import PackError
from content.signing.roles import SigningFault

log = structlog.get_logger()

_FAULTS = 50  # told of a pack that could not be built
_CHUNK = 500


async def publish_now(
    session: AsyncSession, actor: str, drafts: list[ContentDraft], notes: str, at: datetime
) -> ContentRelease:
    """Approved drafts come into force, and a pack with them is asked for. The caller commits and wakes the job."""
    done = await publish(session, actor, drafts, at)
    release = ContentRelease(
        release_id=uuid4().hex,
        state=ReleaseState.WAITING.value,
        items=[[item, number] for item, number in done],
        notes=notes.strip()[:300],
        faults=[],
        requested_by=actor,
        requested_at=at,
    )
    session.add(release)
    await session.flush()
    return release


class Packer:
    """Publishes what is due, then builds one pack for all that waits. `folder`: its own, below the var dir."""

    def __init__(self, sessions: Sessions, rules: Rules, desk: TufDesk, folder: Path, icons: set[str] | None) -> None:
        self._sessions, self._rules, self._desk = sessions, rules, desk
        self._folder, self._icons = folder, icons

    async def run(self, _lease: Lease | None = None) -> None:
        now = datetime.now(UTC)
        await self._publish_due(now)
        async with self._sessions() as session:
            waiting = list(
                await session.scalars(
                    select(ContentRelease)
                    .where(ContentRelease.state == ReleaseState.WAITING.value)
                    .order_by(ContentRelease.requested_at)
                )
            )
            if not waiting:
                return
            bodies = await _published(session)
        notes = "；".join(dict.fromkeys(one.notes for one in waiting if one.notes))[:300]
        version, faults = "", []
        try:
            version = await anyio.to_thread.run_sync(self._build, bodies, notes)
        except ContentError as error:
            faults = [_told(one) for one in error.faults[:_FAULTS]]
        except (SigningFault, PackError) as error:
            faults = [[str(error), str(error)]]
        async with writing(self._sessions) as session:
            for one in waiting:
                row = await session.get_one(ContentRelease, one.release_id)
                row.state = (ReleaseState.FAILED if faults else ReleaseState.BUILT).value
                row.version, row.faults, row.finished_at = version, faults, datetime.now(UTC)
            await session.commit()
        log.info("content_pack", version=version, items=len(bodies), faults=len(faults))

    async def _publish_due(self, now: datetime) -> None:
        async with self._sessions() as session:
            due = list(
                await session.scalars(
                    select(ContentDraft.draft_id).where(
                        ContentDraft.state == DraftState.APPROVED.value, ContentDraft.scheduled_at <= now
                    )
                )
            )
        for draft_id in due:
            async with writing(self._sessions) as session:
                draft = await session.get_one(ContentDraft, draft_id)
                try:
                    await publish_now(session, "system", [draft], draft.note, now)
                except StaffError as refusal:
                    # Something else was published meanwhile: people decide, and see why on its page.
                    await session.rollback()
                    draft = await session.get_one(ContentDraft, draft_id)
                    draft.scheduled_at, draft.answer = None, f"{refusal.zh} {refusal.en}"[:300]
                await session.commit()

    def _build(self, bodies: list[tuple[str, bool, str]], notes: str) -> str:
        """Blocking. The pack's version."""
        catalogue = self._folder / "catalogue"
        self._lay_out(catalogue, bodies)
        pack = build(catalogue, self._folder / "pack", icons=self._icons)
        self._desk.import_pack(self._folder / "pack", notes)
        return pack.version

    def _lay_out(self, catalogue: Path, bodies: list[tuple[str, bool, str]]) -> None:
        """The store's bodies beside a copy of everything else."""
        source = self._rules.catalogue
        wanted: set[Path] = set()
        for name, package, body in bodies:
            file = catalogue / ("packages" if package else "services") / f"{name}.json"
            _put(file, body.encode())
            wanted.add(file)
        for folder, out in (
            (source, catalogue),
            (source.parent / "templates", catalogue.parent / "templates"),
            (source.parent / "media", catalogue.parent / "media"),
        ):
            for file in _plain_files(folder):
                relative = file.relative_to(folder)
                if folder == source and relative.parts[0] in ("services", "packages"):
                    continue
                _put(out / relative, file.read_bytes())
                wanted.add(out / relative)
        for folder in (catalogue, catalogue.parent / "templates", catalogue.parent / "media"):
            for file in list(_plain_files(folder)):
                if file not in wanted:
                    file.unlink()


async def _published(session: AsyncSession) -> list[tuple[str, bool, str]]:
    """(item, is it a package, body) of every version in force."""
    rows = await session.stream(
        select(ContentItem.item_id, ContentItem.package, ContentVersion.body)
        .join(
            ContentVersion,
            (ContentVersion.item_id == ContentItem.item_id) & (ContentVersion.number == ContentItem.published),
        )
        .execution_options(yield_per=_CHUNK)
    )
    return [(item, package, body) async for item, package, body in rows]


def _told(fault: Fault) -> list[str]:
    return [
        f"{fault.file.stem} {fault.place}：{fault.message.zh}",
        f"{fault.file.stem} {fault.place}: {fault.message.en}",
    ]


def _put(file: Path, data: bytes) -> None:
    if file.exists() and file.read_bytes() == data:
        return
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(data)


def _plain_files(folder: Path) -> Iterator[Path]:
    return (path for path in folder.rglob("*") if path.is_file() and not path.name.startswith("."))
