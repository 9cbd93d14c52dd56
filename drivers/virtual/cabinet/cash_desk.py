"""The banknote slot, its cash box, and a purse with notes to feed it."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from drivers.virtual.cabinet.desk import Desk, RefusedError
from drivers.virtual.cabinet.devices_file import Table
from drivers.virtual.cabinet.events import EventLog
from drivers.virtual.cabinet.named import Named
from drivers.virtual.cabinet.state import DeviceView
from drivers.virtual.itl_ssp import FULL, REMOVED, SAFE_JAM, UNSAFE_JAM, VirtualSspValidator
from drivers.virtual.itl_ssp_faults import SspFault
from drivers.virtual.note_path import YUAN

NOTES = (100, 500, 1000, 2000, 5000, 10000)  # fen
CHOICES = tuple(
    Named(id=str(fen), label_zh=f"{fen // YUAN} 元", label_en=f"{fen // YUAN} yuan") for fen in NOTES
)  # for the hand that inserts

_TROUBLE = "cash.trouble="
_REPAIR = {"undo": "repair", "undo_zh": "修好", "undo_en": "Repair"}


def _insert(choice: Named) -> Named:
    return Named(
        id=f"insert-{choice.id}", label_zh=choice.label_zh, label_en=choice.label_en, on=f"cash.note={choice.id}"
    )


ACTIONS: tuple[Named, ...] = (
    *(_insert(choice) for choice in CHOICES),
    Named(id="pull-back", label_zh="拉回纸币", label_en="Pull the note back"),
    Named(
        id="counterfeit", label_zh="下一张是假币", label_en="Next note is false", on=f"{_TROUBLE}counterfeit", **_REPAIR
    ),
    Named(
        id="stacker-full",
        label_zh="钱箱满",
        label_en="Cash box full",
        on=f"{_TROUBLE}stacker-full",
        undo="empty",
        undo_zh="清空钱箱",
        undo_en="Empty it",
    ),
    Named(
        id="jam",
        label_zh="卡钞",
        label_en="Jam",
        on=f"{_TROUBLE}jam",
        undo="unjam",
        undo_zh="取出卡钞",
        undo_en="Clear the jam",
    ),
    Named(id="fraud", label_zh="有人钓钞", label_en="Fishing"),
    Named(
        id="cashbox-out",
        label_zh="取出钱箱",
        label_en="Cash box out",
        on=f"{_TROUBLE}cashbox-out",
        undo="cashbox-in",
        undo_zh="装回钱箱",
        undo_en="Cash box in",
    ),
    Named(id="power-cut", label_zh="断电重启", label_en="Power off and on"),
    Named(id="lost-reply", label_zh="丢一个回答", label_en="Lose one reply", on=f"{_TROUBLE}lost-reply", **_REPAIR),
    Named(id="only-words", label_zh="只应不动", label_en="Moves nothing", on=f"{_TROUBLE}only-words", **_REPAIR),
    Named(id="silent", label_zh="不回答", label_en="Silent", on=f"{_TROUBLE}silent", **_REPAIR),
    Named(id="noise", label_zh="线路干扰", label_en="Line noise", on=f"{_TROUBLE}noise", **_REPAIR),
    Named(
        id="unplug",
        label_zh="拔线",
        label_en="Unplug",
        on="cash.plugged=false",
        undo="replug",
        undo_zh="插回",
        undo_en="Plug in",
    ),
)

_FAULTS = {
    "counterfeit": (SspFault.COUNTERFEIT, 1),
    "lost-reply": (SspFault.LOST_REPLY, 1),
    "only-words": (SspFault.ONLY_WORDS, None),
    "silent": (SspFault.SILENT, None),
    "noise": (SspFault.NOISE, None),
}


class CashView(DeviceView):
    """Money in fen. `note`: the one in the path; `taking`: whether it would draw one in now."""

    place: str = "empty"
    note: int | None = None
    taking: bool = False
    cashbox: int = 0
    cashbox_notes: int = 0
    out: int = 0  # notes that came out again, so far
    trouble: list[str] = Field(default_factory=list)  # by the names of the actions that cause it


class InsertNote(BaseModel):
    """The body of the hand that inserts; its choices are `CHOICES`."""

    model_config = ConfigDict(extra="forbid")

    value: int = 1000  # fen


class CashDesk(Desk):
    """`run`: the cabinet's directory; the line is `dev/cash` in it."""

    name = "cash"

    def __init__(self, run: Path, speed: float, events: EventLog) -> None:
        super().__init__(events)
        self.path = run / "dev" / "cash"
        self.unit = VirtualSspValidator(self.path, speed=speed, on_event=self.event)

    async def _start(self) -> None:
        await self.unit.start()

    async def _stop(self) -> None:
        await self.unit.stop()

    def table(self) -> Table:
        return {"driver": "itl-ssp", "path": str(self.path)}

    def insert(self, value: int) -> None:
        """Feed a note of `value` fen."""
        self.need()
        if value not in NOTES:
            raise RefusedError("no such note", 404)
        if not self.unit.insert(value):
            raise RefusedError("the slot takes no note now")

    async def act(self, action: str) -> None:
        self.need()
        unit = self.unit
        if action.startswith("insert-") and action.removeprefix("insert-").isdecimal():
            self.insert(int(action.removeprefix("insert-")))
            return
        if action in _FAULTS:
            unit.faults.inject(*_FAULTS[action])
            return
        match action:
            case "pull-back":
                if not unit.pull_back():
                    raise RefusedError("no note that could be pulled")
            case "stacker-full":
                unit.fill()
            case "empty":
                unit.empty()
            case "jam":
                unit.faults.inject(SspFault.JAM_UNSAFE, 1)
            case "unjam":
                unit.faults.clear(SspFault.JAM_UNSAFE)
                unit.unjam()
            case "fraud":
                unit.fish()
            case "cashbox-out":
                unit.remove_cashbox()
            case "cashbox-in":
                unit.replace_cashbox()
            case "power-cut":
                await unit.reset()
            case "repair":
                unit.faults.clear()
            case "unplug":
                unit.unplug()
            case "replug":
                unit.replug()
            case _:
                raise RefusedError("no such action", 404)

    async def reset(self) -> None:
        """Well again; the money stays where it is."""
        self.unit.faults.clear()
        self.unit.unjam()
        self.unit.replace_cashbox()
        self.unit.trouble.discard(FULL)
        self.unit.replug()

    def view(self) -> CashView:
        unit = self.unit
        trouble = [name for name, (fault, _) in _FAULTS.items() if fault in unit.faults]
        states = {
            "stacker-full": FULL in unit.trouble,
            "jam": SspFault.JAM_UNSAFE in unit.faults or bool(unit.trouble & {UNSAFE_JAM, SAFE_JAM}),
            "cashbox-out": REMOVED in unit.trouble,
        }
        return CashView(
            failure=self.failure,
            active=unit.taking or unit.path.note is not None,
            plugged=unit.pty.plugged or not self.started,
            place=unit.path.place.value,
            note=unit.path.note,
            taking=unit.taking,
            cashbox=sum(unit.path.cashbox),
            cashbox_notes=len(unit.path.cashbox),
            out=len(unit.path.out),
            trouble=trouble + [name for name, present in states.items() if present],
        )
