"""`menkou run` as a person meets it."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import socket
import sys
from pathlib import Path

import httpx
import pytest
import yaml
from typer.testing import CliRunner

from backend import sandbox
from content.load import load_pack
from drivers.virtual.cabinet import app as cabinet_app
from kiosk.link.identity_files import IdentityFiles
from kiosk.link.key_store import FileKeyStore
from provisioning import run_cli
from provisioning.ports import HOST, Ports, healthy
from provisioning.process import MARK, ChildFailed, menkou
from provisioning.run_cli import LogReader
from provisioning.stack import AlreadyRunningError, Stack
from provisioning.supervisor import Event, Happening

CONTENT = Path("build/content")
needs_content = pytest.mark.skipif(not CONTENT.is_dir(), reason="no build/content: run `menkou content build`")
FREE = [f"--{name}-port=0" for name in ("backend", "sandbox", "cabinet", "network", "vnc", "fleet")]


def test_the_guide_names_what_is_really_there() -> None:
    cabinet = Path(cabinet_app.__file__).parent
    page = "".join(
        file.read_text(encoding="utf-8") for file in (cabinet / "desks.py", *(cabinet / "static").glob("*.[hj]*"))
    )
    presets = (cabinet / "presets.py").read_text(encoding="utf-8")
    residents = yaml.safe_load((Path(sandbox.__file__).parent / "residents.yaml").read_text(encoding="utf-8"))
    assert residents["pin"] == run_cli.PIN
    for word in ("身份证阅读器", "摄像头", "扫码器", "居民的手机"):
        assert word in run_cli.GUIDE
        assert word in page
    for word in ("水费单条码", "Water bill"):
        assert word in run_cli.GUIDE
        assert word in presets


@needs_content
def test_the_guide_names_services_of_the_catalogue() -> None:
    titles = {service.title.zh for service in load_pack(CONTENT).services.values()}
    assert {"水费缴纳", "社保参保证明"} <= titles


@needs_content
def test_a_taken_port_is_one_sentence(tmp_path: Path) -> None:
    with socket.create_server((HOST, 0)) as other:
        port = other.getsockname()[1]
        arguments = ["--var", str(tmp_path), "--headless", *FREE, f"--cabinet-port={port}"]
        result = CliRunner().invoke(run_cli.app, arguments)
    assert result.exit_code == 1
    assert f"Port {port} (cabinet) is already in use" in result.output
    assert "Traceback" not in result.output


async def test_without_content_it_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ChildFailed, match="menkou content build"):
        await Stack(tmp_path / "var", ports=Ports.free(), content_dir=tmp_path / "none").start()


@needs_content
async def test_two_in_one_folder_are_refused(tmp_path: Path) -> None:
    code = (
        "import sys, time, pathlib; from provisioning.stack import Stack\n"
        f"stack = Stack(pathlib.Path({str(tmp_path)!r})); stack._take_lock()\n"
        "print('held', flush=True); time.sleep(600)"
    )
    other = await asyncio.create_subprocess_exec(sys.executable, "-c", code, stdout=asyncio.subprocess.PIPE)
    assert other.stdout is not None
    await other.stdout.readline()
    try:
        with pytest.raises(AlreadyRunningError, match=str(other.pid)):
            await Stack(tmp_path, ports=Ports.free(), headless=True).start()
    finally:
        other.kill()
        await other.wait()


def test_verbose_shows_what_is_new_in_each_log(tmp_path: Path) -> None:
    (tmp_path / "kiosk.log").write_text("old\n")
    reader = LogReader(tmp_path)
    with (tmp_path / "kiosk.log").open("a") as log:
        log.write("new\n")
    (tmp_path / "backend.log").write_text("first\n")
    assert [line.split() for line in reader.news()] == [["backend", "|", "first"], ["kiosk", "|", "new"]]
    assert reader.news() == []
    (tmp_path / "kiosk.log").write_text("anew\n")  # shorter: it was put aside
    assert reader.news() == ["          kiosk | anew"]


@pytest.mark.stack
@needs_content
async def test_the_whole_house_starts_survives_and_leaves_nothing(tmp_path: Path) -> None:
    """One long walk, because each start costs seconds."""
    told: list[Event] = []
    stack = Stack(tmp_path / "var", ports=Ports.free(), headless=True, on_event=told.append)
    async with asyncio.timeout(110):
        async with stack:
            assert await healthy(stack.ports.backend, "/readyz")
            assert await _healthy_for_the_kiosk(stack)
            assert await healthy(stack.ports.cabinet)
            assert stack.framebuffer_dir is not None
            assert (stack.framebuffer_dir / "Xvfb_screen0").stat().st_size > 1080 * 1920 * 4
            assert stack.token_file.stat().st_mode & 0o077 == 0
            assert stack.var_dir.stat().st_mode & 0o077 == 0

            first = stack.pid("kiosk")
            await stack.kill("kiosk")
            assert stack.pid("kiosk") is None
            await stack.restart("kiosk")
            assert stack.pid("kiosk") not in (first, None)
            assert not [event for event in told if event.what is Happening.DIED]
        left = [pid for pid in _processes() if str(tmp_path).encode() in _environment(pid)]
        assert left == []
        assert not await healthy(stack.ports.cabinet)


async def _healthy_for_the_kiosk(stack: Stack) -> bool:
    """Through the cabinet's cable, with the kiosk's own certificate."""
    files = IdentityFiles(stack.kiosk_dir / "identity", FileKeyStore())
    identity = files.current()
    assert identity is not None
    async with httpx.AsyncClient(verify=files.context(identity), trust_env=False) as http:
        return (await http.get(f"{stack.network_url}/healthz")).is_success


@pytest.mark.stack
@needs_content
async def test_ctrl_c_while_starting_stops_cleanly(tmp_path: Path) -> None:
    argv = menkou("run", "--var", str(tmp_path / "var"), "--headless", *FREE)
    run = await asyncio.create_subprocess_exec(
        *argv, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT, env=os.environ | {MARK: "test-run"}
    )
    assert run.stdout is not None
    async with asyncio.timeout(60):
        said = b""
        while b"screen is ready" not in said:
            said += await run.stdout.readline()
        run.send_signal(signal.SIGINT)
        said += await run.stdout.read()
        assert await run.wait() == 0
    assert b"Everything is stopped" in said
    assert not re.search(rb"Traceback|Exception", said)
    assert [pid for pid in _processes() if str(tmp_path).encode() in _environment(pid)] == []


def _processes() -> list[int]:
    return [int(folder.name) for folder in Path("/proc").glob("[0-9]*") if int(folder.name) != os.getpid()]


def _environment(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/environ").read_bytes() + Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""
