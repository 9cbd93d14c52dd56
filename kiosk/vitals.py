"""Lets systemd restart the program, or the kernel's watchdog the machine, when a part of the program hangs: they are
fed only while interface, journal and the care for the devices are alive.

Without `Type=notify` and `WatchdogSec=` around it and without `MENKOU_KIOSK_WATCHDOG`, as on a developer's machine,
nothing runs.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import structlog

from drivers.cabinet.kernel_watchdog import KernelWatchdog
from drivers.cabinet.sd_notify import SystemdNotifier
from drivers.cabinet.watchdog import Feeder, Heartbeats, Watchdog, keep_beating

log = structlog.get_logger()

INTERFACE_S = 15.0  # the interface beats every second; a new screen may take one, a slow disk a few
JOURNAL_S = 30.0  # longer than SQLite waits for a lock
JOURNAL_EVERY_S = 5.0
DEVICES_S = 900.0  # a round of questions takes 12 s at the longest; but recovery waits half a minute for each slip
KERNEL_S = 30  # what the kernel's watchdog is asked to wait

OnBeat = Callable[[Callable[[], None]], None]


@asynccontextmanager
async def watched(
    notifier: SystemdNotifier | None,
    on_interface_beat: OnBeat,
    ask_journal: Callable[[], Awaitable[object]],
    on_health_round: OnBeat,
    kernel_watchdog: Path | None = None,
) -> AsyncIterator[None]:
    """While the block runs, systemd and the watchdog device `kernel_watchdog` hear that the program lives.

    `on_interface_beat(call)` makes the interface call `call` about every second; `ask_journal` reads from it;
    `on_health_round(call)` makes whoever asks the devices call `call` after each round. When the block ends as
    planned the watchdog device is disarmed; when it ends by an error nothing more is said, so that the program, or
    else the machine, is started again."""
    kernel = _arm(kernel_watchdog)
    if notifier is not None:
        notifier.ready()
    tasks = _feed(notifier, kernel, on_interface_beat, ask_journal, on_health_round)
    planned = False
    try:
        yield
        planned = True
    except asyncio.CancelledError:
        planned = True
        if notifier is not None:
            notifier.stopping()
        raise
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if kernel is not None and planned:
            kernel.disarm()


def _arm(path: Path | None) -> KernelWatchdog | None:
    """A terminal whose watchdog is not there, or is held by systemd, serves none the less."""
    if path is None:
        return None
    try:
        return KernelWatchdog(path, KERNEL_S)
    except OSError as error:
        log.error("watchdog_device_not_opened", path=str(path), error=type(error).__name__)
        return None


def _feed(
    notifier: SystemdNotifier | None,
    kernel: KernelWatchdog | None,
    on_interface_beat: OnBeat,
    ask_journal: Callable[[], Awaitable[object]],
    on_health_round: OnBeat,
) -> list[asyncio.Task[None]]:
    feeders: list[Feeder] = []
    limits: list[float] = []
    if notifier is not None and notifier.watchdog_s is not None:
        feeders.append(notifier)
        limits.append(notifier.watchdog_s)
    if kernel is not None:
        feeders.append(kernel)
        limits.append(max(1, kernel.granted_s))
    if not feeders:
        return []
    hearts = Heartbeats()
    on_interface_beat(hearts.heart("interface", INTERFACE_S).beat)
    on_health_round(hearts.heart("devices", DEVICES_S).beat)
    journal = hearts.heart("journal", JOURNAL_S)
    every_s = min(limits) / 3
    log.info("watchdog_fed", every_s=every_s, feeders=[type(feeder).__name__ for feeder in feeders])
    return [
        asyncio.create_task(keep_beating(journal, ask_journal, JOURNAL_EVERY_S)),
        asyncio.create_task(Watchdog(hearts, feeders, every_s).run()),
    ]
