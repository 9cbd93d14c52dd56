"""The cabinet's keypad, worked by its hands, read by the real driver from the table the cabinet writes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from drivers.device import DeviceClass
from drivers.keypad.driver import EvdevKeypad
from drivers.keypad.port import Key
from drivers.manager import make_device
from drivers.status import Action, DeviceState
from drivers.virtual.cabinet.desk import RefusedError
from drivers.virtual.cabinet.events import EventLog
from drivers.virtual.cabinet.keypad_desk import ACTIONS, CHOICES, KeypadDesk, PressKey
from tests.drivers.link.waiting import PATIENCE_S, until


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[KeypadDesk]:
    found = KeypadDesk(tmp_path, 20.0, EventLog())
    await found.start()
    yield found
    await found.stop()


@pytest.fixture
async def keypad(desk: KeypadDesk) -> AsyncIterator[EvdevKeypad]:
    device = make_device(DeviceClass.KEYPAD, dict(desk.table()))
    assert isinstance(device, EvdevKeypad)
    await device.open()
    await until(lambda: device.status.ready)
    yield device
    await device.close()


async def pressed(keypad: EvdevKeypad) -> Key:
    async with asyncio.timeout(PATIENCE_S):
        return (await keypad.next_key()).key


async def test_every_key_of_the_choices(desk: KeypadDesk, keypad: EvdevKeypad) -> None:
    assert {choice.id for choice in CHOICES} == {key.value for key in Key}
    for choice in CHOICES:
        await desk.press(PressKey(key=choice.id))
        assert await pressed(keypad) == choice.id
    with pytest.raises(RefusedError):
        await desk.press("any")


async def test_every_action_and_its_way_back(desk: KeypadDesk, keypad: EvdevKeypad) -> None:
    for action in ACTIONS:
        await desk.act(action.id)
        if action.undo:
            await desk.act(action.undo)
    with pytest.raises(RefusedError):
        await desk.act("nonsense")
    await until(lambda: keypad.status.ready)


async def test_held_stuck_and_pulled_out(desk: KeypadDesk, keypad: EvdevKeypad) -> None:
    await desk.press(PressKey(key="help", held_s=1.0))
    assert await pressed(keypad) is Key.HELP
    await desk.act("stick")
    assert desk.view().held == ["down"]
    await until(lambda: keypad.status.action is Action.MAINTENANCE)
    await desk.act("unplug")
    assert not desk.view().plugged
    await until(lambda: keypad.status.device is DeviceState.OFFLINE)
    await desk.reset()
    assert desk.view().held == []
    await until(lambda: keypad.status.ready)


async def test_the_foot_of_the_page_shows_no_keys(desk: KeypadDesk) -> None:
    for key in "5199":
        await desk.press(key)
    assert {event.text for event in desk._events.newest()} == {"key pressed"}
    assert desk.view().presses == 4
    assert "5" not in repr(PressKey(key="5"))


async def test_a_desk_that_did_not_start_says_so(tmp_path: Path) -> None:
    desk = KeypadDesk(tmp_path, 1.0, EventLog())
    with pytest.raises(RefusedError):
        await desk.press("up")
    assert desk.view().plugged
