"""The journal hangs on a dying disk: without it nothing may be paid or printed, so the program must start again.

Device: cabinet
Resident: (a screen that does not go on, until the program starts again)
Staff: reset
"""

from __future__ import annotations

import asyncio

from drivers.cabinet.watchdog import Heartbeats, Watchdog, keep_beating
from tests.drivers.link.waiting import until


class Dish:
    fed = 0

    def feed(self) -> bool:
        self.fed += 1
        return True


async def test_a_hung_check_stops_the_heart() -> None:
    answers = asyncio.Event()
    answers.set()
    hearts, dish = Heartbeats(), Dish()
    watchdog = Watchdog(hearts, [dish], interval_s=0.01)
    hearts.heart("ui", 600)
    tasks = [
        asyncio.create_task(keep_beating(hearts.heart("journal", 0.5), answers.wait, every_s=0.01)),
        asyncio.create_task(watchdog.run()),
    ]
    await until(lambda: dish.fed > 3)
    answers.clear()
    await until(lambda: watchdog.hungry_for == ["journal"])
    fed = dish.fed
    await asyncio.sleep(0.05)
    assert dish.fed == fed
    answers.set()
    await until(lambda: dish.fed > fed)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def test_a_failing_check_stops_it_too() -> None:
    async def fails() -> None:
        raise OSError("disk I/O error")

    hearts = Heartbeats()
    task = asyncio.create_task(keep_beating(hearts.heart("journal", 0.05), fails, every_s=0.01))
    await until(lambda: hearts.late() == ["journal"])
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
