"""A virtual uninterruptible power supply: NUT's own `upsd` and `dummy-ups`, with hands on its values.

Needs nut-server and setpriv (Debian: nut-server, util-linux). Nothing of the machine's own NUT set-up is read or
touched: folder, sockets and port are ours. Both programs die with this process, however it ends.
"""

from __future__ import annotations

import asyncio
import getpass
import os
import shutil
import socket
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import IO

import structlog

log = structlog.get_logger()

# Not /usr/sbin/upsd: Debian's is a shell wrapper that refuses while /etc/nut/nut.conf says MODE=none.
UPSD = Path("/lib/nut/upsd")
DUMMY_UPS = Path("/lib/nut/dummy-ups")
NAME = "kiosk"
START_S = 20.0
FULL = {"charge": 100, "runtime": 1800}
LOW = {"charge": 9, "runtime": 110}
MAX_SOCKET_PATH = 107  # bytes of sun_path


def missing_programs() -> list[str]:
    """What has to be installed before a `VirtualPowerSupply` can start."""
    absent = [path.name for path in (UPSD, DUMMY_UPS) if not path.exists()]
    return absent + [name for name in ("setpriv",) if shutil.which(name) is None]


def free_port() -> int:
    """A TCP port nobody listens on just now; upsd cannot choose one itself."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class VirtualPowerSupply:
    """Hands for the supply: mains off and on, battery low, cable out. The kiosk hears of it a second or two later, as
    of a real one: dummy-ups looks at its file once a second."""

    def __init__(self, run_dir: Path, port: int = 0, *, on_event: Callable[[str], None] | None = None) -> None:
        self._dir = run_dir.absolute()
        self.port = port or free_port()
        self.name = NAME
        self._on_event = on_event or (lambda text: None)
        self._driver: asyncio.subprocess.Process | None = None
        self._server: asyncio.subprocess.Process | None = None
        self._stamp = 0
        self.mains = True
        self.battery_percent = FULL["charge"]
        self.low = False
        self.replace_battery = False

    @property
    def plugged(self) -> bool:
        """Whether the supply's data cable is in."""
        return self._driver is not None

    # --- power ------------------------------------------------------------------------------------------------------

    async def start(self) -> None:
        """RuntimeError when it does not come up."""
        if self._server is not None:
            return
        if missing := missing_programs():
            raise RuntimeError(f"not installed: {', '.join(missing)}")
        self._prepare()
        try:
            await self._start_driver()
            server = await self._start_server()
            await self._until(self._has_values, server, "upsd knows nothing of its supply")
        except BaseException:
            await self.stop()
            raise

    async def stop(self) -> None:
        server, self._server = self._server, None
        driver, self._driver = self._driver, None
        for process in (server, driver):
            if process is not None:
                await _end(process)

    async def restart_server(self) -> None:
        """As `systemctl restart nut-server` does it after an update."""
        if self._server is not None:
            await _end(self._server)
            self._server = None
        await self._start_server()

    async def stop_server(self) -> None:
        if self._server is not None:
            await _end(self._server)
            self._server = None

    # --- hands ------------------------------------------------------------------------------------------------------

    async def mains_off(self) -> None:
        self.mains = False
        await self._show("mains off")

    async def mains_on(self) -> None:
        self.mains, self.low, self.battery_percent = True, False, FULL["charge"]
        await self._show("mains on")

    async def battery_low(self) -> None:
        """No mains, and the battery nearly empty."""
        self.mains, self.low, self.battery_percent = False, True, LOW["charge"]
        await self._show("battery low")

    async def battery_worn(self, worn: bool = True) -> None:
        self.replace_battery = worn
        await self._show("battery must be replaced" if worn else "battery replaced")

    async def unplug(self) -> None:
        """Pull the data cable: upsd answers that the driver is not connected."""
        if self._driver is not None:
            await _end(self._driver)
            self._driver = None
            self._on_event("data cable pulled out")

    async def replug(self) -> None:
        if self._driver is None:
            await self._start_driver()
            self._on_event("data cable plugged in")

    # --- NUT --------------------------------------------------------------------------------------------------------

    def status_words(self) -> str:
        """`ups.status` as a supply says it."""
        words = ["OL", "CHRG"] if self.mains else ["OB", "DISCHRG"]
        if self.low:
            words.append("LB")
        if self.replace_battery:
            words.append("RB")
        return " ".join(words)

    async def _show(self, event: str) -> None:
        await asyncio.to_thread(self._write_values)
        self._on_event(event)

    def _write_values(self) -> None:
        runtime = LOW["runtime"] if self.low else FULL["runtime"]
        values = {
            "ups.mfr": "Menkou",
            "ups.model": "Virtual Supply 650",
            "ups.status": self.status_words(),
            "battery.charge": str(self.battery_percent),
            "battery.runtime": str(runtime),
            "input.voltage": "230.0" if self.mains else "0.0",
        }
        fresh = self._dir / "values.new"
        fresh.write_text("".join(f"{name}: {value}\n" for name, value in values.items()), "ascii")
        # dummy-ups compares times in whole seconds: two changes in one second need two different ones.
        self._stamp = max(self._stamp + 1, int(fresh.stat().st_mtime))
        os.utime(fresh, (self._stamp, self._stamp))
        fresh.replace(self._dir / "values.dev")

    def _prepare(self) -> None:
        self._dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        if len(os.fsencode(self._socket)) > MAX_SOCKET_PATH:
            raise RuntimeError(f"the path of {self._dir} is too long for a socket in it")
        self._write_values()
        files = {
            "ups.conf": f"pollinterval = 1\n[{NAME}]\ndriver = dummy-ups\nport = {self._dir / 'values.dev'}\n"
            "mode = dummy-once\n",
            "upsd.conf": f"LISTEN 127.0.0.1 {self.port}\nMAXAGE 5\n",
            "upsd.users": "",
        }
        for name, text in files.items():
            (self._dir / name).write_text(text, "utf-8")
            (self._dir / name).chmod(0o600)  # NUT complains of world-readable ones

    @property
    def _socket(self) -> Path:
        return self._dir / f"dummy-ups-{NAME}"

    async def _start_driver(self) -> None:
        self._socket.unlink(missing_ok=True)
        self._driver = await self._spawn("dummy-ups", str(DUMMY_UPS), "-a", NAME, "-u", getpass.getuser(), "-F")
        await self._until(self._socket.exists, self._driver, "dummy-ups did not come up")

    def _has_values(self) -> bool:
        """Until the driver has told upsd something, the status is WAIT."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=1.0) as line:
            line.sendall(f"GET VAR {NAME} ups.status\n".encode())
            answer = line.recv(200)
        return answer.startswith(b"VAR ") and b"WAIT" not in answer

    async def _start_server(self) -> asyncio.subprocess.Process:
        self._server = server = await self._spawn("upsd", str(UPSD), "-F", "-u", getpass.getuser())

        def listens() -> bool:
            with socket.socket() as line:
                line.settimeout(1.0)
                return line.connect_ex(("127.0.0.1", self.port)) == 0

        await self._until(listens, server, "upsd does not listen")
        return server

    async def _spawn(self, name: str, *words: str) -> asyncio.subprocess.Process:
        folder = str(self._dir)
        output: IO[bytes]
        with (self._dir / f"{name}.log").open("wb") as output:
            return await asyncio.create_subprocess_exec(
                *("setpriv", "--pdeathsig", "KILL", *words),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env={**os.environ, "NUT_CONFPATH": folder, "NUT_STATEPATH": folder, "NUT_ALTPIDPATH": folder},
            )

    async def _until(self, condition: Callable[[], bool], process: asyncio.subprocess.Process, complaint: str) -> None:
        deadline = asyncio.get_running_loop().time() + START_S
        while not await asyncio.to_thread(condition):
            if process.returncode is not None:
                raise RuntimeError(f"{complaint}: it ended with {process.returncode}; see {self._dir}")
            if asyncio.get_running_loop().time() > deadline:
                raise RuntimeError(complaint)
            await asyncio.sleep(0.02)


async def _end(process: asyncio.subprocess.Process) -> None:
    with suppress(ProcessLookupError):
        process.terminate()
    try:
        await asyncio.wait_for(process.wait(), 3.0)
    except TimeoutError:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()
