"""The line to the ID card reader is disturbed: rubbish before every answer, bytes one at a time.

Device: id_reader
Resident: (nothing: the card is read)
Staff: none
"""

from __future__ import annotations

from pathlib import Path

import pytest

from drivers.virtual.id_reader import ReaderFault
from tests.faults.id_reader_bench import bench, read
from tests.faults.resident import staff


@pytest.mark.parametrize("fault", [ReaderFault.NOISE, ReaderFault.SLOW_BYTES, ReaderFault.GLUED])
async def test_the_card_is_read(tmp_path: Path, fault: ReaderFault) -> None:
    async with bench(tmp_path) as b:
        b.device.inject(fault)
        await b.ready()
        b.lay()
        assert (await read(b)).name == "李样本"
        assert b.hints() == []
        staff(__doc__, b.reader.status)
