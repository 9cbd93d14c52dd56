"""pcscd does not run when the kiosk starts; later it does.

Device: smart_card
Resident: (not asked for by any service yet) 社保卡读卡器暂时不能用，请改用身份证。
Staff: maintenance
"""

from __future__ import annotations

from pathlib import Path

from drivers.smart_card.port import SmartCardFault
from drivers.status import DeviceState
from tests.drivers.link.waiting import until
from tests.faults.smart_card_bench import impatient, smart_card_bench, start, told


async def test_down_at_start(tmp_path: Path) -> None:
    async with smart_card_bench(tmp_path, timings=impatient(connect_grace=0.2), running=False) as bench:
        await until(lambda: bench.driver.status.device is DeviceState.OFFLINE)
        told(__doc__, await bench.read(), SmartCardFault.READER_LOST, bench.driver.status)
        assert "pcscd is not running" in bench.driver.status.detail
        await start(bench.virtual)
        await until(lambda: bench.driver.status.ready)
        assert await bench.reads_good_card()
