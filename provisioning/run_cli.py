"""`menkou run`: the stack with a person in front of it."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import time
from pathlib import Path
from typing import Annotated

import typer

from provisioning.ports import PortInUseError, Ports
from provisioning.process import ChildFailed
from provisioning.stack import AlreadyRunningError, Stack
from provisioning.supervisor import Event, Happening

app = typer.Typer(add_completion=False)

PIN = "135790"  # of every resident in the sandbox
GUIDE = """
  Open    {url}
  {where}
  Desk    {console}    The fleet's console, where this kiosk is the first · 管理平台
          Sign in · 登录: admin, password in · 密码见 {password}

  Try first · 先试试

  1  社保参保证明 · proof of social insurance: touch it on the kiosk, then on the cabinet
     同意 → 机柜：身份证阅读器“李样本” → 看一下摄像头 → 机柜：摄像头“本人” → 选时段 → 签发 → 打印
     Agree → cabinet: ID card reader "李样本" → camera on the kiosk → cabinet: camera "Holder" → period → issue → print.
     不刷脸也行 · without a face: “短信验证码 + 密码”; the code is on the phone 居民的手机, the PIN is {pin}.
  2  水费缴纳 · water bill: touch it on the kiosk, then on the cabinet
     开始 → 机柜：扫码器“水费单条码” → 去付款 → 机柜：居民的手机“扫屏幕上的码并付款”
     Start → cabinet: code scanner "Water bill" → pay now → cabinet: phone "Scan the screen and pay".

  Logs: {logs}    Ctrl-C stops everything · 按 Ctrl-C 全部停止
"""
IN_BROWSER = "The page shows the kiosk's live screen beside its hardware. · 网页上可看到终端屏幕和各个设备。"
IN_WINDOW = "The kiosk is in the window just opened; the page is its hardware. · 终端在新窗口中,网页上是各个设备。"


@app.command()
def run(
    var_dir: Annotated[Path, typer.Option("--var", help="Folder for everything that is written.")] = Path("var"),
    headless: Annotated[
        bool | None, typer.Option("--headless/--window", help="The kiosk in the web page, or in a window.")
    ] = None,
    backend_port: Annotated[int, typer.Option(help="0 takes any free port, here and below.")] = Ports.backend,
    sandbox_port: int = Ports.sandbox,
    cabinet_port: int = Ports.cabinet,
    network_port: int = Ports.network,
    vnc_port: int = Ports.vnc,
    fleet_port: int = Ports.fleet,
    speed: Annotated[float, typer.Option(help="How fast the simulated mechanics move.")] = 1.0,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Show what the parts log.")] = False,
) -> None:
    """Start backend, sandbox, virtual cabinet and kiosk, and keep them running until Ctrl-C."""
    ports = Ports(backend_port, sandbox_port, cabinet_port, network_port, vnc_port, fleet_port)
    stack = Stack(var_dir, ports=ports, headless=headless, speed=speed, on_event=tell)
    try:
        asyncio.run(run_until_stopped(stack, verbose))
    except (PortInUseError, AlreadyRunningError, ChildFailed) as error:
        typer.echo(f"\n{error}", err=True)
        raise typer.Exit(1) from None


def tell(event: Event) -> None:
    mark = {Happening.READY: "·", Happening.DIED: "!", Happening.GIVEN_UP: "!!"}[event.what]
    typer.echo(f"  {mark} {event.text}")


async def run_until_stopped(stack: Stack, verbose: bool, words: str = GUIDE) -> None:
    """Start, say `words`, and stop at Ctrl-C. Raises what stops the start."""
    started = time.monotonic()
    stopping = _on_signals(stack)
    typer.echo("Starting Menkou 门口 …")
    follower = asyncio.create_task(_follow(LogReader(stack.log_dir))) if verbose else None
    starting = asyncio.create_task(stack.start())
    waiting = asyncio.create_task(stopping.wait())
    try:
        await asyncio.wait({starting, waiting}, return_when=asyncio.FIRST_COMPLETED)
        if starting.done():
            await starting
            typer.echo(f"Ready in {time.monotonic() - started:.1f} s.")
            where = IN_BROWSER if stack.headless else IN_WINDOW
            logs = _short(stack.log_dir)
            console = stack.console_url
            password = _short(stack.backend_dir / "console-password.txt")
            guide = words.format(
                url=stack.cabinet_url, where=where, console=console, password=password, logs=logs, pin=PIN
            )
            typer.echo(guide)
            await waiting
        typer.echo("\nStopping …")
    finally:
        starting.cancel()
        waiting.cancel()
        await asyncio.gather(starting, waiting, return_exceptions=True)
        await stack.stop()
        if follower is not None:
            follower.cancel()
    typer.echo("Everything is stopped. · 已全部停止。")


def _on_signals(stack: Stack) -> asyncio.Event:
    """Set at the first Ctrl-C (or SIGTERM, or a closed terminal); a second one does not wait for tidiness."""
    stopping = asyncio.Event()
    impatient: set[asyncio.Task[None]] = set()

    def stop() -> None:
        if stopping.is_set():
            impatient.add(asyncio.create_task(stack.kill_all()))
        stopping.set()

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, stop)
    return stopping


def _short(path: Path) -> Path:
    with contextlib.suppress(ValueError):
        return path.relative_to(Path.cwd())
    return path


class LogReader:
    """What was appended to the logs of a folder since the last look, each line with the name of its part."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._places = {log: log.stat().st_size for log in folder.glob("*.log")}

    def news(self) -> list[str]:
        lines: list[str] = []
        for log in sorted(self._folder.glob("*.log")):
            with log.open("rb") as file:
                place = self._places.get(log, 0)
                if place > log.stat().st_size:
                    place = 0  # put aside meanwhile: it begins anew
                file.seek(place)
                lines += (f"{log.stem:>15} | {line.decode(errors='replace').rstrip()}" for line in file)
                self._places[log] = file.tell()
        return lines


async def _follow(logs: LogReader) -> None:
    while True:
        await asyncio.sleep(0.2)
        for line in logs.news():
            typer.echo(line)
