"""The cabinet as a whole."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from drivers.cabinet.driver import StandardCabinet
from drivers.cabinet.plugin import STANDARD
from drivers.cabinet.port import Light, Sensor
from drivers.status import Action, DeviceState
from drivers.virtual.cabinet_lines import Wire
from drivers.virtual.ups_server import UpsFault
from tests.drivers.link.waiting import until
from tests.faults.cabinet_bench import a_box


def open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


async def test_opened_and_closed_leaves_nothing_behind(tmp_path: Path) -> None:
    async with a_box(tmp_path) as box:
        await box.cabinet.close()
        assert box.cabinet.status.device is DeviceState.OFFLINE
        await until(lambda: len(asyncio.all_tasks()) == 1)
        files = open_files()
        for _ in range(3):
            await box.cabinet.open()
            await box.cabinet.open()
            await box.until(lambda c: c.status.ready)
            await box.cabinet.close()
            await box.cabinet.close()
        await until(lambda: len(asyncio.all_tasks()) == 1)
        await until(lambda: open_files() <= files)


async def test_one_parts_trouble_is_not_the_others(tmp_path: Path) -> None:
    async with a_box(tmp_path) as box:
        box.supply.fault = UpsFault.DRIVER_NOT_CONNECTED
        await box.until(lambda c: c.status.device is DeviceState.UNKNOWN)
        await box.lines.happen(Wire.DOOR, True)
        await box.until(lambda c: c.state.sensors[Sensor.DOOR])
        box.sysfs.set_temperature(60)
        await box.until(lambda c: c.state.temperature_c == 60)


async def test_closed_while_everything_is_broken(tmp_path: Path) -> None:
    async with a_box(tmp_path, healthy=False) as box:
        await box.lines.stop()
        await box.supply.stop()
        await box.cabinet.open()
        status = await box.cabinet.refresh()
        assert not status.ready
        await box.cabinet.close()
        await until(lambda: len(asyncio.all_tasks()) == 1)


async def test_refresh_asks_now(tmp_path: Path) -> None:
    async with a_box(tmp_path, "ups", "temperature", ups={"poll_s": 600}, temperature={"poll_s": 600}) as box:
        box.sysfs.set_temperature(90)
        box.supply.says("OL RB")
        status = await box.cabinet.refresh()
        assert set(status.detail.split("; ")) == {
            "too hot: over 80 °C",
            "battery of the power supply must be replaced",
        }


async def test_changed_tells_every_waiter(tmp_path: Path) -> None:
    async with a_box(tmp_path, "lines") as box:
        known = box.cabinet.state
        waiting = [asyncio.create_task(box.cabinet.changed(known)) for _ in range(3)]
        await asyncio.sleep(0.05)
        assert not any(each.done() for each in waiting)
        await box.lines.happen(Wire.PRESENCE, True)
        states = await asyncio.gather(*waiting)
        assert all(state.sensors[Sensor.PRESENCE] for state in states)
        assert await box.cabinet.changed(known) == states[0], "what is new already is not waited for"


async def test_lights_that_are_not_there_do_nothing(tmp_path: Path) -> None:
    async with a_box(tmp_path, "lights", lights={"chip": f"unix:{tmp_path / 'lines.sock'}"}) as box:
        for light in Light:
            await box.cabinet.set_light(light, True)
        assert len(box.lines.shining()) == len(Light)
        await box.cabinet.close()
        assert box.lines.shining() == []
        await box.cabinet.set_light(Light.SCANNER, True)
    bare = STANDARD.make(STANDARD.options())
    assert isinstance(bare, StandardCabinet)
    await bare.set_light(Light.SCANNER, True)
    await bare.set_backlight(50)
    await bare.set_volume(50)


async def test_a_bug_in_a_part_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    reported: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda loop, context: reported.append(context["exception"]))
    async with a_box(tmp_path, "temperature") as box:
        assert box.cabinet.parts.temperature is not None

        async def bug() -> None:
            raise ZeroDivisionError

        monkeypatch.setattr(box.cabinet.parts.temperature, "_look", bug)
        await box.until(lambda c: c.status.action is Action.MAINTENANCE)
        assert box.cabinet.status.detail == "temperature stopped by ZeroDivisionError"
        assert [type(error) for error in reported] == [ZeroDivisionError]
        await box.cabinet.refresh()


async def test_an_oscillating_wire_does_not_eat_the_processor(tmp_path: Path) -> None:
    """Thousands of edges a second are looked at some hundred times a second, and the loop stays free."""
    async with a_box(tmp_path, "lines") as box:
        looks = 0
        sensors = box.cabinet.parts.sensors
        assert sensors is not None
        publish = sensors._publish

        def counted(now: float) -> None:
            nonlocal looks
            looks += 1
            publish(now)

        sensors._publish = counted  # type: ignore[method-assign]
        loop = asyncio.get_running_loop()
        end, edges = loop.time() + 0.5, 0
        while loop.time() < end:
            box.lines._set(Wire.DOOR, edges % 2 == 0)
            edges += 1
            await asyncio.sleep(0)
        assert looks < 300
        assert edges > looks
        box.lines._set(Wire.DOOR, True)
        await box.until(lambda c: c.status.ready)
