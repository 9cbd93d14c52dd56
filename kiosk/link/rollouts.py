"""Taking a new version: fetch, wait for the night and for the resident to leave, install, look whether it runs."""

from __future__ import annotations

import asyncio
import random
import shutil
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

import msgspec
import structlog

from backend.contract.fleet_api import RolloutOrder, RolloutProgress, RolloutReport
from kiosk.link.desk_clock import DeskClock
from kiosk.link.download import download
from kiosk.link.fleet_desk import DeskFault, DeskRefusal, FleetDesk
from kiosk.link.fleet_store import FleetStore
from kiosk.link.installer import Installer, InstallFailed, Way
from kiosk.link.terminal_port import TerminalPort

log = structlog.get_logger()

_FACT = "rollout"
_LOOK_S = 1.0
_SPARE = 256 * 1024 * 1024  # bytes of the disk that a payload must leave
_FINAL = ("failed", "running")


class _Known(msgspec.Struct):
    """What became of the last order."""

    rollout_id: str
    restore: bool
    stage: str
    detail: str
    version: str  # that runs
    told: bool


class Rollouts:
    """`want` is called with every answer of the desk. `changed()`: the progress is another one now."""

    def __init__(
        self,
        installers: Mapping[str, Installer],
        store: FleetStore,
        terminal: TerminalPort,
        clock: DeskClock,
        desk: Callable[[], FleetDesk],
        folder: Path,
        *,
        changed: Callable[[], None] = lambda: None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._installers = installers
        self._store = store
        self._terminal = terminal
        self._clock = clock
        self._desk = desk
        self._folder = folder
        self._changed = changed
        self._sleep = sleep
        self._known: _Known | None = None
        self._order: RolloutOrder | None = None
        self._task: asyncio.Task[None] | None = None
        self._switching = False

    @property
    def progress(self) -> RolloutProgress | None:
        known = self._known
        if known is None or self._order is None:
            return None
        return RolloutProgress(rollout_id=known.rollout_id, stage=known.stage, detail=known.detail)

    async def restore(self) -> None:
        """At the start: what became of the last order."""
        kept = await self._store.fact(_FACT)
        if kept is not None:
            try:
                self._known = msgspec.json.decode(kept, type=_Known)
            except msgspec.MsgspecError:
                log.error("rollout_state_damaged")

    def want(self, order: RolloutOrder | None) -> None:
        """Begin, go on, or stop fetching. Once a version is being switched, that is brought to its end."""
        if self._switching:
            return
        if _what(order) != _what(self._order):
            if self._task is not None:
                self._task.cancel()
            self._task = None
        self._order = order  # its times move with every answer of the desk
        if order is not None and (self._task is None or self._task.done()):
            self._task = asyncio.create_task(self._follow(order), name="rollout")

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def settled(self) -> None:
        """The order in hand is at its end."""
        if self._task is not None:
            await asyncio.gather(self._task, return_exceptions=True)

    async def _follow(self, order: RolloutOrder) -> None:
        try:
            known = self._known
            if not (known and known.stage in _FINAL and (known.rollout_id, known.restore) == _id(order)):
                await self._take(order)
            await self._tell(order)
        except Exception as error:  # noqa: BLE001 - such as a full disk: tried again with the desk's next answer
            log.error("rollout_not_followed", error=type(error).__name__)

    async def _take(self, order: RolloutOrder) -> None:
        installer = self._installers.get(order.kind)
        if installer is None:
            await self._note(order, "failed", "kind-unknown", "")
            return
        try:
            if order.restore:
                unlooked = await self._switch(order, installer, None)
            elif installer.version() == order.version:
                # Installed before the power went, or by hand: it counts when it runs.
                unlooked = await self._switch(order, installer, None)
            else:
                self._in_time(order)
                await self._note(order, "downloading", "", installer.version())
                self._room_for(order)
                payload = await self._fetched(order, installer)
                unlooked = await self._switch(order, installer, payload)
                payload.unlink(missing_ok=True)
            await self._note(order, "running", unlooked, installer.version())
        except InstallFailed as failure:
            await self._note(order, "failed", failure.code, installer.version())

    async def _fetched(self, order: RolloutOrder, installer: Installer) -> Path:
        """The deadline counts meanwhile too: whoever trickles could hold us for ever. Raises InstallFailed."""
        fetching = asyncio.create_task(installer.fetch(order, self._way(order)), name="rollout-fetch")
        try:
            while not fetching.done():
                self._in_time(order)
                await asyncio.wait([fetching], timeout=_LOOK_S)
            return await fetching
        finally:
            fetching.cancel()
            await asyncio.gather(fetching, return_exceptions=True)

    async def _switch(self, order: RolloutOrder, installer: Installer, payload: Path | None) -> str:
        """Between residents and not before the time. A code of what could not be looked at, or "". Raises
        InstallFailed, with the old version running."""
        if payload is not None or order.restore:
            await self._note(order, "waiting", "", installer.version())
            await self._until_due(order)
        telling: asyncio.Task[None] | None = None
        try:
            async with self._terminal.between_sessions():
                if payload is not None:
                    self._in_time(order)
                self._switching = True
                try:
                    await self._keep(order, "installing", "", installer.version())
                    # Told beside it: no resident waits for the desk's answer.
                    telling = asyncio.create_task(self._tell_stage(order, "installing", "", installer.version()))
                    return await self._put(order, installer, payload)
                finally:
                    self._switching = False
        finally:
            if telling is not None:  # in the order in which it came
                await asyncio.gather(telling, return_exceptions=True)

    async def _put(self, order: RolloutOrder, installer: Installer, payload: Path | None) -> str:
        if order.restore:
            await installer.go_back(order.version)
            return ""
        try:
            if payload is not None:
                await installer.install(payload, order.version)
            return await installer.check(order.version)
        except InstallFailed:
            await installer.go_back(order.version)
            raise

    async def _until_due(self, order: RolloutOrder) -> None:
        while (moment := self._newest(order).not_before) is not None and self._clock.best() < moment:
            await self._sleep(_LOOK_S)

    def _in_time(self, order: RolloutOrder) -> None:
        """A desk that is not heard any more may have halted it."""
        moment = self._newest(order).deadline
        if moment is not None and self._clock.best() >= moment:
            raise InstallFailed("deadline-passed")

    def _newest(self, order: RolloutOrder) -> RolloutOrder:
        """The same order with the times of the desk's last answer."""
        return self._order if self._order is not None and _what(self._order) == _what(order) else order

    def _room_for(self, order: RolloutOrder) -> None:
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        for path in self._folder.iterdir():
            if path.is_file() and not path.name.startswith(order.sha256):
                path.unlink()  # of an order that is no more
        if shutil.disk_usage(self._folder).free < 2 * order.size + _SPARE:
            raise InstallFailed("disk-full")

    def _way(self, order: RolloutOrder) -> Way:
        return Way(
            self._desk,
            lambda: download(order, self._folder, self._desk, self._pause),
            self._pause,
            self._clock.plausible,
        )

    async def _pause(self, attempt: int, fault: DeskFault) -> None:
        seconds = random.SystemRandom().uniform(1.0, min(300.0, 5.0 * 2.0 ** min(attempt, 8)))
        if isinstance(fault, DeskRefusal) and fault.retry_after_s is not None:
            seconds = max(seconds, fault.retry_after_s)
        await self._sleep(seconds)

    async def _note(self, order: RolloutOrder, stage: str, detail: str, version: str) -> None:
        await self._keep(order, stage, detail, version)
        if stage not in _FINAL:
            await self._tell_stage(order, stage, detail, version)

    async def _tell_stage(self, order: RolloutOrder, stage: str, detail: str, version: str) -> None:
        await self._desk().report(order.rollout_id, RolloutReport(stage=stage, version=version, detail=detail))

    async def _keep(self, order: RolloutOrder, stage: str, detail: str, version: str) -> None:
        rollout_id, restore = _id(order)
        self._known = _Known(rollout_id, restore, stage, detail, version, False)
        await self._store.set_fact(_FACT, msgspec.json.encode(self._known).decode())
        log.info("rollout_stage", stage=stage, code=detail, version=version)
        self._changed()

    async def _tell(self, order: RolloutOrder) -> None:
        """The end must be heard: told again with each of the desk's answers until it is."""
        known = self._known
        if known is None or known.told or known.stage not in _FINAL:
            return
        report = RolloutReport(stage=known.stage, version=known.version, detail=known.detail)
        fault = await self._desk().report(order.rollout_id, report)
        if fault is None or (isinstance(fault, DeskRefusal) and fault.status in (400, 404, 409)):
            known.told = True
            await self._store.set_fact(_FACT, msgspec.json.encode(known).decode())


def _what(order: RolloutOrder | None) -> RolloutOrder | None:
    """The order without its times."""
    return msgspec.structs.replace(order, not_before=None, deadline=None) if order is not None else None


def _id(order: RolloutOrder) -> tuple[str, bool]:
    return order.rollout_id, order.restore
