"""The card payment terminal, and the person with a bank card before it."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from drivers.virtual.cabinet.desk import Desk, RefusedError
from drivers.virtual.cabinet.devices_file import Table
from drivers.virtual.cabinet.events import EventLog
from drivers.virtual.cabinet.named import Named
from drivers.virtual.cabinet.state import DeviceView
from drivers.virtual.zvt_terminal import VirtualZvtTerminal
from drivers.virtual.zvt_terminal_book import Booking
from drivers.virtual.zvt_terminal_scenario import CutPlan, Tap, TerminalFault
from drivers.virtual.zvt_terminal_wire import TcpWire

_FAULT = "card_terminal.faults="
_MEND = {"undo": "repair", "undo_zh": "修好", "undo_en": "Repair"}

TAPS = (
    Named(id=Tap.PAY.value, label_zh="插卡付款", label_en="Insert card and pay"),
    Named(id=Tap.WRONG_PIN.value, label_zh="密码先错后对", label_en="Wrong PIN, then right"),
    Named(id=Tap.PIN_BLOCKED.value, label_zh="密码三次错误", label_en="Wrong PIN three times"),
    Named(id=Tap.DECLINED.value, label_zh="银行拒绝", label_en="Declined by the bank"),
    Named(id=Tap.UNREADABLE.value, label_zh="卡读不出来", label_en="Card cannot be read"),
    Named(id=Tap.KEY.value, label_zh="按取消键", label_en="Press the red key"),
)
CUTS = {
    "cut-before-status": CutPlan(control=b"\x04\x0f"),
    "cut-after-status": CutPlan(control=b"\x04\x0f", after=True),
    "cut-after-completion": CutPlan(control=b"\x06\x0f", after=True),
}
ACTIONS = (
    Named(
        id="cut-before-status",
        label_zh="扣款后断线 (结果未报)",
        label_en="Cut before the result",
        on="card_terminal.cut=cut-before-status",
        **_MEND,
    ),
    Named(
        id="cut-after-status",
        label_zh="报结果后断线",
        label_en="Cut after the result",
        on="card_terminal.cut=cut-after-status",
        **_MEND,
    ),
    Named(
        id="cut-after-completion",
        label_zh="完成后断线",
        label_en="Cut after the completion",
        on="card_terminal.cut=cut-after-completion",
        **_MEND,
    ),
    Named(
        id="does-nothing", label_zh="应答后不动", label_en="Says OK, does nothing", on=f"{_FAULT}does-nothing", **_MEND
    ),
    Named(id="busy", label_zh="忙", label_en="Busy", on=f"{_FAULT}busy", **_MEND),
    Named(id="silent", label_zh="不回答", label_en="Silent", on=f"{_FAULT}silent", **_MEND),
    Named(
        id="open-end-of-day",
        label_zh="未日结",
        label_en="Day not handed in",
        on=f"{_FAULT}open-end-of-day",
        **_MEND,
    ),
    Named(id="power-cycle", label_zh="断电重启", label_en="Off and on"),
    Named(
        id="unplug",
        label_zh="拔线",
        label_en="Unplug",
        on="card_terminal.plugged=false",
        undo="replug",
        undo_zh="插回",
        undo_en="Plug in",
    ),
)


class Payment(BaseModel):
    """A transaction in the terminal's memory; `amount` in fen."""

    receipt: int
    amount: int
    state: str  # taken | declined | given-back | reversal


class CardTerminalView(DeviceView):
    """`step`: what the terminal waits for (card, pin, bank, report; empty when idle)."""

    address: str = ""
    step: str = ""
    registered: bool = False
    faults: list[str] = Field(default_factory=list)
    cut: str = ""
    payments: list[Payment] = Field(default_factory=list)


class TapCall(BaseModel):
    """`outcome`: an id of `TAPS`."""

    model_config = ConfigDict(extra="forbid")

    outcome: str = Tap.PAY.value


class CardTerminalDesk(Desk):
    name = "card_terminal"

    def __init__(self, run: Path, speed: float, events: EventLog) -> None:
        super().__init__(events)
        self.wire = TcpWire()
        self.terminal = VirtualZvtTerminal(self.wire, speed=speed, auto=None, on_event=self.event)

    async def _start(self) -> None:
        await self.terminal.start()

    async def _stop(self) -> None:
        await self.terminal.stop()

    def table(self) -> Table:
        return {"driver": "zvt-tcp", "host": self.wire.host, "port": self.wire.port}

    def tap(self, outcome: str = Tap.PAY.value) -> None:
        """The person acts; RefusedError while the terminal wants no card."""
        self.need()
        try:
            tap = Tap(outcome)
        except ValueError:
            raise RefusedError("no such outcome", 404) from None
        if not self.terminal.wants_card:
            raise RefusedError("the terminal wants no card now")
        self.terminal.tap(tap)

    async def act(self, action: str) -> None:
        self.need()
        if action in CUTS:
            self.terminal.cut_plan = CUTS[action]
            return
        match action:
            case "does-nothing" | "busy" | "silent" | "open-end-of-day":
                self.terminal.inject(TerminalFault(action))
            case "power-cycle":
                await self.terminal.power_cycle()
            case "unplug":
                await self.terminal.unplug()
            case "replug":
                await self.terminal.replug()
            case "repair":
                self.terminal.clear()
                self.event("repaired")
            case _:
                raise RefusedError("no such action", 404)

    async def reset(self) -> None:
        self.terminal.clear()
        await self.terminal.replug()

    def view(self) -> CardTerminalView:
        terminal = self.terminal
        cut = next((name for name, plan in CUTS.items() if terminal.cut_plan == plan), "")
        return CardTerminalView(
            failure=self.failure,
            active=terminal.step != "",
            plugged=self.wire.plugged or not self.started,
            address=f"{self.wire.host}:{self.wire.port}",
            step=terminal.step,
            registered=terminal.registered,
            faults=sorted(fault.value for fault in terminal.faults),
            cut=cut,
            payments=[_payment(booking) for booking in terminal.book.bookings[-20:]],
        )


def _payment(booking: Booking) -> Payment:
    if booking.result:
        state = "declined"
    elif booking.reverses is not None:
        state = "reversal"
    else:
        state = "given-back" if booking.given_back else "taken"
    return Payment(receipt=booking.receipt, amount=booking.amount, state=state)
