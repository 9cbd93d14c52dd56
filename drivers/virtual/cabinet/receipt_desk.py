"""The receipt printer and the slips that hang out of it."""

from __future__ import annotations

from pathlib import Path

from drivers.virtual.cabinet.desk import Desk, RefusedError
from drivers.virtual.cabinet.devices_file import Table
from drivers.virtual.cabinet.events import EventLog
from drivers.virtual.cabinet.named import Named
from drivers.virtual.cabinet.state import ReceiptView
from drivers.virtual.receipt_printer import Event, VirtualReceiptPrinter
from drivers.virtual.slip_canvas import Slip

COOLS_AFTER_S = 8.0
SLOWER = 8

_PAPER_EVENTS = {"out": "out of paper", "low": "paper low", "full": "new roll"}

_TROUBLE = "receipt_printer.trouble="
_REPAIR = {"undo": "repair", "undo_zh": "修好", "undo_en": "Repair"}
_PAPER = {"undo": "refill", "undo_zh": "换纸", "undo_en": "New roll"}

ACTIONS = (
    Named(id="paper-out", label_zh="缺纸", label_en="Paper out", on="receipt_printer.paper=out", **_PAPER),
    Named(id="near-end", label_zh="纸将尽", label_en="Paper low", on="receipt_printer.paper=low", **_PAPER),
    Named(id="cover-open", label_zh="开盖", label_en="Cover open", on=f"{_TROUBLE}cover-open", **_REPAIR),
    Named(id="cutter-jam", label_zh="切刀卡住", label_en="Cutter jam", on=f"{_TROUBLE}cutter-jam", **_REPAIR),
    Named(id="overheat", label_zh="过热", label_en="Overheated", on=f"{_TROUBLE}overheat", **_REPAIR),
    Named(id="silent", label_zh="不回答", label_en="Silent", on=f"{_TROUBLE}silent", **_REPAIR),
    Named(id="overheat-briefly", label_zh="过热一会儿", label_en="Hot for a while"),
    Named(id="broken", label_zh="机芯损坏", label_en="Broken", on=f"{_TROUBLE}broken", **_REPAIR),
    Named(id="feed-button", label_zh="按住走纸键", label_en="Feed button held", on=f"{_TROUBLE}feed-button", **_REPAIR),
    Named(
        id="prints-nothing",
        label_zh="只应答不出纸",
        label_en="Prints nothing",
        on=f"{_TROUBLE}prints-nothing",
        **_REPAIR,
    ),
    Named(id="buffer-full", label_zh="缓冲区满", label_en="Buffer full (XOFF)", on=f"{_TROUBLE}buffer-full", **_REPAIR),
    Named(id="slow", label_zh="很慢", label_en="Slow", on=f"{_TROUBLE}slow", **_REPAIR),
    Named(id="power-cycle", label_zh="断电重启", label_en="Off and on again"),
    Named(id="buffer-lost", label_zh="丢失数据", label_en="Buffer lost"),
    Named(
        id="off",
        label_zh="断电",
        label_en="Power off",
        on=f"{_TROUBLE}off",
        undo="on",
        undo_zh="通电",
        undo_en="Power on",
    ),
    Named(
        id="unplug",
        label_zh="拔线",
        label_en="Unplug",
        on="receipt_printer.plugged=false",
        undo="replug",
        undo_zh="插回",
        undo_en="Plug in",
    ),
)


class ReceiptPrinterDesk(Desk):
    name = "receipt_printer"

    def __init__(self, path: Path, speed: float, events: EventLog) -> None:
        super().__init__(events)
        self.path = path
        self.printer = VirtualReceiptPrinter(path, speed=speed, on_event=self._heard)
        self._speed = speed
        self._slow = False

    async def _start(self) -> None:
        await self.printer.start()

    async def _stop(self) -> None:
        await self.printer.stop()

    def table(self) -> Table:
        return {"driver": "escpos-serial", "path": str(self.path), "profile": "epson-80", "xonxoff": True}

    async def act(self, action: str) -> None:
        self.need()
        printer = self.printer
        match action:
            case "paper-out":
                await printer.set_paper("out")
            case "near-end":
                await printer.set_paper("low")
            case "refill":
                await printer.set_paper("full")
            case "cover-open":
                await printer.open_cover()
            case "cutter-jam":
                await printer.jam_cutter()
            case "overheat":
                await printer.overheat()
            case "silent":
                await printer.go_silent()
            case "overheat-briefly":
                await printer.overheat(COOLS_AFTER_S)
            case "broken":
                await printer.break_down()
            case "feed-button":
                await printer.press_feed()
            case "prints-nothing":
                await printer.print_nothing()
            case "buffer-full":
                await printer.hold()
            case "slow":
                self._set_slow(True)
            case "power-cycle":
                await printer.power_cycle()
            case "buffer-lost":
                await printer.lose_buffer()
            case "repair":
                self._set_slow(False)
                await printer.repair()
            case "off" | "on":
                await printer.power(action == "on")
            case "unplug" | "replug":
                if action == "unplug":
                    printer.pty.unplug()
                else:
                    printer.pty.replug()
                self.event("unplugged" if action == "unplug" else "plugged in")
            case _:
                raise RefusedError("no such action", 404)

    def _set_slow(self, slow: bool) -> None:
        self._slow = slow
        self.printer.slow_down(self._speed / SLOWER if slow else self._speed)

    async def reset(self) -> None:
        self._set_slow(False)
        await self.printer.repair()
        await self.printer.set_paper("full")
        if not self.printer.state()["on"]:
            await self.printer.power(True)
        self.printer.pty.replug()

    def view(self) -> ReceiptView:
        seen = self.printer.state()
        trouble = {
            "cover-open": seen["cover_open"],
            "cutter-jam": seen["cutter_jammed"] or seen["cutter_jam_planned"],
            "overheat": seen["overheated"],
            "silent": seen["silent"],
            "broken": seen["broken"],
            "feed-button": seen["feed_pressed"],
            "prints-nothing": seen["prints_nothing"],
            "buffer-full": seen["held"],
            "slow": self._slow,
            "off": self.started and not seen["on"],
        }
        return ReceiptView(
            failure=self.failure,
            active=bool(seen["waiting_bytes"]),
            plugged=self.printer.pty.plugged or not self.started,
            paper=str(seen["paper"]),
            trouble=[name for name, present in trouble.items() if present],
            slips=int(seen["slips"]),
        )

    def latest(self) -> Slip:
        """The newest slip; its `png` and `raw`."""
        if not self.printer.slips:
            raise RefusedError("no slip yet", 404)
        return self.printer.slips[-1]

    def _heard(self, event: Event) -> None:
        match event["event"]:
            case "slip":
                self.event("slip cut off")
            case "paper":
                self.event(_PAPER_EVENTS[str(event["paper"])])
            case what:
                self.event(str(what))
