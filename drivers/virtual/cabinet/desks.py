"""Every simulated device of the cabinet. Adding one is a line in `PLACES`.

From this table come the cabinet's desks, their part of `GET /api/state`, `POST /api/devices/{name}/act`, devices.toml,
the names in scenarios, and what the page calls each device.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from drivers.virtual.cabinet import (
    a4_desk,
    box_desk,
    card_terminal_desk,
    cash_desk,
    id_reader_desk,
    keypad_desk,
    receipt_desk,
    scanner_desk,
    smart_card_desk,
)
from drivers.virtual.cabinet.a4_desk import DocumentPrinterDesk
from drivers.virtual.cabinet.box_desk import BoxDesk, BoxView
from drivers.virtual.cabinet.card_terminal_desk import CardTerminalDesk, CardTerminalView
from drivers.virtual.cabinet.cash_desk import CashDesk, CashView
from drivers.virtual.cabinet.devices_file import Table
from drivers.virtual.cabinet.events import EventLog
from drivers.virtual.cabinet.id_reader_desk import IdReaderDesk
from drivers.virtual.cabinet.keypad_desk import KeypadDesk, KeypadView
from drivers.virtual.cabinet.named import Named
from drivers.virtual.cabinet.receipt_desk import ReceiptPrinterDesk
from drivers.virtual.cabinet.scanner_desk import ScannerDesk, ScannerDeskView
from drivers.virtual.cabinet.settings import CabinetSettings
from drivers.virtual.cabinet.smart_card_desk import SmartCardDesk, SmartCardView
from drivers.virtual.cabinet.state import A4View, DeviceView, IdReaderView, ReaderFaultCall, ReceiptView


class AnyDesk(Protocol):
    """What the cabinet asks of a desk (`desk.Desk` has the half of it)."""

    failure: str
    started: bool

    async def start(self) -> None: ...
    async def stop(self) -> None: ...
    async def reset(self) -> None: ...
    def table(self) -> Table: ...
    def view(self) -> DeviceView: ...


@dataclass(frozen=True)
class Ground:
    """What desks stand on: `run` is the directory of device links."""

    run: Path
    settings: CabinetSettings
    events: EventLog

    @property
    def speed(self) -> float:
        return self.settings.speed

    @property
    def dev(self) -> Path:
        return self.run / "dev"


async def _act(desk: Any, action: str) -> None:
    await desk.act(action)


async def _reader_fault(desk: Any, action: str) -> None:
    desk.fault(ReaderFaultCall(fault=action))


@dataclass(frozen=True)
class Place:
    """`name` in state, URLs and scenarios; `table`: its device class in devices.toml; `actions`: its buttons."""

    name: str
    table: str
    label_zh: str
    label_en: str
    view: type[DeviceView]
    actions: tuple[Named, ...]
    make: Callable[[Ground], AnyDesk]
    act: Callable[[Any, str], Awaitable[None]] = field(default=_act)

    @property
    def action_ids(self) -> tuple[str, ...]:
        """Everything `act` takes: the actions and their ways back, each once."""
        ids = [action.id for action in self.actions] + [action.undo for action in self.actions if action.undo]
        return tuple(dict.fromkeys(ids))


PLACES: tuple[Place, ...] = (
    Place(
        "id_reader",
        "id_reader",
        "身份证阅读器",
        "ID card reader",
        IdReaderView,
        id_reader_desk.ACTIONS,
        lambda ground: IdReaderDesk(ground.dev / "id_reader", ground.speed, ground.events),
        _reader_fault,
    ),
    Place(
        "scanner",
        "code_scanner",
        "扫码器",
        "Code scanner",
        ScannerDeskView,
        scanner_desk.ACTIONS,
        lambda ground: ScannerDesk(ground.dev / "scanner", ground.speed, ground.events),
    ),
    Place(
        "receipt_printer",
        "receipt_printer",
        "凭条打印机",
        "Receipt printer",
        ReceiptView,
        receipt_desk.ACTIONS,
        lambda ground: ReceiptPrinterDesk(ground.dev / "receipt_printer", ground.speed, ground.events),
    ),
    Place(
        "document_printer",
        "document_printer",
        "A4 打印机",
        "A4 printer",
        A4View,
        a4_desk.ACTIONS,
        lambda ground: DocumentPrinterDesk(
            ground.run / "a4", ground.settings.document_printer_port, ground.speed, ground.events
        ),
    ),
    Place(
        "cash",
        "cash",
        "纸币器",
        "Banknotes",
        CashView,
        cash_desk.ACTIONS,
        lambda ground: CashDesk(ground.run, ground.speed, ground.events),
    ),
    Place(
        "card_terminal",
        "card_terminal",
        "银行卡终端",
        "Bank card terminal",
        CardTerminalView,
        card_terminal_desk.ACTIONS,
        lambda ground: CardTerminalDesk(ground.run, ground.speed, ground.events),
    ),
    Place(
        "smart_card",
        "smart_card",
        "社保卡读卡器",
        "Social security card",
        SmartCardView,
        smart_card_desk.ACTIONS,
        lambda ground: SmartCardDesk(ground.run / "smart_card", ground.speed, ground.events),
    ),
    Place(
        "keypad",
        "keypad",
        "无障碍键盘",
        "Accessible keypad",
        KeypadView,
        keypad_desk.ACTIONS,
        lambda ground: KeypadDesk(ground.dev, ground.speed, ground.events),
    ),
    Place(
        "box",
        "cabinet",
        "柜体",
        "The box",
        BoxView,
        box_desk.ACTIONS,
        lambda ground: BoxDesk(ground.run / "box", ground.speed, ground.events),
    ),
)

BY_NAME = {place.name: place for place in PLACES}
