"""Keeping scans until their case takes them."""

from __future__ import annotations

import asyncio
import hashlib
import secrets
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import structlog
from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from backend.contract.service_api import ScanKept, ServiceProblem
from backend.db.engine import Sessions, writing
from backend.db.locks import hold
from backend.operations.jobs import Lease
from backend.problems import Refused
from backend.scans.files import ScanFiles
from backend.scans.models import Scan, ScanKind
from backend.scans.pictures import NoPicture, Picture, look_at

log = structlog.get_logger()

_PURGED_AT_ONCE = 200
# Not the loop's own threads: pictures that take long must hold up nothing but other pictures.
_LOOKERS = ThreadPoolExecutor(max_workers=2, thread_name_prefix="pictures")


class ScanService:
    def __init__(
        self,
        sessions: Sessions,
        files: ScanFiles,
        *,
        keep: timedelta,
        most: int,
        floor: int = 0,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """`keep`: how long a scan waits for its case; `most`: waiting scans of one kiosk; `floor`: bytes
        of the disk that are not ours to fill."""
        self._sessions = sessions
        self._files = files
        self._keep = keep
        self._most = most
        self._floor = floor
        self._clock = clock

    async def add(self, kiosk_id: str, picture: bytes) -> ScanKept:
        """Refused: scan-invalid."""
        async with self._sessions() as session:
            await self._count(session, kiosk_id)
        scan = await self.store(kiosk_id, picture, ScanKind.PAGE)
        try:
            async with writing(self._sessions) as session:
                await hold(session, "scans", kiosk_id)  # several at once count one another
                await self._count(session, kiosk_id)
                session.add(scan)
                await session.commit()
        except Refused:
            await asyncio.to_thread(self.forget, [scan.id])
            raise
        # Whatever else goes wrong, a COMMIT may have arrived: the sweep finds the files of no row.
        log.info("scan_kept", kiosk=kiosk_id, bytes=scan.size, width=scan.width, height=scan.height)
        return ScanKept(scan_id=scan.id, width=scan.width, height=scan.height)

    async def _count(self, session: AsyncSession, kiosk_id: str) -> None:
        waiting = select(func.count()).select_from(Scan).where(Scan.kiosk_id == kiosk_id, Scan.case_no.is_(None))
        if (await session.scalar(waiting) or 0) >= self._most:
            log.warning("scans_too_many", kiosk=kiosk_id)
            raise Refused(ServiceProblem.SCAN_INVALID, "too many are waiting")

    async def store(self, kiosk_id: str, picture: bytes, kind: ScanKind) -> Scan:
        """The picture on disk and its row, not yet in the database. Refused: scan-invalid, also for want of room."""
        if await asyncio.to_thread(self._files.room) < self._floor + len(picture):
            log.error("scans_no_room", kiosk=kiosk_id)
            raise Refused(ServiceProblem.SCAN_INVALID, "no room")
        try:
            seen: Picture = await asyncio.get_running_loop().run_in_executor(_LOOKERS, look_at, picture)
        except NoPicture as fault:
            log.info("scan_refused", kiosk=kiosk_id, bytes=len(picture), reason=str(fault))
            raise Refused(ServiceProblem.SCAN_INVALID, str(fault)) from None
        scan = Scan(
            id=secrets.token_urlsafe(18),
            kiosk_id=kiosk_id,
            kind=kind.value,
            media_type=seen.media_type,
            width=seen.width,
            height=seen.height,
            size=len(picture),
            sha256=hashlib.sha256(picture).hexdigest(),
            created_at=self._clock(),
        )
        await asyncio.to_thread(self._files.write, scan.id, picture)
        return scan

    def forget(self, scan_ids: Iterable[str]) -> None:
        for scan_id in scan_ids:
            self._files.remove(scan_id)

    async def purge(self, lease: Lease | None = None) -> None:
        """Throw away what no case took in time, and files that no row knows."""
        before = self._clock() - self._keep
        while True:
            async with writing(self._sessions) as session:
                old = list(
                    await session.scalars(
                        select(Scan.id)
                        .where(Scan.case_no.is_(None), Scan.created_at < before)
                        .limit(_PURGED_AT_ONCE)
                        .with_for_update(skip_locked=True)
                    )
                )
                await session.execute(delete(Scan).where(Scan.id.in_(old), Scan.case_no.is_(None)))
                await session.commit()
            await asyncio.to_thread(self.forget, old)
            if old:
                log.info("scans_thrown_away", scans=len(old))
            if len(old) < _PURGED_AT_ONCE:
                break
        await self._sweep()

    async def _sweep(self) -> None:
        """Files of a row that was never committed. A database that knows no scan at all proves nothing: it may be the
        wrong one."""
        candidates = await asyncio.to_thread(lambda: list(self._files.settled()))
        if not candidates:
            return
        async with self._sessions() as session:
            if await session.scalar(select(Scan.id).limit(1)) is None:
                return
            for begin in range(0, len(candidates), 500):
                some = candidates[begin : begin + 500]
                known = set(await session.scalars(select(Scan.id).where(Scan.id.in_([name for _, name in some]))))
                for path, name in some:
                    if name not in known:
                        await asyncio.to_thread(path.unlink, missing_ok=True)


async def take(session: AsyncSession, kiosk_id: str, case_no: str, material_id: str, scan_ids: Iterable[str]) -> None:
    """These pages belong to the case now. Refused(FORM_INVALID) for a page that is not this kiosk's, has been thrown
    away, or belongs to another case. The caller commits."""
    for page, scan_id in enumerate(scan_ids, 1):
        taken = await session.execute(
            update(Scan)
            .where(
                Scan.id == scan_id,
                Scan.kiosk_id == kiosk_id,
                Scan.kind == ScanKind.PAGE.value,
                Scan.case_no.is_(None),
            )
            .values(case_no=case_no, material_id=material_id, page=page)
            .execution_options(synchronize_session=False)
        )
        if taken.rowcount != 1:  # type: ignore[attr-defined]
            raise Refused(ServiceProblem.FORM_INVALID, f"material:{material_id}")
