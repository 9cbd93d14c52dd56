"""The whole start, in a process of its own: window, loop, main, inspector, and what a crash shows."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.ui

SCRIPT = """
import asyncio, sys
from pathlib import Path
from kiosk.ui.config import UiConfig
from kiosk.ui.run import run_kiosk_ui
from kiosk.ui.samples import samples

async def main(stage):
    await stage.ask(samples()["guide"])

async def crash(stage):
    raise LookupError("a bug")

config = UiConfig(width={width}, height={height}, inspect_socket=Path({socket!r}))
asyncio.run(run_kiosk_ui({main}, config=config))
"""


class Kiosk:
    def __init__(self, process: asyncio.subprocess.Process, reader: Any, writer: Any) -> None:
        self.process, self.reader, self.writer = process, reader, writer

    async def do(self, **command: Any) -> dict[str, Any]:
        self.writer.write(json.dumps(command).encode() + b"\n")
        return json.loads(await asyncio.wait_for(self.reader.readline(), 60))


@contextlib.asynccontextmanager
async def started(tmp_path: Path, main: str, width: int, height: int):
    socket = tmp_path / "ui.sock"
    script = SCRIPT.format(width=width, height=height, socket=str(socket), main=main)
    environment = {k: v for k, v in os.environ.items() if k != "DISPLAY" and not k.startswith(("KIVY", "SDL"))}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", script, env=environment, stderr=asyncio.subprocess.PIPE
    )
    try:
        for _ in range(600):
            if socket.exists() or process.returncode is not None:
                break
            await asyncio.sleep(0.1)
        await asyncio.sleep(0.1)
        reader, writer = await asyncio.open_unix_connection(str(socket), limit=2**20)
        yield Kiosk(process, reader, writer)
        writer.close()
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
        try:
            await asyncio.wait_for(process.communicate(), 30)
        except TimeoutError:
            process.kill()
            raise


@pytest.mark.timeout(180)
@pytest.mark.parametrize(("width", "height"), [(768, 1366), (1920, 1080)])
async def test_the_interface_runs_is_seen_and_ends_on_sigterm(tmp_path: Path, width: int, height: int) -> None:
    async with started(tmp_path, "main", width, height) as kiosk:
        seen = await kiosk.do(do="wait", screen="Guide", timeout=30)
        assert seen["ok"], seen
        assert seen["size"] == [width, height]
        for target in seen["targets"]:
            assert target["x"] >= 0
            assert target["x"] + target["w"] <= width
            assert target["y"] + target["h"] <= height
        picture = await kiosk.do(do="screenshot", path=str(tmp_path / "a.png"))
        assert picture["size"] == [width, height]
        frames = await kiosk.do(do="frames")
        assert frames["swaps"]
        assert not (await kiosk.do(do="nonsense"))["ok"]
        kiosk.process.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(kiosk.process.wait(), 30) == 0


@pytest.mark.timeout(120)
async def test_a_crash_of_main_shows_out_of_service_and_fails_at_the_end(tmp_path: Path) -> None:
    async with started(tmp_path, "crash", 540, 960) as kiosk:
        assert (await kiosk.do(do="wait", screen="OutOfService", timeout=30))["ok"]
        kiosk.process.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(kiosk.process.wait(), 30) == 1
