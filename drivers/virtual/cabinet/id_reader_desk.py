"""The ID card reader and the cards beside it."""

from __future__ import annotations

import asyncio
from pathlib import Path

from drivers.virtual.cabinet import cards
from drivers.virtual.cabinet.desk import Desk, RefusedError
from drivers.virtual.cabinet.devices_file import Table
from drivers.virtual.cabinet.events import EventLog
from drivers.virtual.cabinet.named import Named
from drivers.virtual.cabinet.state import IdReaderView, ReaderFaultCall
from drivers.virtual.id_reader import ReaderFault, VirtualIdReader

BAUD = 115200

ACTIONS = (
    Named(id="silent", label_zh="不回答", label_en="Silent", on="id_reader.faults=silent"),
    Named(id="bad-checksum", label_zh="校验错", label_en="Bad checksum", on="id_reader.faults=bad-checksum"),
    Named(id="noise", label_zh="线路干扰", label_en="Line noise", on="id_reader.faults=noise"),
    Named(id="self-test", label_zh="模块损坏", label_en="Module broken", on="id_reader.faults=self-test"),
    Named(id="not-authorised", label_zh="模块未授权", label_en="Not authorised", on="id_reader.faults=not-authorised"),
    Named(id="wrong-baud", label_zh="波特率不对", label_en="Wrong baud", on="id_reader.faults=wrong-baud"),
    Named(id="reset-midway", label_zh="读卡时重启", label_en="Restarts midway", on="id_reader.faults=reset-midway"),
    Named(
        id="ok-does-nothing",
        label_zh="只说好不干活",
        label_en="OK, does nothing",
        on="id_reader.faults=ok-does-nothing",
    ),
    Named(id="late", label_zh="回答太迟", label_en="Answers late", on="id_reader.faults=late"),
    Named(id="card-refuses", label_zh="证件拒绝", label_en="Card refuses", on="id_reader.faults=card-refuses"),
)

_ONCE = (ReaderFault.REMOVED_MIDWAY, ReaderFault.RESET_MIDWAY)  # in the next read; left on, no card could be read


class IdReaderDesk(Desk):
    name = "id_reader"

    def __init__(self, path: Path, speed: float, events: EventLog) -> None:
        super().__init__(events)
        self.path = path
        self.reader = VirtualIdReader(path, speed=speed, on_event=self.event)
        self._laid: str | None = None

    async def _start(self) -> None:
        await self.reader.start()

    async def _stop(self) -> None:
        await self.reader.stop()

    def table(self) -> Table:
        return {"driver": "sdt-serial", "path": str(self.path), "baud": BAUD, "read_new_address": True}

    @property
    def card(self) -> str | None:
        return self._laid if self.reader.has_card else None

    async def lay(self, card_id: str) -> cards.DemoCard:
        """Returns the card, so that the camera knows whose it is."""
        self.need()
        card = cards.BY_ID.get(card_id)
        if card is None:
            raise RefusedError("no such card", 404)
        chip = await asyncio.to_thread(cards.with_photo, card)
        self._laid = card.id
        self.reader.lay_card(chip)
        return card

    def lift(self) -> None:
        self.need()
        if ReaderFault.REMOVED_MIDWAY in self.reader.faults:
            self.reader.clear(ReaderFault.REMOVED_MIDWAY)
        self.reader.lift_card()

    def remove_midway(self) -> None:
        """The card is taken away in the middle of the next read."""
        self.need()
        self.reader.inject(ReaderFault.REMOVED_MIDWAY, 1)

    def fault(self, call: ReaderFaultCall) -> None:
        self.need()
        if call.fault == "none":
            self.reader.clear()
            return
        try:
            fault = ReaderFault(call.fault)
        except ValueError:
            raise RefusedError("no such fault", 404) from None
        if call.on:
            self.reader.inject(fault, call.times or (1 if fault in _ONCE else None))
        else:
            self.reader.clear(fault)

    def plug(self, plugged: bool) -> None:
        self.need()
        if plugged:
            self.reader.replug()
        else:
            self.reader.unplug()

    async def reset(self) -> None:
        self.reader.clear()
        self.reader.lift_card()
        if not self.reader.pty.plugged:
            self.reader.replug()

    def view(self) -> IdReaderView:
        return IdReaderView(
            failure=self.failure,
            active=self.card is not None,
            plugged=self.reader.pty.plugged or not self.started,
            card=self.card,
            faults=sorted(fault.value for fault in self.reader.faults),
        )
