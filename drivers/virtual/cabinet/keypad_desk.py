"""The accessible keypad beside the screen."""

from __future__ import annotations

import asyncio
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from drivers.virtual.cabinet.desk import Desk, RefusedError
from drivers.virtual.cabinet.devices_file import Table
from drivers.virtual.cabinet.events import EventLog
from drivers.virtual.cabinet.named import Named
from drivers.virtual.cabinet.state import DeviceView
from drivers.virtual.keypad import KEYS, VirtualKeypad

STUCK_KEY = "down"
STUCK_AFTER_S = 10.0  # at speed 1

_LEGENDS: dict[str, tuple[str, str]] = {
    "up": ("上", "Up"),
    "down": ("下", "Down"),
    "left": ("左", "Left"),
    "right": ("右", "Right"),
    "confirm": ("确认", "Confirm"),
    "back": ("返回", "Back"),
    "home": ("首页", "Home"),
    "repeat": ("再说一遍", "Say again"),
    "slower": ("说慢点", "Slower"),
    "louder": ("大声", "Louder"),
    "quieter": ("小声", "Quieter"),
    "help": ("帮助", "Help"),
    "delete": ("删除", "Delete"),
}

CHOICES: tuple[Named, ...] = tuple(
    Named(id=key, label_zh=_LEGENDS.get(key, (key, key))[0], label_en=_LEGENDS.get(key, (key, key))[1]) for key in KEYS
)

ACTIONS: tuple[Named, ...] = (
    *(
        Named(id=f"press-{key}", label_zh=_LEGENDS[key][0], label_en=_LEGENDS[key][1])
        for key in ("up", "down", "confirm", "back", "repeat", "help")
    ),
    Named(id="tremble", label_zh="手抖按确认", label_en="Trembling finger"),
    Named(
        id="stick",
        label_zh="按键卡住",
        label_en="Key stuck",
        on=f"keypad.held={STUCK_KEY}",
        undo="free",
        undo_zh="松开",
        undo_en="Free it",
    ),
    Named(id="unknown-key", label_zh="按没用的键", label_en="Key without meaning"),
    Named(id="mouse", label_zh="碰到小摇杆", label_en="Mouse moved"),
    Named(
        id="unplug",
        label_zh="拔线",
        label_en="Unplug",
        on="keypad.plugged=false",
        undo="replug",
        undo_zh="插回",
        undo_en="Plug in",
    ),
)


class KeypadView(DeviceView):
    """`held`: the keys that are down; `presses` since the cabinet was switched on, but not which."""

    held: list[str] = Field(default_factory=list)
    presses: int = 0


class PressKey(BaseModel):
    """The body of the hand that presses; its choices are `CHOICES`. `held_s`: seconds on the cabinet's clock."""

    model_config = ConfigDict(extra="forbid")

    key: str = Field(default="confirm", repr=False)
    held_s: float = Field(default=0.0, ge=0.0, le=60.0)


class KeypadDesk(Desk):
    """`run`: the directory of device links."""

    name = "keypad"

    def __init__(self, run: Path, speed: float, events: EventLog) -> None:
        super().__init__(events)
        self._speed = speed
        self.path = run / "keypad"
        self.keypad = VirtualKeypad(self.path, speed=speed, on_event=self.event)

    async def _start(self) -> None:
        await self.keypad.start()

    async def _stop(self) -> None:
        await self.keypad.stop()

    def table(self) -> Table:
        return {"driver": "evdev", "path": str(self.path), "stuck_s": max(1.0, STUCK_AFTER_S / self._speed)}

    async def press(self, call: PressKey | str) -> None:
        """Press and let go; with `held_s`, back when it is let go."""
        self.need()
        if isinstance(call, str):
            call = PressKey(key=call)
        if call.key not in KEYS:
            raise RefusedError("no such key", 404)
        if not call.held_s:
            await self.keypad.press(call.key)
            return
        await self.keypad.hold(call.key)
        try:
            await asyncio.sleep(call.held_s / self._speed)
        finally:
            await self.keypad.release(call.key)

    async def act(self, action: str) -> None:
        self.need()
        match action:
            case "tremble":
                await self.keypad.tremble("confirm")
            case "stick":
                await self.keypad.stick(STUCK_KEY)
            case "free":
                await self.keypad.free()
            case "unknown-key":
                await self.keypad.press_unknown()
            case "mouse":
                await self.keypad.push_stick()
            case "unplug":
                await self.keypad.unplug()
            case "replug":
                self.keypad.replug()
            case _ if action.startswith("press-"):
                await self.press(action.removeprefix("press-"))
            case _:
                raise RefusedError("no such action", 404)

    async def reset(self) -> None:
        await self.keypad.free()
        if not self.keypad.plugged:
            self.keypad.replug()

    def view(self) -> KeypadView:
        return KeypadView(
            failure=self.failure,
            active=bool(self.keypad.held),
            plugged=self.keypad.plugged or not self.started,
            held=self.keypad.held,
            presses=self.keypad.presses,
        )
