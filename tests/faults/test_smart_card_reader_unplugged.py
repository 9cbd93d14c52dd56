"""The smart card reader's cable is pulled; a clerk plugs it in again.

Device: smart_card
Resident: (not asked for by any service yet) 社保卡读卡器暂时不能用，请改用身份证。
    On the tile: 社保卡读卡器暂时不能用
Staff: maintenance
"""

from __future__ import annotations

from pathlib import Path

from drivers.smart_card.port import SmartCardFault
from drivers.status import DeviceState
from kiosk.journeys.device_texts import NO_SMART_CARD_READER
from tests.drivers.link.waiting import until
from tests.faults.resident import sees
from tests.faults.smart_card_bench import impatient, smart_card_bench, told


async def test_gone_and_back(tmp_path: Path) -> None:
    async with smart_card_bench(tmp_path, timings=impatient(connect_grace=0.2)) as bench:
        await bench.virtual.unplug()
        told(__doc__, await bench.read(), SmartCardFault.READER_LOST, bench.driver.status)
        assert bench.driver.status.device is DeviceState.NO_DEVICE
        sees(__doc__, bench.tile())
        assert bench.tile() == NO_SMART_CARD_READER
        await bench.virtual.replug()
        await until(lambda: bench.driver.status.ready)
        assert bench.tile() is None
        assert await bench.reads_good_card()
