"""Trying a cabinet out: every part that is there, one after the other."""

from __future__ import annotations

import asyncio

from drivers.cabinet.driver import StandardCabinet
from drivers.cabinet.port import Cabinet, CabinetState, Light, Mains, Sensor
from drivers.status import Action
from drivers.trial import Console

HAND_S = 20.0  # to open a door, plug a headset in
DIM_S = 1.0  # long enough to be seen

# What a person does to make a sensor active, and what then to make it inactive again.
HANDS: dict[Sensor, tuple[str, str]] = {
    Sensor.DOOR: ("Open the door now", "Close the door now"),
    Sensor.SERVICE_DOOR: ("Open the service door now", "Close the service door now"),
    Sensor.TAMPER: ("Open the tamper switch now", "Close the tamper switch now"),
    Sensor.VIBRATION: ("Knock on the box now", "Leave the box alone now"),
    Sensor.PRESENCE: ("Stand before the terminal now", "Step away from the terminal now"),
    Sensor.HEADSET: ("Plug a headset in now", "Pull the headset out now"),
}


async def trial(device: Cabinet, console: Console, hand_s: float = HAND_S) -> bool:
    """See `drivers.trial`."""
    status = await device.refresh()
    state = device.state
    good = True
    for step in (_power, _climate, _disk):
        good &= step(state, console)
    for sensor in HANDS:
        if sensor in state.sensors:
            good &= await _sensor(device, sensor, console, hand_s)
    good &= await _lights(device, console)
    good &= await _screen_and_sound(device, console)
    status = await device.refresh()
    if status.action is not Action.NONE:
        console.say(f"Somebody must come ({status.action.value}): {status.detail}")
        good = False
    return good


def _power(state: CabinetState, console: Console) -> bool:
    if state.power is None:
        return True
    power = state.power
    left = "" if power.battery_percent is None else f", battery {power.battery_percent} %"
    lasts = "" if power.runtime_s is None else f" for {power.runtime_s // 60} min"
    console.say(f"Power supply: mains {power.mains.value}{left}{lasts}")
    if power.mains is Mains.UNKNOWN:
        console.say("The power supply is not heard: is its USB cable in, does `upsc` list it?")
    return power.mains is Mains.ONLINE


def _climate(state: CabinetState, console: Console) -> bool:
    if state.temperature_c is not None:
        console.say(f"Temperature: {state.temperature_c:g} °C")
    if (turns := state.sensors.get(Sensor.FAN)) is not None:
        console.say("Fan: turns" if turns else "Fan: stands still")
    return True  # whether that is too hot, or a fan that should turn, the status says


def _disk(state: CabinetState, console: Console) -> bool:
    if (disk := state.storage) is None:
        return True
    room = "unknown" if disk.free_bytes is None else f"{disk.free_bytes // (1024 * 1024)} MiB"
    wear = "not measured" if disk.wear_percent is None else f"{disk.wear_percent} % of its life used"
    console.say(f"Disk: {'can be written' if disk.writable else 'CANNOT BE WRITTEN'}, free {room}, {wear}")
    return disk.writable


async def _sensor(device: Cabinet, sensor: Sensor, console: Console, hand_s: float) -> bool:
    doing, undoing = HANDS[sensor]
    if device.state.sensors.get(sensor):
        console.say(f"{sensor.value} is active already: a broken wire, the wrong polarity, or really so")
        console.say(undoing)
        if not await _becomes(device, sensor, False, hand_s):
            console.say(f"{sensor.value}: stays active")
            return False
    for text, wanted in ((doing, True), (undoing, False)):
        console.say(text)
        if not await _becomes(device, sensor, wanted, hand_s):
            console.say(f"{sensor.value}: nothing seen")
            return False
    console.say(f"{sensor.value}: good")
    return True


async def _becomes(device: Cabinet, sensor: Sensor, wanted: bool, patience_s: float) -> bool:
    try:
        async with asyncio.timeout(patience_s):
            state = device.state
            while state.sensors.get(sensor) is not wanted:
                state = await device.changed(state)
    except TimeoutError:
        return False
    return True


async def _lights(device: Cabinet, console: Console) -> bool:
    parts = device.parts if isinstance(device, StandardCabinet) else None
    if parts is not None and parts.lights is None:
        return True
    good = True
    for light in parts.lights.present if parts is not None and parts.lights is not None else tuple(Light):
        await device.set_light(light, True)
        good &= await console.ask(f"Does the light at the {light.value} shine, and no other?")
        await device.set_light(light, False)
    return good


async def _screen_and_sound(device: Cabinet, console: Console) -> bool:
    good = True
    parts = device.parts if isinstance(device, StandardCabinet) else None
    if parts is None or parts.backlight is not None:
        await device.set_backlight(20)
        await asyncio.sleep(DIM_S)
        await device.set_backlight(100)
        good &= await console.ask("Did the screen go dim and bright again?")
    if parts is None or parts.volume is not None:
        await device.set_volume(30)
        console.say("Volume: 30 %")
    return good
