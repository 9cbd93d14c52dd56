"""Another program holds the ID card reader's line.

Device: id_reader
Resident: 身份证读卡器暂时不能用
Staff: maintenance
"""

from __future__ import annotations

import asyncio
import sys
from asyncio.subprocess import PIPE
from pathlib import Path

from kiosk.journeys import texts
from tests.faults.id_reader_bench import bench
from tests.faults.resident import sees, staff

HOLDS = """
import fcntl, os, sys
line = os.open(sys.argv[1], os.O_RDWR | os.O_NOCTTY)
fcntl.flock(line, fcntl.LOCK_EX)
print("held", flush=True)
sys.stdin.read()
"""


async def test_not_fought_over_and_taken_when_it_is_free(tmp_path: Path) -> None:
    async with bench(tmp_path) as b:
        await b.ready()
        await b.reader.close()
        other = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", HOLDS, str(b.device.pty.path)), stdin=PIPE, stdout=PIPE
        )
        assert other.stdout is not None
        assert await other.stdout.readline() == b"held\n"
        b.device.commands.clear()
        await b.reader.open()
        await b.out_of_service()
        assert b.reader.status.detail.startswith("held by another program: ")
        assert b.tile() == texts.NO_ID_READER
        sees(__doc__, b.tile())
        staff(__doc__, b.reader.status)
        assert not b.device.commands, "nothing was sent into the other's conversation"
        await other.communicate(b"")  # it ends with its input
        await b.ready()
        assert b.tile() is None
