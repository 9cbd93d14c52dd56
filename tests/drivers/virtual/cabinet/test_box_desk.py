"""The box's desk: every button moves what the kiosk's driver then sees."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from drivers.cabinet.driver import StandardCabinet
from drivers.cabinet.port import CabinetState, Light, Mains, Sensor
from drivers.manager import read_devices
from drivers.virtual.cabinet import devices_file
from drivers.virtual.cabinet.box_desk import ACTIONS, BoxDesk
from drivers.virtual.cabinet.desk import RefusedError
from drivers.virtual.cabinet.events import EventLog
from drivers.virtual.cabinet.named import Named
from drivers.virtual.power_supply import missing_programs
from tests.drivers.link.waiting import until

pytestmark = pytest.mark.skipif(bool(missing_programs()), reason="nut-server is not installed")


def _is(sensor: Sensor, active: bool) -> Callable[[CabinetState], bool]:
    return lambda state: state.sensors.get(sensor) is active


def _mains(mains: Mains) -> Callable[[CabinetState], bool]:
    return lambda state: state.power is not None and state.power.mains is mains


# Action, what the driver sees of it, and of its undoing.
SEEN: dict[str, tuple[Callable[[CabinetState], bool], Callable[[CabinetState], bool]]] = {
    "door-open": (_is(Sensor.DOOR, True), _is(Sensor.DOOR, False)),
    "service-door-open": (_is(Sensor.SERVICE_DOOR, True), _is(Sensor.SERVICE_DOOR, False)),
    "tamper": (_is(Sensor.TAMPER, True), _is(Sensor.TAMPER, False)),
    "headset-in": (_is(Sensor.HEADSET, True), _is(Sensor.HEADSET, False)),
    "person-near": (_is(Sensor.PRESENCE, True), _is(Sensor.PRESENCE, False)),
    "fan-stop": (_is(Sensor.FAN, False), _is(Sensor.FAN, True)),
    "cut-door-wire": (_is(Sensor.DOOR, True), _is(Sensor.DOOR, False)),
    "lines-unplug": (lambda state: Sensor.DOOR not in state.sensors, _is(Sensor.DOOR, False)),
    "hot": (lambda state: (state.temperature_c or 0) > 90, lambda state: (state.temperature_c or 99) < 50),
    "disk-worn": (
        lambda state: state.storage is not None and state.storage.wear_percent == 100,
        lambda state: state.storage is not None and state.storage.wear_percent == 10,
    ),
    "supply-unplug": (_mains(Mains.UNKNOWN), _mains(Mains.ONLINE)),
    "mains-off": (_mains(Mains.ON_BATTERY), _mains(Mains.ONLINE)),
    "battery-low": (_mains(Mains.BATTERY_LOW), _mains(Mains.ONLINE)),
}


OF_SUPPLY = {"supply-unplug", "mains-off", "battery-low"}


async def test_every_button(tmp_path: Path) -> None:
    desk = BoxDesk(tmp_path / "box", 20, EventLog())
    await desk.start()
    assert desk.failure == ""
    table = desk.table()
    table["storage"] |= {"poll_s": 0.1, "wear_s": 0.1}  # type: ignore[operator]
    table["temperature"] |= {"poll_s": 0.1}  # type: ignore[operator]
    table["ups"] |= {"poll_s": 0.1, "silent_after_s": 0.2}  # type: ignore[operator]
    table["lines"] |= {"fan": {"line": "fan", "debounce_ms": 30}}  # type: ignore[operator]
    devices_file.write(tmp_path / "devices.toml", {"cabinet": table})
    cabinet = read_devices(tmp_path / "devices.toml").cabinet
    assert isinstance(cabinet, StandardCabinet)
    await cabinet.open()
    try:
        await until(lambda: cabinet.status.ready)
        shown = [action for action in ACTIONS if action.undo]
        assert {action.id for action in shown} == set(SEEN)

        async def there_and_back(actions: list[Named]) -> None:
            for action in actions:
                done, undone = SEEN[action.id]
                await desk.act(action.id)
                assert pressed(desk, action.on), f"{action.id} does not show as pressed"
                await until(lambda: done(cabinet.state))  # noqa: B023 - awaited here
                await desk.act(action.undo)
                assert not pressed(desk, action.on)
                await until(lambda: undone(cabinet.state))  # noqa: B023 - awaited here

        # The supply's own driver looks once a second: the rest is tried meanwhile.
        of_supply = [action for action in shown if action.id in OF_SUPPLY]
        await asyncio.gather(there_and_back(of_supply), there_and_back([a for a in shown if a not in of_supply]))
        await desk.act("shake")
        await until(lambda: cabinet.status.counters["vibrations"] == 1)
        await cabinet.set_light(Light.SCANNER, True)
        await cabinet.set_backlight(20)
        await cabinet.set_volume(35)
        view = desk.view()
        assert (view.lights, view.brightness, view.volume) == (["scanner"], 20, 35)
        for action in shown:
            if action.id != "supply-unplug":  # seconds, and undone by the same act as above
                await desk.act(action.id)
        await desk.reset()
        assert not [action.id for action in ACTIONS if action.on and pressed(desk, action.on)]
        await until(lambda: cabinet.status.ready)
        with pytest.raises(RefusedError):
            await desk.act("dance")
    finally:
        await cabinet.close()
        await desk.stop()
    assert desk.view().failure == ""


def pressed(desk: BoxDesk, condition: str) -> bool:
    """As the page understands "box.door=open"."""
    path, _, wanted = condition.removeprefix("box.").partition("=")
    value = desk.view().model_dump(mode="json")[path]
    return wanted in value if isinstance(value, list) else str(value).lower() == wanted


async def test_a_desk_that_cannot_start_says_why(tmp_path: Path) -> None:
    desk = BoxDesk(tmp_path / ("x" * 120), 1, EventLog())
    await desk.start()
    assert desk.failure
    with pytest.raises(RefusedError):
        await desk.act("mains-off")
    assert desk.view().failure == desk.failure
    await desk.stop()
