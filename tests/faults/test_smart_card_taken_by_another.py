"""Another program holds the card for itself.

Device: smart_card
Resident: (not asked for by any service yet) 社保卡读卡器暂时不能用，请改用身份证。
Staff: maintenance
"""

from __future__ import annotations

from pathlib import Path

from drivers.smart_card.messages import Code, Do
from drivers.smart_card.pcsc_channel import PcscChannel, PcscTimings, start_worker
from drivers.smart_card.port import SmartCardFault
from drivers.status import DeviceState
from drivers.virtual.social_security_card import social_security_card
from tests.drivers.link.waiting import until
from tests.faults.smart_card_bench import HOLDER, smart_card_bench, told


async def test_held_exclusively(tmp_path: Path) -> None:
    async with smart_card_bench(tmp_path) as bench:
        await bench.virtual.insert(social_security_card(HOLDER))
        stream = await start_worker(bench.virtual.socket)
        other = PcscChannel(stream, PcscTimings())
        while (await other.ask(Do.CONNECT, reader=bench.virtual.name)).code != Code.SUCCESS:
            pass  # pcscd has not seen the card yet
        told(__doc__, await bench.read(), SmartCardFault.READER_LOST, bench.driver.status)
        assert bench.driver.status.device is DeviceState.BUSY
        assert (await bench.driver.refresh()).device is DeviceState.BUSY, "as long as the other one has it"
        await stream.close()
        await until(lambda: bench.driver.status.ready)
        assert await bench.reads_good_card()
