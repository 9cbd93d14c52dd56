"""Kiosks for the content drill: the real updater, the real rollout code and real TLS, without a screen."""

from __future__ import annotations

import asyncio
import random
import secrets
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from backend.contract.enrolment import Ticket
from backend.contract.fleet_api import Heartbeat, HeartbeatReply, Inventory, KioskReport
from content.load import Pack
from kiosk.link.content_installer import ContentInstaller, Unlooked
from kiosk.link.content_store import ContentStore
from kiosk.link.content_trust import ContentTrust
from kiosk.link.desk_clock import DeskClock
from kiosk.link.enrolment import Invitation, enrol
from kiosk.link.fleet_desk import FleetDesk
from kiosk.link.identity_files import Identity, IdentityFiles
from kiosk.link.key_store import FileKeyStore
from kiosk.link.rollouts import Rollouts
from kiosk.screens import Screen
from kiosk.self_check import self_check
from kiosk.template_check import template_fault

# What is wrong with a broken one; each shows in another way.
DEFECTS = ("renderer-raises", "renderer-kills", "check-hangs", "disk-fails")


_TRIED: dict[str, asyncio.Task[str | None]] = {}  # by the pack's version


async def _tried_once(pack: Pack, fresh: Iterable[str]) -> str | None:
    """The same templates on all these kiosks of one machine: one process tries them, not two hundred."""
    if pack.version not in _TRIED:
        _TRIED[pack.version] = asyncio.ensure_future(template_fault(pack, fresh))
    return await asyncio.shield(_TRIED[pack.version])


class Died(BaseException):
    """The program is gone, as after a crash in the renderer's C code; nothing of it runs on."""


class Facts:
    """The part of the fleet's store that rollouts use; outlives the program."""

    def __init__(self) -> None:
        self._facts: dict[str, str] = {}

    async def fact(self, name: str) -> str | None:
        return self._facts.get(name)

    async def set_fact(self, name: str, value: str | None) -> None:
        if value is None:
            self._facts.pop(name, None)
        else:
            self._facts[name] = value


class Hall:
    """Nobody comes."""

    @asynccontextmanager
    async def between_sessions(self) -> AsyncIterator[None]:
        yield


class DrillKiosk:
    """`defect`: one of DEFECTS, or "" for a good one."""

    def __init__(self, home: Path, ticket: Ticket, factory: Path, defect: str) -> None:
        self.kiosk_id = ticket.kiosk_id
        self.defect = defect
        self.restarts = 0
        self._home = home
        self._ticket = ticket
        self._factory = factory
        self._files = IdentityFiles(home / "identity", FileKeyStore())
        self._facts = Facts()
        self._seq = 0
        self._died = asyncio.Event()

    async def enrol(self) -> None:
        """Raises RuntimeError."""
        invitation = Invitation.scanned(self._ticket.as_uri())
        identity = await enrol(self._files, invitation, Inventory(model="Drill"))
        if not isinstance(identity, Identity):
            raise RuntimeError(f"{self.kiosk_id} was not enrolled: {identity}")
        self._url, self._context = identity.desk_url, self._files.context(identity)

    async def live(self, interval_s: float) -> None:
        """For ever: heartbeats, and whatever the desk orders. Cancelled at the end."""
        dice = random.Random(self.kiosk_id)  # noqa: S311 - no secret
        desk = FleetDesk(self._url, self._context)
        try:
            while True:
                await self._begin(desk)
                try:
                    await asyncio.sleep(interval_s * dice.random())
                    while not self._died.is_set():
                        await self._beat(desk)
                        await asyncio.sleep(interval_s * dice.uniform(0.8, 1.2))
                finally:
                    await self.rollouts.stop()
                self._died.clear()
                self.restarts += 1
        finally:
            await desk.close()

    def serves(self) -> str:
        """The version that a start of the program would serve with; read and verified."""
        pack = ContentStore(self._home / "content", self._factory).open()
        pack.verify_all()
        return pack.version

    async def _begin(self, desk: FleetDesk) -> None:
        """A start of the program."""
        store = ContentStore(self._home / "content", self._factory)
        root = self._files.current()
        trust = ContentTrust(self._home / "content" / "trust", lambda: root.content_root() if root else None)
        if self.defect == "disk-fails":
            store.switch = _broken_switch  # type: ignore[method-assign]
        self.installer = ContentInstaller(
            store, trust, await asyncio.to_thread(store.open), use=lambda pack: None, check=self._check, spare=0
        )
        self._boot = secrets.token_hex(8)
        clock = DeskClock()
        facts: Any = self._facts
        hall: Any = Hall()
        self._clock = clock
        self.rollouts = Rollouts({"content": self.installer}, facts, hall, clock, lambda: desk, self._home / "releases")
        await self.rollouts.restore()

    async def _beat(self, desk: FleetDesk) -> None:
        self._seq += 1
        report = KioskReport(software="drill", content=self.installer.version(), rollout=self.rollouts.progress)
        heartbeat = Heartbeat(
            seq=self._seq,
            boot=self._boot,
            sent_at=datetime.now(UTC),
            report=msgspec.Raw(msgspec.json.encode(report, order="deterministic")),
        )
        reply = await desk.heartbeat(heartbeat)
        if isinstance(reply, HeartbeatReply):
            self._clock.hear(reply.now)
            self.rollouts.want(reply.rollout)

    async def _check(self, old: Pack, new: Pack) -> str | Unlooked | None:
        if self.defect == "check-hangs":
            await asyncio.Event().wait()
        return await self_check(old, new, self._draw, _tried_once)

    async def _draw(self, screen: Screen[Any]) -> None:
        if self.defect == "renderer-kills":
            self._died.set()
            raise Died
        if self.defect == "renderer-raises":
            raise RuntimeError("no glyph")


def _broken_switch(name: str) -> None:
    raise OSError(30, "read-only file system")
