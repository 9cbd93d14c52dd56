"""The journal hangs on a dying disk: without it nothing may be paid or printed, so the program must start again. It
takes 30 s for the heart to be late, and then the watchdog's time (see `test_watchdog_ui_hung`).

Device: cabinet
Resident: (a screen that does not go on for 30 s and the watchdog's time, until the program starts again)
Staff: reset
"""

from __future__ import annotations

import asyncio

import pytest

from kiosk import vitals
from kiosk.vitals import watched
from tests.drivers.link.waiting import until
from tests.faults.resident import said
from tests.faults.watchdog_bench import Pulse, Systemd, systemd

__all__ = ["systemd"]


def test_the_time_is_true() -> None:
    assert f"{vitals.JOURNAL_S:g} s" in said(__doc__, "Resident")


@pytest.mark.parametrize("fails", [False, True])
async def test_the_program_is_started_again(systemd: Systemd, fails: bool) -> None:
    answers = asyncio.Event()
    answers.set()
    interface, devices = Pulse(), Pulse()

    async def journal() -> None:
        if fails and not answers.is_set():
            raise OSError("disk I/O error")
        await answers.wait()

    async with watched(systemd.notifier, interface, journal, devices):
        await until(systemd.fed)
        answers.clear()
        await systemd.until_hungry()
        answers.set()
        await until(systemd.fed)
        await interface.hang()
        await devices.hang()
