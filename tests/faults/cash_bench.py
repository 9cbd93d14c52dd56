"""A banknote acceptor on a simulated unit, for faults and tests of cash."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Generic, TypeVar

from drivers.cash.ict104_driver import Ict104Acceptor
from drivers.cash.ict104_settings import IctSettings, IctTimings
from drivers.cash.port import CashAcceptor, CashEvent, CashEventKind
from drivers.cash.ssp_driver import SspAcceptor
from drivers.cash.ssp_settings import SspSettings, SspTimings
from drivers.link.serial import SerialSettings
from drivers.link.supervise import Backoff
from drivers.virtual.ict104 import VirtualIct104
from drivers.virtual.itl_ssp import VirtualSspValidator
from kiosk.journeys.device_texts import CASH_EVENTS
from tests.drivers.link.waiting import PATIENCE_S, until
from tests.faults.resident import sees

YUAN = 100
ALL = (100, 500, 1000, 2000, 5000, 10000)
SPEED = 40.0
BACKOFF = Backoff(0.02, 0.1)

# Replies come within milliseconds; only tests of silence wait for these, and a busy machine must not reach them.
SSP_TIMINGS = SspTimings(
    reply=0.2, poll=0.01, idle_poll=0.03, escrow_decision=30.0, stack=20.0, reject=20.0, power_up=1.0
)


def ssp_settings(path: Path, timings: SspTimings = SSP_TIMINGS, **more: Any) -> SspSettings:
    line = SerialSettings(str(path), stopbits=2)
    return SspSettings(line, timings=timings, backoff=BACKOFF, **more)


ICT_TIMINGS = IctTimings(
    reply=0.4,
    poll=0.03,
    pair=0.3,
    power_up=1.0,
    hold=0.1,
    accept=3.0,
    contradiction=0.2,
    reject=1.0,
    echo=0.3,
    tick=0.01,
)
BILLS = (500, 1000, 2000, 5000, 10000)

U = TypeVar("U", VirtualSspValidator, VirtualIct104)


class Bench(Generic[U]):
    """A driver that is ready, the unit behind it, and the events so far."""

    def __init__(self, unit: U, cash: CashAcceptor) -> None:
        self.unit: U = unit
        self.cash = cash
        self.seen: list[CashEvent] = []

    async def event(self, kind: CashEventKind | None = None) -> CashEvent:
        """The next event, which must be a `kind`."""
        async with asyncio.timeout(PATIENCE_S):
            event = await self.cash.next_event()
        self.seen.append(event)
        assert kind in (None, event.kind), f"{event} instead of {kind}"
        return event

    async def next_of(self, kind: CashEventKind) -> CashEvent:
        """The next event of a kind, whatever comes before."""
        while (event := await self.event()).kind is not kind:
            pass
        return event

    async def feed(self, fen: int) -> CashEvent:
        """A resident feeds a note until it is in escrow."""
        await until(lambda: self.unit.taking)
        assert self.unit.insert(fen)
        return await self.event(CashEventKind.ESCROWED)

    async def quiet(self) -> None:
        """Several polls go by and no event comes."""
        try:
            async with asyncio.timeout(0.12):
                event = await self.cash.next_event()
        except TimeoutError:
            return
        raise AssertionError(f"one event too many: {event}")


@asynccontextmanager
async def ssp_bench(
    tmp_path: Path, *, timings: SspTimings = SSP_TIMINGS, enabled: bool = True, **unit_options: Any
) -> AsyncIterator[Bench[VirtualSspValidator]]:
    unit = VirtualSspValidator(tmp_path / "dev" / "cash", **{"speed": SPEED, "late_s": 0.3} | unit_options)
    await unit.start()
    cash = SspAcceptor(ssp_settings(unit.pty.path, timings))
    try:
        await cash.open()
        await until(lambda: cash.status.ready)
        if enabled:
            assert await cash.enable(ALL)
        yield Bench(unit, cash)
    finally:
        await cash.close()
        await unit.stop()


@asynccontextmanager
async def ict_bench(
    tmp_path: Path, *, timings: IctTimings = ICT_TIMINGS, enabled: bool = True, **unit_options: Any
) -> AsyncIterator[Bench[VirtualIct104]]:
    unit = VirtualIct104(tmp_path / "dev" / "cash", **{"speed": SPEED} | unit_options)
    await unit.start()
    line = SerialSettings(str(unit.pty.path), baud=9600)  # a PTY refuses even parity
    cash = Ict104Acceptor(IctSettings(line, BILLS, hold_code=unit.hold, timings=timings, backoff=BACKOFF))
    try:
        await cash.open()
        await until(lambda: cash.status.ready)
        if enabled:
            assert await cash.enable(ALL)
        yield Bench(unit, cash)
    finally:
        await cash.close()
        await unit.stop()


def told(doc: str | None, event: CashEvent) -> None:
    """The fault's docstring quotes what a resident is told at this event."""
    sees(doc, CASH_EVENTS[event.kind])
