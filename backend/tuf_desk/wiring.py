"""How signed content joins the app."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import structlog
from fastapi import APIRouter, FastAPI

from backend.catalogue import Catalogue
from backend.operations.jobs import Jobs, Lease
from backend.releases.payloads import PayloadStore
from backend.settings import BackendSettings
from backend.tuf_desk.kiosk_routes import router as kiosk_router
from backend.tuf_desk.repository import TufDesk
from backend.tuf_desk.service import collect
from backend.tuf_desk.staff_routes import router as staff_router
from content.load import Pack, load_pack
from content.pack_format import PackError

log = structlog.get_logger()

ROUTERS: tuple[APIRouter, ...] = (kiosk_router, staff_router)
RENEW_S = 600.0
COLLECT_S = 6 * 3600.0
LOOK_S = 5.0


def open_desk(settings: BackendSettings) -> TufDesk:
    return TufDesk(settings.var_dir / "tuf", PayloadStore(settings.var_dir / "releases"))


@asynccontextmanager
async def opened(app: FastAPI, settings: BackendSettings, jobs: Jobs) -> AsyncIterator[None]:
    """`app.state.tuf` holds the signed metadata; a job says in time that it is still the newest."""
    desk = app.state.tuf = open_desk(settings)

    async def renew(_lease: Lease) -> None:
        if await asyncio.to_thread(desk.renew, datetime.now(UTC)):
            log.info("content_timestamp_renewed")

    async def tidy(_lease: Lease) -> None:
        if gone := await collect(app.state.sessions, desk, datetime.now(UTC)):
            log.info("content_collected", removed=gone)

    jobs.add("content-timestamp", RENEW_S, renew)
    jobs.add("content-collect", COLLECT_S, tidy, lease_s=600)
    catalogue: Catalogue = app.state.catalogue
    watcher = Watcher(desk, catalogue, timedelta(days=settings.content_keep_days))
    await watcher.look()
    watching = asyncio.create_task(watcher.run(), name="content-watch")
    try:
        yield
    finally:
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)


class Watcher:
    """Every process answers with what was signed last, a few seconds after it was."""

    def __init__(
        self,
        desk: TufDesk,
        catalogue: Catalogue,
        keep: timedelta,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """`keep`: how long a pack is answered for after a newer one."""
        self._desk = desk
        self._catalogue = catalogue
        self._keep = keep
        self._clock = clock
        self._seen: list[Path] | None = None

    async def run(self) -> None:
        while True:
            await asyncio.sleep(LOOK_S)
            try:
                await self.look()
            except Exception as error:  # noqa: BLE001 - what is served stays; looked at again
                log.error("content_watch_failed", error=type(error).__name__)

    async def look(self) -> None:
        """Takes the packs if they are others than before. A damaged one is left out and said."""
        seen = await asyncio.to_thread(self._desk.serving, self._clock(), self._keep)
        if seen == (self._seen or []):
            return
        packs = await asyncio.to_thread(_load, seen)
        self._seen = seen
        self._catalogue.use(packs)
        log.info("content_served", version=self._catalogue.version, packs=len(packs))


def _load(folders: list[Path]) -> list[Pack]:
    packs = []
    for folder in folders:
        try:
            packs.append(load_pack(folder))
        except PackError as error:
            log.error("content_pack_unusable", pack=folder.name[:16], error=type(error).__name__)
    return packs
