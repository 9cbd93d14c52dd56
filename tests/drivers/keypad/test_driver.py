"""The driver on a simulated keypad."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import structlog

from drivers.keypad.driver import EvdevKeypad, KeypadSettings
from drivers.keypad.port import Key, KeyPress
from drivers.keypad.presses import KeyTimings
from drivers.link.input_events import open_input
from drivers.link.supervise import Backoff
from drivers.link.trace import Traced, watch
from drivers.status import Action, DeviceState
from drivers.virtual.keypad import KEYS, VirtualKeypad
from drivers.virtual.pty import Delivery
from tests.drivers.link.replugging import number_taken
from tests.drivers.link.waiting import PATIENCE_S, until

QUICK = Backoff(0.02, 0.1)


@pytest.fixture
async def device(tmp_path: Path) -> AsyncIterator[VirtualKeypad]:
    virtual = VirtualKeypad(tmp_path / "dev" / "keypad", speed=20)
    await virtual.start()
    yield virtual
    await virtual.stop()


def driver_for(device: VirtualKeypad, **options: object) -> EvdevKeypad:
    return EvdevKeypad(KeypadSettings(str(device.input.pty.path), backoff=QUICK, **options))  # type: ignore[arg-type]


@pytest.fixture
async def keypad(device: VirtualKeypad) -> AsyncIterator[EvdevKeypad]:
    driver = driver_for(device)
    await driver.open()
    await until(lambda: driver.status.ready)
    yield driver
    await driver.close()


async def pressed(keypad: EvdevKeypad) -> KeyPress:
    async with asyncio.timeout(PATIENCE_S):
        return await keypad.next_key()


async def test_every_key(device: VirtualKeypad, keypad: EvdevKeypad) -> None:
    assert set(KEYS) == {key.value for key in Key}
    for name in KEYS:
        await device.press(name)
        assert await pressed(keypad) == KeyPress(Key(name))


async def test_a_row_of_keys_keeps_its_order(device: VirtualKeypad, keypad: EvdevKeypad) -> None:
    for digit in "519999":
        await device.press(digit)
        await device.input.rest(0.2)
    assert [(await pressed(keypad)).key.value for _ in range(6)] == list("519999")


async def test_on_a_bad_line(device: VirtualKeypad, keypad: EvdevKeypad) -> None:
    device.input.delivery = Delivery(noise=b"\xff\xfe\xfd", byte_by_byte=True)
    await device.press("help")
    assert (await pressed(keypad)).key is Key.HELP


async def test_a_trembling_finger(device: VirtualKeypad, keypad: EvdevKeypad) -> None:
    await device.tremble("confirm")
    await device.press("back")
    assert [(await pressed(keypad)).key for _ in range(2)] == [Key.CONFIRM, Key.BACK]
    assert keypad.status.counters["keys_bounced"] == 2


async def test_a_key_held_down_is_flagged(device: VirtualKeypad, keypad: EvdevKeypad) -> None:
    await device.hold("down")
    assert await pressed(keypad) == KeyPress(Key.DOWN)
    assert await pressed(keypad) == KeyPress(Key.DOWN, repeated=True)
    await device.release("down")


async def test_keys_of_its_own(device: VirtualKeypad) -> None:
    keypad = driver_for(device, keys={"KEY_F1": Key.HOME, "KEY_F9": Key.REPEAT, "KEY_ESC": None})
    await keypad.open()
    await until(lambda: keypad.status.ready)
    await device.press("help")
    await device.press("back")
    await device.press_unknown()
    assert [(await pressed(keypad)).key for _ in range(2)] == [Key.HOME, Key.REPEAT]
    assert keypad.status.counters["keys_unknown"] == 1
    await keypad.close()


async def test_keys_nobody_waited_for_are_forgotten(device: VirtualKeypad) -> None:
    keypad = driver_for(device, timings=KeyTimings(forget=0.1))
    await keypad.open()
    await until(lambda: keypad.status.ready)
    await device.press("5")
    await until(lambda: keypad._waiting)
    await until(lambda: not keypad._waiting)  # by itself: it may have been part of a PIN
    waiting = asyncio.create_task(pressed(keypad))
    await device.press("confirm")
    assert (await waiting).key is Key.CONFIRM
    await device.press("5")
    await keypad.close()
    assert not keypad._waiting


async def test_only_so_many_keys_wait(device: VirtualKeypad, keypad: EvdevKeypad) -> None:
    for _ in range(40):
        await device.press("up")
        await device.press("down")
    await until(lambda: keypad.status.counters["keys_pressed"] == 80)
    assert len(keypad._waiting) <= 32


async def test_a_cancelled_wait_takes_no_key(device: VirtualKeypad, keypad: EvdevKeypad) -> None:
    for _ in range(3):
        waiting = asyncio.create_task(keypad.next_key())
        await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
    await device.press("confirm")
    assert (await pressed(keypad)).key is Key.CONFIRM


async def test_a_stuck_key_is_told_and_forgiven(device: VirtualKeypad) -> None:
    keypad = driver_for(device, timings=KeyTimings(stuck=0.2))
    await keypad.open()
    await until(lambda: keypad.status.ready)
    await device.stick("louder")
    await until(lambda: keypad.status.action is Action.MAINTENANCE)
    assert "louder" in keypad.status.detail
    assert keypad.status.ready
    await device.press("confirm")
    while (await pressed(keypad)).key is not Key.CONFIRM:
        pass
    await device.free()
    await until(lambda: keypad.status.action is Action.NONE)
    await device.stick("7")
    await until(lambda: keypad.status.action is Action.MAINTENANCE)
    assert "7" not in keypad.status.detail
    await keypad.close()


async def test_unplugged_with_a_key_down_and_back(device: VirtualKeypad, keypad: EvdevKeypad) -> None:
    await device.hold("up")
    assert (await pressed(keypad)).key is Key.UP
    waiting = asyncio.create_task(pressed(keypad))
    before = device.input.pty.tty
    await device.unplug()
    await until(lambda: keypad.status.device is DeviceState.OFFLINE)
    assert keypad.status.action is Action.MAINTENANCE
    assert not waiting.done()
    with number_taken(before):
        device.replug()
        assert device.input.pty.tty != before
        await until(lambda: keypad.status.ready)
        await device.press("confirm")
        assert (await waiting).key is Key.CONFIRM


async def test_taken_by_another_program(device: VirtualKeypad) -> None:
    other = await open_input(str(device.input.pty.path))
    keypad = driver_for(device)
    await keypad.open()
    await until(lambda: "taken by another program" in keypad.status.detail)
    await other.close()
    await until(lambda: keypad.status.ready)
    await keypad.close()


async def test_a_mouse_beside_the_keys(device: VirtualKeypad, keypad: EvdevKeypad) -> None:
    await device.push_stick()
    await device.press("help")
    assert (await pressed(keypad)).key is Key.HELP


async def test_no_key_reaches_log_or_trace(device: VirtualKeypad, keypad: EvdevKeypad) -> None:
    frames: list[Traced] = []
    with structlog.testing.capture_logs() as lines, watch(frames.append):
        for key in ("5", "1", "home"):
            await device.press(key)
            await pressed(keypad)
        await device.press_unknown()
        await until(lambda: keypad.status.counters["keys_unknown"])
    assert lines == []
    downs = [frame for frame in frames if frame.label != "key"]
    assert [frame.label for frame in downs] == ["digit", "digit", "home", "key without meaning KEY_F9"]
    assert downs[0].data == downs[1].data == (1, 0, None, None, 1, 0, 0, 0)
    assert "5" not in repr(KeyPress(Key.DIGIT_5))


async def test_open_and_close_leave_nothing(device: VirtualKeypad) -> None:
    before = len(list(Path("/proc/self/fd").iterdir()))
    tasks = len(asyncio.all_tasks())
    keypad = driver_for(device)
    for _ in range(3):
        await keypad.open()
        await keypad.open()
        await until(lambda: keypad.status.ready)
        await keypad.close()
        await keypad.close()
    assert len(list(Path("/proc/self/fd").iterdir())) == before
    assert len(asyncio.all_tasks()) == tasks
