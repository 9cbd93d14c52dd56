"""`menkou devices test cabinet`, with a technician made of software."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from drivers.cabinet import trial as cabinet_trial
from drivers.cabinet.trial import trial
from drivers.virtual.cabinet_lines import Wire
from drivers.virtual.ups_server import UpsFault
from tests.drivers.technician.bilingual import english
from tests.faults.cabinet_bench import Box, a_box

HANDS = {
    "Open the door now": (Wire.DOOR, True),
    "Close the door now": (Wire.DOOR, False),
    "Open the service door now": (Wire.SERVICE_DOOR, True),
    "Close the service door now": (Wire.SERVICE_DOOR, False),
    "Open the tamper switch now": (Wire.TAMPER, True),
    "Close the tamper switch now": (Wire.TAMPER, False),
    "Knock on the box now": (Wire.VIBRATION, True),
    "Leave the box alone now": (Wire.VIBRATION, False),
    "Stand before the terminal now": (Wire.PRESENCE, True),
    "Step away from the terminal now": (Wire.PRESENCE, False),
    "Plug a headset in now": (Wire.HEADSET, True),
    "Pull the headset out now": (Wire.HEADSET, False),
}
QUICK = {wire.value: {"line": wire.value, "debounce_ms": 20} for wire in Wire}


class Technician:
    """Does what the console says."""

    def __init__(self, box: Box, answer: Callable[[str], bool] = lambda question: True) -> None:
        self.box = box
        self.answer = answer
        self.said: list[str] = []
        self.shone: list[list[str]] = []
        self._hands: set[asyncio.Task[None]] = set()
        self.lame: set[Wire] = set()

    def say(self, zh: str, en: str) -> None:
        self.said.append(english(zh, en))
        text = self.said[-1]
        if text in HANDS and HANDS[text][0] not in self.lame:
            hand = asyncio.create_task(self.box.lines.happen(*HANDS[text]))
            self._hands.add(hand)
            hand.add_done_callback(self._hands.discard)

    async def ask(self, zh: str, en: str) -> bool:
        self.shone.append(self.box.lines.shining())
        return self.answer(english(zh, en))


async def test_a_good_cabinet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cabinet_trial, "DIM_S", 0.01)
    sysfs = str(tmp_path / "sys")
    extra: dict[str, Any] = {"backlight": {"sysfs": sysfs}, "volume": {"program": str(tmp_path / "mixer")}}
    async with a_box(tmp_path, lines=QUICK, **extra) as box:
        technician = Technician(box)
        await box.cabinet.set_volume(75)
        assert await trial(box.cabinet, technician, hand_s=20)
        assert "Volume: 30 %" in technician.said
        assert technician.said[0] == "Power supply: mains online, battery 100 % for 30 min"
        assert "Temperature: 41 °C" in technician.said
        assert "Fan: turns" in technician.said
        assert [line for line in technician.said if line.endswith(": good")] == [
            f"{name}: good" for name in ("door", "service-door", "tamper", "vibration", "presence", "headset")
        ]
        lit = [["id-reader"], ["card-slot"], ["note-slot"], ["document-tray"], ["receipt-tray"], ["scanner"]]
        assert technician.shone == [*lit, []]
        assert (box.sysfs.brightness, box.sysfs.volume) == (100, 75), "as loud as before"


async def test_a_bad_one(tmp_path: Path) -> None:
    async with a_box(tmp_path, "ups", "lines", lines=QUICK) as box:
        box.supply.fault = UpsFault.DATA_STALE
        await box.until(lambda c: "not heard" in c.status.detail)
        technician = Technician(box)
        technician.lame = {Wire.HEADSET}
        box.lines.cut(Wire.TAMPER)
        await box.until(lambda c: "tamper" in c.status.detail)
        assert not await trial(box.cabinet, technician, hand_s=0.3)
        assert "headset: nothing seen" in technician.said
        assert "tamper: stays active" in technician.said
        assert "door: good" in technician.said
        assert technician.said[-1].startswith("The cabinet still has trouble: maintenance (tamper loop open")


async def test_a_dark_light_fails_it(tmp_path: Path) -> None:
    async with a_box(tmp_path, "lights", lights={"chip": f"unix:{tmp_path / 'lines.sock'}"}) as box:
        assert not await trial(box.cabinet, Technician(box, lambda question: "scanner" not in question))
        assert await trial(box.cabinet, Technician(box))
