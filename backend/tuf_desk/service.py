"""From signed targets to releases that rollouts can bring to kiosks."""

from __future__ import annotations

from datetime import datetime
from uuid import uuid4

import anyio.to_thread
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from backend.db.engine import Sessions
from backend.releases.models import Release, Rollout
from backend.releases.states import ReleaseKind
from backend.staff.audit import record
from backend.tuf_desk.repository import TufDesk
from content.signing.request import ReleaseToSign
from content.signing.roles import SigningFault


async def take_targets(session: AsyncSession, desk: TufDesk, data: bytes, actor: str, now: datetime) -> list[Release]:
    """Publish what was signed and enter the new releases; commits. May be repeated. Raises SigningFault."""
    fresh = await anyio.to_thread.run_sync(desk.take_targets, data, now)
    entered = []
    for one in fresh:
        known = await session.scalar(
            select(Release).where(Release.kind == ReleaseKind.CONTENT.value, Release.version == one.version)
        )
        if known is None:
            entered.append(await _enter(session, one, actor, now))
        elif known.sha256 != one.sha256:
            raise SigningFault(f"version {one.version} is entered with other content")
    await session.commit()
    await anyio.to_thread.run_sync(desk.entered, fresh)
    return entered


async def _enter(session: AsyncSession, one: ReleaseToSign, actor: str, now: datetime) -> Release:
    release = Release(
        release_id=uuid4().hex,
        kind=ReleaseKind.CONTENT.value,
        version=one.version,
        sha256=one.sha256,
        size=one.size,
        notes=one.notes,
        created_by=actor,
        created_at=now,
    )
    session.add(release)
    await session.flush()
    detail = {"version": one.version, "kind": release.kind, "sha256": one.sha256}
    await record(session, actor, "release.enter", f"release:{release.release_id}", now, detail=detail)
    return release


async def collect(sessions: Sessions, desk: TufDesk, now: datetime) -> int:
    """Remove content that nothing names any more; how many packs and files. Whatever a rollout has ever named stays."""
    async with sessions() as session:
        ordered = await session.scalars(
            select(Release.sha256)
            .join(Rollout, Rollout.release_id == Release.release_id)
            .where(Release.kind == ReleaseKind.CONTENT.value)
            .distinct()
        )
        digests = list(ordered)
    return await anyio.to_thread.run_sync(desk.collect, digests, now)
