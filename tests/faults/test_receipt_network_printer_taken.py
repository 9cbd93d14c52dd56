"""The receipt printer on the network serves one terminal at a time, and another one has it.

Device: receipt_printer
Resident: 凭条打印机暂时不能用
Staff: reset
"""

from __future__ import annotations

from pathlib import Path

from drivers.link.tcp import TcpSettings, open_tcp
from drivers.virtual.raw_port import VirtualRawPort
from kiosk.journeys import texts
from tests.drivers.link.waiting import until
from tests.faults.receipt_bench import bench
from tests.faults.resident import sees, staff


async def test_second_connection_is_refused(tmp_path: Path) -> None:
    port = VirtualRawPort()
    port.plug()
    other = await open_tcp(TcpSettings("127.0.0.1", port.port))
    await until(lambda: port.has_client)
    async with bench(port, tmp_path / "journal.sqlite3", ready=False) as b:
        await b.until_tile(texts.NO_RECEIPT_PRINTER)
        await until(lambda: port.refused)
        sees(__doc__, b.tile())
        staff(__doc__, b.printer.status)
        await other.close()
        await b.until_tile(None)
        assert await b.pays() is None
