"""The same code is read twice: it was still lying there when the next screen asked.

Device: code_scanner
Resident: (nothing: within three seconds it is the same presentation)
Staff: none
"""

from __future__ import annotations

from pathlib import Path

from tests.drivers.link.waiting import until
from tests.faults.resident import staff
from tests.faults.scanner_bench import ALIPAY, PAY, bench


async def test_a_payment_code_pays_once(tmp_path: Path) -> None:
    async with bench(tmp_path) as b:
        asking = await b.asked(PAY)
        await b.device.burst(ALIPAY.encode(), ALIPAY.encode())
        await asking
        again = await b.asked(PAY)
        b.device.present(ALIPAY)
        await until(lambda: b.scanner.status.counters["codes_repeated"] == 1)
        assert not again.done()
        await until(lambda: b.device.beam)
        b.device.present(ALIPAY[::-1])
        assert (await again).text != ALIPAY
        staff(__doc__, b.scanner.status)
