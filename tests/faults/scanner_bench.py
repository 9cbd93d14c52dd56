"""A code scanner on a test bench: the real driver, the simulated scanner, and a resident who pays a water bill."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from backend.contract.kiosk_api import BillQuery
from drivers.code_scanner.driver import ScannerSettings, ScannerTimings, SerialCodeScanner
from drivers.code_scanner.frames import Family
from drivers.code_scanner.keyboard_driver import KeyboardCodeScanner, KeyboardScannerSettings
from drivers.code_scanner.port import CodeScanner, ScanContext, ScannedCode
from drivers.link.serial import SerialSettings
from drivers.link.supervise import Backoff
from drivers.virtual.code_scanner import ScannerFault, VirtualCodeScanner, VirtualKeyboardScanner
from kiosk.journeys.context import Journey, Terminal
from kiosk.screens import Keypad
from tests.drivers.link.waiting import PATIENCE_S, until
from tests.kiosk.journeys.fakes import FakeLink, Wait, World
from tests.kiosk.journeys.house import House

ACCOUNT = "035012342718"
OTHER_ACCOUNT = "035099999999"
ALIPAY = "281234567890123456"
BILL, PAY = ScanContext.BILL_ACCOUNT, ScanContext.PAYMENT_CODE

BACKOFF = Backoff(0.02, 0.1)
TIMINGS = ScannerTimings(answer=1.0, idle_flush=0.2, repeat=60.0, retrigger=0.3, check_interval=0.2)


class ListeningLink(FakeLink):
    """Keeps the accounts whose bills are asked for."""

    accounts: list[str]

    async def query_bill(self, query: BillQuery) -> Any:
        self.accounts.append(query.account)
        return await super().query_bill(query)


class ScannerHouse(House):
    """A terminal with a scanner; its resident types nothing unless a test says so."""

    def __init__(self, path: Path, scanner: CodeScanner, **answers: Any) -> None:
        super().__init__(path, World(), **{"Keypad": Wait(), **answers})
        self.scanner = scanner
        self.link = link = ListeningLink(self.world, self.points)
        self.accounts = link.accounts = []

    @property
    def terminal(self) -> Terminal:
        terminal = super().terminal
        return replace(terminal, devices=replace(terminal.devices, code_scanner=self.scanner))

    def keypads(self) -> list[Keypad]:
        return [screen for screen in self.stage.seen if isinstance(screen, Keypad)]


@dataclass
class Bench:
    folder: Path
    device: VirtualCodeScanner
    scanner: SerialCodeScanner

    async def asked(self, context: ScanContext = BILL) -> asyncio.Task[ScannedCode]:
        """A screen asks; the beam is on."""
        return await asked(self.scanner, context, lambda: self.device.beam)

    @asynccontextmanager
    async def house(self, **answers: Any) -> AsyncIterator[ScannerHouse]:
        async with ScannerHouse(self.folder / "j.sqlite3", self.scanner, **answers) as house:
            yield house

    async def at_the_keypad(self, house: ScannerHouse) -> asyncio.Task[Journey]:
        """A resident pays a bill and has come to the screen that asks for the account."""
        paying = asyncio.create_task(house.water())
        await until(lambda: self.device.beam)
        return paying


async def asked(scanner: Any, context: ScanContext, ready: Any) -> asyncio.Task[ScannedCode]:
    async def ask() -> ScannedCode:
        async with asyncio.timeout(PATIENCE_S):
            code: ScannedCode = await scanner.scan(context)
            return code

    task = asyncio.create_task(ask())
    await until(ready)
    return task


@asynccontextmanager
async def bench(
    folder: Path, *faults: ScannerFault, family: str = "honeywell", ready: bool = True, **timings: float
) -> AsyncIterator[Bench]:
    """`faults` are there from the start; `ready`: wait until the scanner can be used."""
    device = VirtualCodeScanner(folder / "scanner", family=family, speed=20)
    await device.start()
    for fault in faults:
        device.inject(fault)
    line = SerialSettings(str(device.pty.path))
    scanner = SerialCodeScanner(
        ScannerSettings(line, Family(family), timings=replace(TIMINGS, **timings), backoff=BACKOFF)
    )
    await scanner.open()
    if ready:
        await until(lambda: scanner.status.ready)
    try:
        yield Bench(folder, device, scanner)
    finally:
        await scanner.close()
        await device.stop()


@asynccontextmanager
async def keyboard_bench(folder: Path) -> AsyncIterator[tuple[VirtualKeyboardScanner, KeyboardCodeScanner]]:
    device = VirtualKeyboardScanner(folder / "kbd", speed=20)
    await device.start()
    scanner = KeyboardCodeScanner(KeyboardScannerSettings(str(device.input.pty.path), backoff=BACKOFF))
    await scanner.open()
    await until(lambda: scanner.status.ready)
    try:
        yield device, scanner
    finally:
        await scanner.close()
        await device.stop()
