"""pcscd started by us: several at once, with and without the rights that make it tidy."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import pytest

from drivers.smart_card.messages import Do
from drivers.smart_card.pcsc_channel import PcscChannel, PcscTimings, start_worker
from drivers.virtual import vpcd
from drivers.virtual.vpcd import VirtualPcscd
from tests.drivers.link.waiting import until


async def readers(pcscd: VirtualPcscd) -> tuple[str, ...]:
    stream = await start_worker(pcscd.socket)
    try:
        return (await PcscChannel(stream, PcscTimings()).ask(Do.READERS)).readers
    finally:
        await stream.close()


async def started(pcscd: VirtualPcscd) -> None:
    try:
        await pcscd.start()
    except RuntimeError as error:
        pytest.skip(str(error))


async def test_two_at_once(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    one, two = VirtualPcscd(tmp_path / "a", "First"), VirtualPcscd(tmp_path / "b", "Second")
    await started(one)
    await started(two)
    assert await readers(one) == ("First 00 00", "First 00 01")
    assert await readers(two) == ("Second 00 00", "Second 00 01")
    assert all(pcscd.port < 32768 for pcscd in (one, two))
    await one.stop()
    assert await readers(one) == ()
    assert await readers(two) == ("Second 00 00", "Second 00 01")
    await two.stop()


async def test_stop_leaves_nothing(tmp_path: Path) -> None:
    pcscd = VirtualPcscd(tmp_path)
    await started(pcscd)
    pid = pcscd.pid
    await pcscd.stop()
    await pcscd.stop()
    assert not pcscd.socket.exists()
    assert not Path(f"/proc/{pid}").exists()
    await pcscd.start()
    assert await readers(pcscd)
    await pcscd.stop()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can run it without a namespace")
async def test_without_a_namespace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a chroot: the kernel lets nobody have a /run of its own."""

    async def refused() -> list[str]:
        return []

    monkeypatch.setattr(vpcd, "_isolation", refused)
    pcscd = VirtualPcscd(tmp_path)
    await started(pcscd)
    assert await readers(pcscd)
    await pcscd.stop()


async def test_it_ends_with_its_parent(tmp_path: Path) -> None:
    script = f"""
import asyncio, pathlib, sys
from drivers.virtual.vpcd import VirtualPcscd
async def main():
    pcscd = VirtualPcscd(pathlib.Path({str(tmp_path)!r}))
    try:
        await pcscd.start()
    except RuntimeError as error:
        print("no", error, flush=True)
        return
    print(pcscd.pid, flush=True)
    await asyncio.sleep(60)
asyncio.run(main())
"""
    parent = await asyncio.create_subprocess_exec(sys.executable, "-c", script, stdout=subprocess.PIPE)
    assert parent.stdout is not None
    line = (await parent.stdout.readline()).decode()
    daemon = Path(f"/proc/{line.strip()}/cmdline")
    assert line.startswith("no") or b"pcscd" in daemon.read_bytes()
    if parent.returncode is None:
        parent.kill()
    await parent.wait()
    if line.startswith("no"):
        pytest.skip(line)
    await until(lambda: not daemon.exists() or not daemon.read_bytes())


async def test_what_is_missing_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(RuntimeError, match="longer than 107"):
        await VirtualPcscd(tmp_path / ("x" * 120)).start()
    monkeypatch.setattr(vpcd, "PCSCD", "/nowhere/pcscd")
    with pytest.raises(RuntimeError, match="apt-get install pcscd"):
        await VirtualPcscd(tmp_path).start()
