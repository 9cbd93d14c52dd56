"""The box itself: mains, doors and contacts, lamps, heat, disk."""

from __future__ import annotations

import asyncio
from pathlib import Path

from pydantic import Field

from drivers.virtual.box_sysfs import CHIP, DISK, PANEL, VirtualSysfs
from drivers.virtual.cabinet.desk import Desk, RefusedError
from drivers.virtual.cabinet.devices_file import Table
from drivers.virtual.cabinet.events import EventLog
from drivers.virtual.cabinet.named import Named
from drivers.virtual.cabinet.state import DeviceView
from drivers.virtual.cabinet_lines import LAMPS, VirtualLines, Wire
from drivers.virtual.power_supply import NAME, VirtualPowerSupply

ON_BATTERY_AFTER_S = 10.0  # at speed 1
COOL_C, HOT_C = 41.0, 92.0
NEW_DISK, WORN_DISK = 10, 95  # percent of its life used


def _pair(name: str, undo: str, on: str, zh: tuple[str, str], en: tuple[str, str]) -> Named:
    return Named(
        id=name,
        label_zh=zh[0],
        label_en=en[0],
        on=f"box.{on}",
        undo=undo,
        undo_zh=zh[1],
        undo_en=en[1],
    )


ACTIONS = (
    _pair("mains-off", "mains-on", "mains=false", ("停电", "来电"), ("Mains off", "Mains on")),
    _pair("battery-low", "mains-on", "battery_low=true", ("电池将尽", "来电"), ("Battery low", "Mains on")),
    _pair(
        "supply-unplug", "supply-replug", "supply_plugged=false", ("拔电源数据线", "插回"), ("Supply's cable out", "In")
    ),
    _pair("door-open", "door-close", "active_wires=door", ("开门", "关门"), ("Open the door", "Close the door")),
    _pair(
        "service-door-open",
        "service-door-close",
        "active_wires=service-door",
        ("开检修门", "关检修门"),
        ("Open the service door", "Close the service door"),
    ),
    _pair("tamper", "tamper-end", "active_wires=tamper", ("撬箱", "复原"), ("Tamper", "Put right")),
    Named(id="shake", label_zh="摇晃", label_en="Shake"),
    _pair("headset-in", "headset-out", "active_wires=headset", ("插耳机", "拔耳机"), ("Headset in", "Headset out")),
    _pair("person-near", "person-away", "active_wires=presence", ("有人走近", "走开"), ("Somebody comes", "Goes away")),
    _pair("fan-stop", "fan-start", "fan_turns=false", ("风扇停转", "风扇转动"), ("Stop the fan", "Start the fan")),
    _pair("hot", "cool", "hot=true", ("过热", "降温"), ("Too hot", "Cool")),
    _pair("disk-worn", "disk-new", "disk_worn=true", ("硬盘老化", "换硬盘"), ("Disk worn", "New disk")),
    _pair("cut-door-wire", "mend-wires", "door_wire_cut=true", ("剪断门线", "接好"), ("Cut the door's wire", "Mend")),
    _pair("lines-unplug", "lines-replug", "plugged=false", ("拔接口板", "插回"), ("I/O board out", "In")),
)

_CONTACTS: dict[str, tuple[Wire, bool]] = {
    "door-open": (Wire.DOOR, True),
    "door-close": (Wire.DOOR, False),
    "service-door-open": (Wire.SERVICE_DOOR, True),
    "service-door-close": (Wire.SERVICE_DOOR, False),
    "tamper": (Wire.TAMPER, True),
    "tamper-end": (Wire.TAMPER, False),
    "headset-in": (Wire.HEADSET, True),
    "headset-out": (Wire.HEADSET, False),
    "person-near": (Wire.PRESENCE, True),
    "person-away": (Wire.PRESENCE, False),
    "fan-stop": (Wire.FAN, False),
    "fan-start": (Wire.FAN, True),
}


class BoxView(DeviceView):
    """`plugged`: the I/O board; `active_wires`: sensors that say "open", "somebody there", "in"."""

    mains: bool = True
    battery_low: bool = False
    battery_percent: int = 100
    supply_plugged: bool = True
    active_wires: list[str] = Field(default_factory=list)
    door_wire_cut: bool = False
    fan_turns: bool = True
    temperature: float = COOL_C
    hot: bool = False
    disk_worn: bool = False
    lights: list[str] = Field(default_factory=list)  # that shine
    brightness: int = 100  # percent
    volume: int = 0  # percent


class BoxDesk(Desk):
    """`run`: a folder of its own; its path must be short enough for sockets in it."""

    name = "box"

    def __init__(self, run: Path, speed: float, events: EventLog) -> None:
        super().__init__(events)
        self._run = run.absolute()
        self._speed = speed
        self.supply = VirtualPowerSupply(self._run / "power", on_event=self.event)
        self.lines = VirtualLines(self._run / "lines.sock", speed=speed, on_event=self.event)
        self.sysfs = VirtualSysfs(self._run)
        self._cut: set[Wire] = set()

    async def _start(self) -> None:
        await asyncio.to_thread(self.sysfs.create)
        await self.lines.start()
        try:
            await self.supply.start()
        except BaseException:
            await self.lines.stop()
            raise

    async def _stop(self) -> None:
        await self.lines.stop()
        await self.supply.stop()

    def table(self) -> Table:
        root = str(self.sysfs.root)
        return {
            "driver": "standard",
            "ups": {
                "host": "127.0.0.1",
                "port": self.supply.port,
                "ups": NAME,
                "poll_s": 1.0,
                "on_battery_after_s": ON_BATTERY_AFTER_S / self._speed,
            },
            "lines": {
                "chip": f"unix:{self.lines.path}",
                **{wire.value: {"line": wire.value} for wire in Wire},
            },
            "lights": {lamp: {"line": lamp} for lamp in LAMPS},
            "backlight": {"name": PANEL, "sysfs": root},
            "volume": {"program": str(self.sysfs.mixer)},
            "storage": {"path": str(self._run), "disk": DISK, "sysfs": root, "poll_s": 2.0, "wear_s": 2.0},
            "temperature": {"sensor": CHIP, "sysfs": root, "poll_s": 1.0},
        }

    async def act(self, action: str) -> None:
        self.need()
        if action in _CONTACTS:
            await self.lines.happen(*_CONTACTS[action])
            return
        match action:
            case "mains-off":
                await self.supply.mains_off()
            case "mains-on":
                await self.supply.mains_on()
            case "battery-low":
                await self.supply.battery_low()
            case "supply-unplug":
                await self.supply.unplug()
            case "supply-replug":
                await self.supply.replug()
            case "shake":
                await self.lines.shake()
            case "hot" | "cool":
                await asyncio.to_thread(self.sysfs.set_temperature, HOT_C if action == "hot" else COOL_C)
                self.event("too hot" if action == "hot" else "temperature normal")
            case "disk-worn" | "disk-new":
                await asyncio.to_thread(self.sysfs.set_disk_wear, WORN_DISK if action == "disk-worn" else NEW_DISK)
                self.event("disk worn" if action == "disk-worn" else "new disk")
            case "cut-door-wire":
                self._cut.add(Wire.DOOR)
                self.lines.cut(Wire.DOOR)
            case "mend-wires":
                self._cut.clear()
                self.lines.mend()
            case "lines-unplug":
                await self.lines.stop()
                self.event("I/O board pulled out")
            case "lines-replug":
                await self.lines.start()
                self.event("I/O board plugged in")
            case _:
                raise RefusedError("no such action", 404)

    async def reset(self) -> None:
        for action in ("supply-replug", "lines-replug", "mains-on", "cool", "disk-new", "mend-wires"):
            await self.act(action)
        for wire in Wire:
            await self.lines.happen(wire, wire is Wire.FAN)

    def view(self) -> BoxView:
        if not self.started:
            return BoxView(failure=self.failure)
        seen, lines, supply = self.sysfs, self.lines, self.supply
        return BoxView(
            failure=self.failure,
            plugged=lines.plugged,
            active=bool(lines.shining()),
            mains=supply.mains,
            battery_low=supply.low,
            battery_percent=supply.battery_percent,
            supply_plugged=supply.plugged,
            active_wires=[wire.value for wire in Wire if wire is not Wire.FAN and lines.active(wire)],
            door_wire_cut=Wire.DOOR in self._cut,
            fan_turns=lines.active(Wire.FAN),
            temperature=seen.temperature,
            hot=seen.temperature >= HOT_C,
            disk_worn=seen.disk_wear > NEW_DISK,
            lights=lines.shining(),
            brightness=seen.brightness,
            volume=seen.volume,
        )
