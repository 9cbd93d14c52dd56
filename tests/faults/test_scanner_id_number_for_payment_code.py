"""An ID number's bar code is held up where a payment code is asked for. Both can have 18 digits.

Device: code_scanner
Resident: (no payment screen scans codes yet; the scanner tells an ID number apart, and says where it may be either)
Staff: none
"""

from __future__ import annotations

from pathlib import Path

from drivers.code_scanner.port import CodeKind
from tests.faults.resident import staff
from tests.faults.scanner_bench import PAY, bench

SICHUAN = "519999199001010025"  # 51: no payment code begins so
EITHER = "109999199001010010"  # there is no province 10, but 11 to 15 look just like this


async def test_told_apart_or_asked(tmp_path: Path) -> None:
    async with bench(tmp_path) as b:
        asking = await b.asked(PAY)
        b.device.present(SICHUAN)
        assert (await asking).kind is CodeKind.ID_NUMBER
        asking = await b.asked(PAY)
        b.device.present(EITHER)
        code = await asking
        assert (code.kind, code.or_else) == (CodeKind.WECHAT_PAYMENT, CodeKind.ID_NUMBER)
        staff(__doc__, b.scanner.status)
