"""The I/O board is pulled out, and put back.

Device: cabinet
Resident: (nothing: services go on)
Staff: maintenance
"""

from __future__ import annotations

from pathlib import Path

import pytest

from drivers.cabinet import socket_lines
from drivers.cabinet.port import Light, Sensor
from tests.faults.cabinet_bench import a_box
from tests.faults.resident import staff


async def test_comes_back_with_its_lights(tmp_path: Path) -> None:
    async with a_box(tmp_path, "lines", "lights") as box:
        await box.cabinet.set_light(Light.SCANNER, True)
        assert box.lines.shining() == ["scanner"]
        await box.lines.stop()
        await box.until(lambda c: not c.status.ready)
        staff(__doc__, box.cabinet.status)
        assert box.cabinet.state.sensors == {}
        await box.cabinet.set_light(Light.SCANNER, False)
        await box.cabinet.set_light(Light.CARD_SLOT, True)  # remembered until there is a lamp again
        await box.lines.start()
        await box.until(lambda c: c.status.ready)
        assert box.cabinet.state.sensors[Sensor.DOOR] is False
        assert box.lines.shining() == ["card-slot"]


async def test_a_board_that_hangs_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket_lines, "ANSWER_S", 0.3)
    async with a_box(tmp_path, "lines") as box:
        box.lines.go_silent()
        await box.until(lambda c: "does not answer" in c.status.detail)
        staff(__doc__, box.cabinet.status)
        box.lines.go_silent(False)
        await box.until(lambda c: c.status.ready)
