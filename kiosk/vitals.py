"""Lets systemd restart the program when a part of it hangs: it is fed only while interface and journal are alive.

Without `Type=notify` and `WatchdogSec=` around it, as on a developer's machine, nothing runs.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import structlog

from drivers.cabinet.sd_notify import SystemdNotifier
from drivers.cabinet.watchdog import Heartbeats, Watchdog, keep_beating

log = structlog.get_logger()

INTERFACE_S = 15.0  # the interface beats every second; a new screen may take one, a slow disk a few
JOURNAL_S = 30.0  # longer than SQLite waits for a lock
JOURNAL_EVERY_S = 5.0


@asynccontextmanager
async def watched(
    notifier: SystemdNotifier | None,
    on_interface_beat: Callable[[Callable[[], None]], None],
    ask_journal: Callable[[], Awaitable[object]],
) -> AsyncIterator[None]:
    """While the block runs, systemd hears that the program lives. `on_interface_beat(call)` makes the interface call
    `call` about every second; `ask_journal` reads from it. When the block ends by an error nothing more is said, so
    that the program is restarted."""
    if notifier is None:
        yield
        return
    notifier.ready()
    tasks: list[asyncio.Task[None]] = []
    if notifier.watchdog_s is not None:
        hearts = Heartbeats()
        on_interface_beat(hearts.heart("interface", INTERFACE_S).beat)
        journal = hearts.heart("journal", JOURNAL_S)
        tasks.append(asyncio.create_task(keep_beating(journal, ask_journal, JOURNAL_EVERY_S)))
        tasks.append(asyncio.create_task(Watchdog(hearts, [notifier], notifier.watchdog_s / 3).run()))
        log.info("watchdog_fed", every_s=notifier.watchdog_s / 3)
    try:
        yield
    except asyncio.CancelledError:
        notifier.stopping()
        raise
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
