"""The smart card reader and the social security cards beside it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from drivers.virtual.cabinet.desk import Desk, RefusedError
from drivers.virtual.cabinet.devices_file import Table
from drivers.virtual.cabinet.events import EventLog
from drivers.virtual.cabinet.named import Named
from drivers.virtual.cabinet.state import DeviceView
from drivers.virtual.smart_card import VirtualSmartCardReader
from drivers.virtual.social_security_card import (
    Holder,
    VirtualChip,
    bank_card,
    mute_card,
    social_security_card,
    third_generation_card,
)

_LI = Holder("519999199001010025", "李样本", "2")
_ZHANG = Holder("519999199001010017", "张示范", "1")
_CHEN = Holder("519999194912310181", "陈示例", "2")


@dataclass(frozen=True)
class DemoChip:
    """One card on the table."""

    id: str
    label_zh: str
    label_en: str
    make: Callable[[], VirtualChip]


CARDS: tuple[DemoChip, ...] = (
    DemoChip("li", "李样本", "Li (sample)", lambda: social_security_card(_LI)),
    DemoChip("zhang", "张示范（陌生人）", "Zhang (stranger)", lambda: social_security_card(_ZHANG)),
    DemoChip("chen", "陈示例（T=1 卡）", "Chen (T=1 card)", lambda: social_security_card(_CHEN, t0=False)),
    DemoChip("third", "三代卡（要密钥）", "Third generation (keys)", lambda: third_generation_card(_LI)),
    DemoChip("bank", "银行卡", "Bank card", bank_card),
    DemoChip("mute", "插反的卡", "Wrong way round", mute_card),
)
BY_ID = {card.id: card for card in CARDS}
CHOICES = tuple(Named(id=card.id, label_zh=card.label_zh, label_en=card.label_en) for card in CARDS)

_PULL = "withdraw"


def _insert(card: DemoChip) -> Named:
    return Named(
        id=f"insert-{card.id}",
        label_zh=card.label_zh,
        label_en=card.label_en,
        on=f"smart_card.card={card.id}",
        undo=_PULL,
        undo_zh="拔出",
        undo_en="Withdraw",
    )


ACTIONS: tuple[Named, ...] = (
    *(_insert(card) for card in CARDS),
    Named(
        id="pull-midway",
        label_zh="读到一半拔卡",
        label_en="Pulled in mid-read",
        on="smart_card.trouble=pull-midway",
    ),
    Named(
        id="silent",
        label_zh="卡不回答",
        label_en="Card silent",
        on="smart_card.trouble=silent",
        undo="answers",
        undo_zh="卡回答",
        undo_en="Card answers",
    ),
    Named(
        id="unplug",
        label_zh="拔线",
        label_en="Unplug",
        on="smart_card.plugged=false",
        undo="replug",
        undo_zh="插回",
        undo_en="Plug in",
    ),
    Named(
        id="service-stopped",
        label_zh="读卡服务停止",
        label_en="pcscd stopped",
        on="smart_card.trouble=service-stopped",
        undo="service-started",
        undo_zh="启动服务",
        undo_en="Start pcscd",
    ),
    Named(
        id="service-hangs",
        label_zh="读卡服务卡住",
        label_en="pcscd hangs",
        on="smart_card.trouble=service-hangs",
        undo="mend",
        undo_zh="修好",
        undo_en="Repair",
    ),
)


class SmartCardView(DeviceView):
    card: str | None = None
    trouble: list[str] = Field(default_factory=list)  # by the names of the actions that cause it


class InsertCard(BaseModel):
    """The body of the hand that inserts; its choices are `CHOICES`."""

    model_config = ConfigDict(extra="forbid")

    card: str = CARDS[0].id


class SmartCardDesk(Desk):
    """`folder` is for pcscd's socket, which devices.toml names, and its configuration."""

    name = "smart_card"

    def __init__(self, folder: Path, speed: float, events: EventLog) -> None:
        """`speed` is the other desks'; pcscd looks for cards at its own pace."""
        super().__init__(events)
        self.reader = VirtualSmartCardReader(folder, on_event=self.event)
        self._inserted: str | None = None
        self._hangs = False

    async def _start(self) -> None:
        await self.reader.start()

    async def _stop(self) -> None:
        await self.reader.stop()

    def table(self) -> Table:
        return {"driver": "pcsc", "reader": self.reader.name, "socket": str(self.reader.socket)}

    @property
    def card(self) -> str | None:
        return self._inserted if self.reader.chip is not None else None

    async def insert(self, card: str) -> None:
        self.need()
        if card not in BY_ID:
            raise RefusedError("no such card", 404)
        if not self.reader.plugged or not self.reader.pcscd.running:
            raise RefusedError("the reader has no power")
        await self.reader.insert(BY_ID[card].make())
        self._inserted = card

    async def withdraw(self) -> None:
        self.need()
        await self.reader.withdraw()

    async def act(self, action: str) -> None:
        self.need()
        reader = self.reader
        if action.startswith("insert-"):
            await self.insert(action.removeprefix("insert-"))
            return
        match action:
            case "withdraw":
                await self.withdraw()
            case "pull-midway":
                reader.slot.withdraw_after = 4
            case "silent" | "answers":
                reader.slot.silent = action == "silent"
            case "unplug":
                await reader.unplug()
            case "replug":
                await reader.replug()
            case "service-stopped":
                await reader.stop_service()
            case "service-started":
                await reader.start_service()
            case "service-hangs":
                reader.pcscd.freeze()
                self._hangs = True
            case "mend":
                await self.reset()
            case _:
                raise RefusedError("no such action", 404)

    async def reset(self) -> None:
        self._hangs = False
        await self.reader.mend()

    def view(self) -> SmartCardView:
        reader = self.reader
        trouble = {
            "pull-midway": reader.slot.withdraw_after is not None,
            "silent": reader.slot.silent,
            "service-stopped": self.started and not reader.pcscd.running,
            "service-hangs": self._hangs,
        }
        return SmartCardView(
            failure=self.failure,
            active=self.card is not None,
            plugged=reader.plugged or not self.started,
            card=self.card,
            trouble=[name for name, present in trouble.items() if present],
        )
