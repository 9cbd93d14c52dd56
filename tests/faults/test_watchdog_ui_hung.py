"""The interface hangs while the rest of the program lives: nobody would notice, but for the watchdog. It takes 15 s for
the heart to be late, and then what systemd's `WatchdogSec=` says, or 30 s of the kernel's; the terminal must run under
one of them (its systemd unit comes with the provisioning).

Device: cabinet
Resident: (a screen that stands still for 15 s and the watchdog's time, until the program starts again)
Staff: reset
"""

from __future__ import annotations

from kiosk import vitals
from kiosk.vitals import watched
from tests.drivers.link.waiting import until
from tests.faults.resident import said
from tests.faults.watchdog_bench import Pulse, Systemd, systemd

__all__ = ["systemd"]


def test_the_times_are_true() -> None:
    assert f"{vitals.INTERFACE_S:g} s" in said(__doc__, "Resident")
    assert f"{vitals.KERNEL_S} s of the kernel's" in __doc__


async def test_the_program_is_started_again(systemd: Systemd) -> None:
    interface, devices = Pulse(), Pulse()

    async def journal() -> None:
        return None

    async with watched(systemd.notifier, interface, journal, devices):
        await until(systemd.fed)
        await interface.hang()
        await systemd.until_hungry()
        assert not systemd.fed()
        await devices.hang()
