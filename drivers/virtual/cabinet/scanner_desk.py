"""The code scanner and what a resident holds under it."""

from __future__ import annotations

import asyncio
from pathlib import Path

from pydantic import Field

from drivers.virtual.cabinet import presets
from drivers.virtual.cabinet.desk import Desk, RefusedError
from drivers.virtual.cabinet.devices_file import Table
from drivers.virtual.cabinet.events import EventLog
from drivers.virtual.cabinet.named import Named
from drivers.virtual.cabinet.state import Present, ScannerView
from drivers.virtual.code_scanner import ScannerFault, VirtualCodeScanner

FAMILY = "honeywell"
HELD_S = 15.0  # nobody holds a code under the scanner for longer; it must not be read on a later screen

_FAULTS: tuple[tuple[ScannerFault, str, str], ...] = (
    (ScannerFault.SILENT, "不回答", "Silent"),
    (ScannerFault.NAK, "拒绝设置", "Refuses settings"),
    (ScannerFault.BLIND, "读不出码", "Reads nothing"),
    (ScannerFault.NO_SUFFIX, "没有后缀", "No suffix"),
    (ScannerFault.SLOW_BYTES, "逐字节", "Byte by byte"),
    (ScannerFault.GARBLED, "波特率不对", "Wrong speed"),
    (ScannerFault.LATE, "回答晚到", "Answers late"),
)

# Bytes that come by themselves, each string a code: what a scanner in the wrong mode sends.
_BURSTS: dict[str, tuple[bytes, ...]] = {
    "unasked": (b"035012342718",),
    "twice": (b"035012342718",) * 2,
    "glued": (b"035012342718", b"281234567890123456"),
    "too-long": (b"9" * 5120,),
    "not-text": (b"\xff\xfe\x00\xff",),
    "old-encoding": ("户号035012342718".encode("gb18030"),),
}

ACTIONS: tuple[Named, ...] = (
    Named(id="unasked", label_zh="自己读码", label_en="Code unasked"),
    Named(id="twice", label_zh="同一码两次", label_en="Same code twice"),
    Named(id="glued", label_zh="两码连在一起", label_en="Two codes glued"),
    Named(id="too-long", label_zh="超长码", label_en="Code too long"),
    Named(id="not-text", label_zh="不是文字", label_en="Not text"),
    Named(id="old-encoding", label_zh="GBK 编码", label_en="Old encoding"),
    *(
        Named(
            id=fault.value,
            label_zh=label_zh,
            label_en=label_en,
            on=f"scanner.faults={fault.value}",
            undo=f"mend-{fault.value}",
            undo_zh="修好",
            undo_en="Repair",
        )
        for fault, label_zh, label_en in _FAULTS
    ),
    Named(
        id="unplug",
        label_zh="拔线",
        label_en="Unplug",
        on="scanner.plugged=false",
        undo="replug",
        undo_zh="插回",
        undo_en="Plug in",
    ),
)


class ScannerDeskView(ScannerView):
    """`faults`: by the names of the actions that cause them."""

    faults: list[str] = Field(default_factory=list)


class ScannerDesk(Desk):
    name = "scanner"

    def __init__(self, path: Path, speed: float, events: EventLog) -> None:
        super().__init__(events)
        self.path = path
        self.scanner = VirtualCodeScanner(path, family=FAMILY, speed=speed, on_event=self.event)
        self._presented = 0
        self._arm: asyncio.TimerHandle | None = None

    async def _start(self) -> None:
        await self.scanner.start()

    async def _stop(self) -> None:
        if self._arm is not None:
            self._arm.cancel()
        await self.scanner.stop()

    async def reset(self) -> None:
        self.scanner.take_away()
        self.scanner.clear()
        if not self.scanner.pty.plugged:
            self.scanner.replug()

    def table(self) -> Table:
        return {"driver": "serial", "path": str(self.path), "family": FAMILY}

    def present(self, call: Present) -> None:
        self.need()
        if (call.preset is None) == (call.text is None):
            raise RefusedError("either a preset or a text", 422)
        text = call.text
        if call.preset is not None:
            code = presets.BY_ID.get(call.preset)
            if code is None:
                raise RefusedError("no such code", 404)
            text = code.text
        if self._arm is not None:
            self._arm.cancel()
        self._arm = asyncio.get_running_loop().call_later(HELD_S, self.scanner.take_away)
        self._presented += 1
        self.scanner.present(text or "")

    def plug(self, plugged: bool) -> None:
        self.need()
        if plugged:
            self.scanner.replug()
        else:
            self.scanner.unplug()

    async def act(self, action: str) -> None:
        self.need()
        faults = {fault.value: fault for fault, _, _ in _FAULTS}
        if action in ("unplug", "replug"):
            self.plug(action == "replug")
        elif action in _BURSTS:
            await self.scanner.burst(*_BURSTS[action])
        elif action in faults:
            self.scanner.inject(faults[action])
        elif action.removeprefix("mend-") in faults:
            self.scanner.clear(faults[action.removeprefix("mend-")])
        else:
            raise RefusedError("no such action", 404)

    def view(self) -> ScannerDeskView:
        return ScannerDeskView(
            failure=self.failure,
            active=self.started and self.scanner.beam,
            plugged=self.scanner.pty.plugged or not self.started,
            beam=self.scanner.beam,
            presented=self._presented,
            faults=sorted(fault.value for fault in self.scanner.faults),
        )
