"""pcscd hangs, as behind a bad USB stack: it takes questions and answers none.

Device: smart_card
Resident: (not asked for by any service yet) 社保卡读卡器暂时不能用，请改用身份证。
Staff: maintenance
"""

from __future__ import annotations

import asyncio
from pathlib import Path

from drivers.smart_card.port import SmartCardFault
from drivers.status import DeviceState
from tests.drivers.link.waiting import until
from tests.faults.smart_card_bench import impatient, smart_card_bench, told

TIMINGS = impatient(scard_list_readers=0.4, worker_start=2.0, connect_grace=0.3)


async def test_the_kiosk_does_not_hang_with_it(tmp_path: Path) -> None:
    async with smart_card_bench(tmp_path, timings=TIMINGS) as bench:
        bench.virtual.pcscd.freeze()
        await until(lambda: bench.driver.status.device is DeviceState.OFFLINE)
        assert "pcscd does not answer" in bench.driver.status.detail
        told(__doc__, await bench.read(), SmartCardFault.READER_LOST, bench.driver.status)
        bench.virtual.pcscd.thaw()
        await until(lambda: bench.driver.status.ready)


async def test_closing_does_not_wait_for_it(tmp_path: Path) -> None:
    async with smart_card_bench(tmp_path) as bench:
        bench.virtual.pcscd.freeze()
        reading = asyncio.create_task(bench.read())
        await asyncio.sleep(0.1)
        async with asyncio.timeout(2.5):  # less than any call's own limit
            reading.cancel()
            await bench.driver.close()
