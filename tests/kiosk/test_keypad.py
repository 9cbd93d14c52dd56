"""From the real keypad driver to the screen; and what of it is never written down."""

from __future__ import annotations

import asyncio
from pathlib import Path

from structlog.testing import capture_logs

from kiosk.keypad import pass_keys_on
from kiosk.keys import Key, KeyPress
from kiosk.loudness import Loudness
from tests.drivers.link.waiting import until
from tests.faults.keypad_bench import keypad_bench
from tests.kiosk.cabinets import FakeCabinet


async def test_every_key_reaches_the_screen_and_two_the_loudspeaker(tmp_path: Path) -> None:
    cabinet, pressed = FakeCabinet(), list[KeyPress]()
    loudness = Loudness(cabinet, 60)
    async with keypad_bench(tmp_path) as bench:
        task = asyncio.create_task(pass_keys_on(bench.keypad, pressed.append, loudness))
        for key in Key:
            await bench.device.press(key.value)
        await until(lambda: len(pressed) == len(Key))
        task.cancel()
    assert [press.key for press in pressed] == list(Key)
    await loudness.settled()
    assert {told[0] for told in cabinet.told} == {"volume"}
    assert loudness.percent == 60  # once up, once down


async def test_a_bug_on_one_screen_is_survived_and_no_key_is_logged(tmp_path: Path) -> None:
    pressed: list[Key] = []

    def press(given: KeyPress) -> None:
        pressed.append(given.key)
        raise LookupError(f"{given.key} {given}")

    with capture_logs() as logs:
        async with keypad_bench(tmp_path) as bench:
            task = asyncio.create_task(pass_keys_on(bench.keypad, press, Loudness(None, 60)))
            for digit in "4719":
                await bench.device.press(digit)
            await until(lambda: len(pressed) == 4)
            task.cancel()
    failed = [line for line in logs if line["event"] == "key_press_failed"]
    assert failed == [{"error": "LookupError", "event": "key_press_failed", "log_level": "error"}] * 4
    assert not any(f"{digit}" in str(line) for line in failed for digit in "4719")
