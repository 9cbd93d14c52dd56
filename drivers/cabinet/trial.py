"""Trying a cabinet out: every part that is there, one after the other."""

from __future__ import annotations

import asyncio

from drivers.cabinet.driver import StandardCabinet
from drivers.cabinet.port import Cabinet, CabinetState, Light, Mains, Sensor
from drivers.status import Action
from drivers.trial import Console, in_brackets
from drivers.words import ACTIONS

HAND_S = 20.0  # to open a door, plug a headset in
USUAL_VOLUME = 60  # percent; where the mixer does not say how loud it was
DIM_S = 1.0  # long enough to be seen

_SENSORS = {
    Sensor.DOOR: "柜门",
    Sensor.SERVICE_DOOR: "检修门",
    Sensor.TAMPER: "防拆开关",
    Sensor.VIBRATION: "震动",
    Sensor.PRESENCE: "人体感应",
    Sensor.HEADSET: "耳机",
    Sensor.FAN: "风扇",
}
_LIGHTS = {
    Light.ID_READER: "身份证读卡区",
    Light.CARD_SLOT: "银行卡口",
    Light.NOTE_SLOT: "纸币口",
    Light.DOCUMENT_TRAY: "A4 出纸口",
    Light.RECEIPT_TRAY: "凭条口",
    Light.SCANNER: "扫码窗口",
}
_MAINS = {
    Mains.ONLINE: "市电正常",
    Mains.ON_BATTERY: "停电，电池供电",
    Mains.BATTERY_LOW: "停电，电池快用完",
    Mains.UNKNOWN: "不明",
}

# What a person does to make a sensor active, and what then to make it inactive again.
HANDS: dict[Sensor, tuple[tuple[str, str], tuple[str, str]]] = {
    Sensor.DOOR: (("请打开柜门", "Open the door now"), ("请关上柜门", "Close the door now")),
    Sensor.SERVICE_DOOR: (
        ("请打开检修门", "Open the service door now"),
        ("请关上检修门", "Close the service door now"),
    ),
    Sensor.TAMPER: (
        ("请松开防拆开关", "Open the tamper switch now"),
        ("请压住防拆开关", "Close the tamper switch now"),
    ),
    Sensor.VIBRATION: (("请敲一下机柜", "Knock on the box now"), ("请别碰机柜", "Leave the box alone now")),
    Sensor.PRESENCE: (
        ("请站到终端前", "Stand before the terminal now"),
        ("请离开终端前", "Step away from the terminal now"),
    ),
    Sensor.HEADSET: (("请插上耳机", "Plug a headset in now"), ("请拔下耳机", "Pull the headset out now")),
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
        console.say(
            f"机柜还有问题：{ACTIONS[status.action]}",
            f"The cabinet still has trouble: {status.action.value}{in_brackets(status.detail)}",
        )
        good = False
    return good


def _power(state: CabinetState, console: Console) -> bool:
    if state.power is None:
        return True
    power = state.power
    zh, en = f"电源：{_MAINS[power.mains]}", f"Power supply: mains {power.mains.value}"
    if power.battery_percent is not None:
        zh, en = f"{zh}，电池 {power.battery_percent} %", f"{en}, battery {power.battery_percent} %"
    if power.runtime_s is not None:
        zh, en = f"{zh}，可撑 {power.runtime_s // 60} 分钟", f"{en} for {power.runtime_s // 60} min"
    console.say(zh, en)
    if power.mains is Mains.UNKNOWN:
        console.say(
            "没有电源的消息：USB 线插好了吗？`upsc` 列得出它吗？",
            "The power supply is not heard: is its USB cable in, does `upsc` list it?",
        )
    return power.mains is Mains.ONLINE


def _climate(state: CabinetState, console: Console) -> bool:
    if state.temperature_c is not None:
        console.say(f"温度：{state.temperature_c:g} °C", f"Temperature: {state.temperature_c:g} °C")
    if (turns := state.sensors.get(Sensor.FAN)) is not None:
        console.say(*(("风扇：在转", "Fan: turns") if turns else ("风扇：不转", "Fan: stands still")))
    return True  # whether that is too hot, or a fan that should turn, the status says


def _disk(state: CabinetState, console: Console) -> bool:
    if (disk := state.storage) is None:
        return True
    zh, en = ("可写", "can be written") if disk.writable else ("不能写！", "CANNOT BE WRITTEN")
    if disk.free_bytes is not None:
        room = f"{disk.free_bytes // (1024 * 1024)} MiB"
        zh, en = f"{zh}，剩余 {room}", f"{en}, free {room}"
    if disk.wear_percent is not None:
        zh, en = f"{zh}，寿命已用 {disk.wear_percent} %", f"{en}, {disk.wear_percent} % of its life used"
    console.say(f"硬盘：{zh}", f"Disk: {en}")
    return disk.writable


async def _sensor(device: Cabinet, sensor: Sensor, console: Console, hand_s: float) -> bool:
    doing, undoing = HANDS[sensor]
    name = _SENSORS[sensor]
    if device.state.sensors.get(sensor):
        console.say(
            f"{name}：一开始就有信号。断线、极性设反，或确实如此",
            f"{sensor.value} is active already: a broken wire, the wrong polarity, or really so",
        )
        console.say(*undoing)
        if not await _becomes(device, sensor, False, hand_s):
            console.say(f"{name}：信号一直在", f"{sensor.value}: stays active")
            return False
    for hand, wanted in ((doing, True), (undoing, False)):
        console.say(*hand)
        if not await _becomes(device, sensor, wanted, hand_s):
            console.say(f"{name}：没有反应", f"{sensor.value}: nothing seen")
            return False
    console.say(f"{name}：好", f"{sensor.value}: good")
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
        good &= await console.ask(
            f"{_LIGHTS[light]}的灯亮了，别的灯都没亮，对吗？",
            f"Does the light at the {light.value} shine, and no other?",
        )
        await device.set_light(light, False)
    return good


async def _screen_and_sound(device: Cabinet, console: Console) -> bool:
    good = True
    parts = device.parts if isinstance(device, StandardCabinet) else None
    if parts is None or parts.backlight is not None:
        await device.set_backlight(20)
        await asyncio.sleep(DIM_S)
        await device.set_backlight(100)
        good &= await console.ask("屏幕变暗又变亮了吗？", "Did the screen go dim and bright again?")
    if parts is None or parts.volume is not None:
        before = await parts.volume.loudness() if parts is not None and parts.volume is not None else None
        await device.set_volume(30)
        console.say("音量：30 %", "Volume: 30 %")
        await device.set_volume(USUAL_VOLUME if before is None else before)
    return good
