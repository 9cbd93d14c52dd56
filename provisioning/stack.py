"""The whole house on one machine: what `make run`, the demo, the benchmarks and the fault tests start.

    async with Stack(Path("var"), ports=Ports.free(), headless=True) as stack:
        await stack.kill("kiosk")      # as a power cut would
        await stack.restart("kiosk")

The children are "screen" and "screen-sharing" (headless only), "sandbox", "backend", "cabinet" and "kiosk".
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import signal
import sys
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from io import TextIOWrapper
from pathlib import Path
from types import TracebackType
from typing import Self

from provisioning import display
from provisioning.enrol_kiosk import enrol_kiosk, enrolled
from provisioning.ports import HOST, Ports, answers, healthy
from provisioning.process import ChildFailed, Recipe, menkou
from provisioning.supervisor import Event, Supervisor

TERMINAL = "QK-0107"
SOCKET_PATH_LIMIT = 100  # bytes; the kernel's is 108 with the closing zero


class AlreadyRunningError(Exception):
    """Another stack works in the same folder."""


class Stack:
    """Sandbox, backend, virtual cabinet and kiosk as child processes.

    `var_dir` holds everything that is written. `headless`: True a virtual screen, False a window on DISPLAY, None
    whichever there is. `speed`: how fast the simulated mechanics move. `environment` goes to every child (such as
    MENKOU_KIOSK_IDLE_SCALE). `keep_alive` False: a child that dies stays dead. `kiosk` False: all but the kiosk.
    """

    def __init__(
        self,
        var_dir: Path,
        *,
        ports: Ports | None = None,
        headless: bool | None = None,
        speed: float = 1.0,
        content_dir: Path = Path("build/content"),
        environment: Mapping[str, str] | None = None,
        keep_alive: bool = True,
        kiosk: bool = True,
        on_event: Callable[[Event], None] = lambda event: None,
    ) -> None:
        self.var_dir = var_dir.resolve()
        self.ports = ports or Ports()
        self.headless = headless
        self.display: str | None = None  # known after start()
        self.window = display.KIOSK  # pixels of the kiosk's window; known after start()
        self._speed = speed
        self._content_dir = content_dir.resolve()
        self._environment = dict(environment or {})
        self._keep_alive = keep_alive
        self._with_kiosk = kiosk
        self._supervisor = Supervisor(on_event)
        self._lock: TextIOWrapper | None = None

    # Where things are

    @property
    def backend_url(self) -> str:
        return f"http://{HOST}:{self.ports.backend}"

    @property
    def sandbox_url(self) -> str:
        return f"http://{HOST}:{self.ports.sandbox}"

    @property
    def cabinet_url(self) -> str:
        return f"http://{HOST}:{self.ports.cabinet}"

    @property
    def network_url(self) -> str:
        """The backend's door for kiosks as the kiosk sees it: through the cable that the cabinet can cut."""
        return f"https://{HOST}:{self.ports.network}"

    @property
    def console_url(self) -> str:
        return f"{self.backend_url}/console"

    @property
    def log_dir(self) -> Path:
        """NAME.log of every child."""
        return self.var_dir / "log"

    @property
    def backend_dir(self) -> Path:
        return self.var_dir / "backend"

    @property
    def sandbox_dir(self) -> Path:
        return self.var_dir / "sandbox"

    @property
    def cabinet_dir(self) -> Path:
        return self.var_dir / "cabinet"

    @property
    def kiosk_dir(self) -> Path:
        return self.var_dir / "kiosk"

    @property
    def token_file(self) -> Path:
        """Lets a program ask the backend as the kiosk, at the door for people: for checks and measurements."""
        return self.kiosk_dir / "token"

    @property
    def ticket_file(self) -> Path:
        """What the enrolment's QR code says; gone once it is used."""
        return self.kiosk_dir / "ticket"

    @property
    def devices_file(self) -> Path:
        return self.cabinet_dir / "devices.toml"

    @property
    def framebuffer_dir(self) -> Path | None:
        """Where Xvfb keeps its screen (`Xvfb_screen0`, xwd format); None on a real display."""
        return self.var_dir / "screen" if self.headless else None

    @property
    def inspect_socket(self) -> Path:
        return self.kiosk_dir / "inspect.sock"

    # Life

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.stop()

    async def start(self) -> None:
        """Start everything; returns when all of it is ready.

        Raises PortInUseError, AlreadyRunningError or ChildFailed, with nothing left running."""
        if len(os.fsencode(self.inspect_socket)) > SOCKET_PATH_LIMIT:
            raise ValueError("the folder's path is too long for a Unix socket in it")
        if not self._content_dir.is_dir():
            raise ChildFailed(f"There is no content in {self._content_dir}. Run `menkou content build` first.")
        self._take_lock()
        try:
            self.ports = self.ports.settle()
            await self._start_all()
        except BaseException:
            await self.stop()
            raise

    async def stop(self) -> None:
        """Stop everything in reverse order. Safe to call at any time, more than once."""
        await self._supervisor.stop()
        self._release_lock()

    async def kill_all(self) -> None:
        """For the impatient: no child gets a chance to tidy up."""
        await self._supervisor.kill_all()
        self._release_lock()

    async def kill(self, name: str, number: signal.Signals = signal.SIGKILL) -> None:
        """End a child without warning, with all it started; it stays down until `restart`."""
        await self._supervisor.kill(name, number)

    async def restart(self, name: str) -> None:
        """Start a child again (stopping it first if it runs) and wait until it is ready. Raises ChildFailed."""
        await self._supervisor.restart(name, keep_alive=self._keep_alive)

    def pid(self, name: str) -> int | None:
        """The child's process id; None while it is not running."""
        return self._supervisor.pid(name)

    # Inside

    def _take_lock(self) -> None:
        self.var_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock = (self.var_dir / "run.lock").open("a+")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            owner = lock.read().strip()
            lock.close()
            raise AlreadyRunningError(
                f"Menkou is already running from this folder (process {owner}). Stop it there first."
            ) from None
        lock.truncate(0)
        lock.write(f"{os.getpid()}\n")
        lock.flush()
        self._lock = lock

    def _release_lock(self) -> None:
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    async def _start_all(self) -> None:
        """Two chains, for two cores: what the resident sees, and the world behind it. At the first start the kiosk
        is enrolled when both are there."""
        try:
            async with asyncio.TaskGroup() as group:
                first = group.create_task(self._ensure_known())
                world = group.create_task(self._start_world(first))
                plugged = asyncio.Event()
                group.create_task(self._start_terminal(plugged))
                group.create_task(self._ensure_enrolled(world, plugged))
        except BaseExceptionGroup as errors:
            reason: BaseException = errors
            while isinstance(reason, BaseExceptionGroup):
                reason = reason.exceptions[0]  # the first is the reason, the others its consequences
            raise reason from None

    async def _ensure_known(self) -> None:
        """At the first start the desk is told of this kiosk."""
        known = self.token_file.exists() and any(self.backend_dir.glob("*.sqlite3"))
        if known and enrolled(self.kiosk_dir):
            return
        self.kiosk_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not known:
            self.token_file.unlink(missing_ok=True)
        argv = [sys.executable, "-m", "provisioning.first_kiosk", TERMINAL, str(self.token_file), str(self.ticket_file)]
        await self._supervisor.run(replace(self._backend(), name="first-kiosk", argv=argv))

    async def _ensure_enrolled(self, world: asyncio.Task[None], plugged: asyncio.Event) -> None:
        await world
        await plugged.wait()
        if self._with_kiosk and self.ticket_file.exists():
            await enrol_kiosk(self.kiosk_dir, self.ticket_file, self.network_url)

    async def _start_world(self, first: asyncio.Task[None]) -> None:
        await self._launch(self._sandbox())
        await first
        await self._launch(self._backend())

    async def _start_terminal(self, plugged: asyncio.Event) -> None:
        await self._start_screen()
        self.devices_file.unlink(missing_ok=True)  # of an earlier run: its devices are gone
        async with asyncio.TaskGroup() as group:
            if self.headless and self.display:
                log = self.log_dir / "screen-sharing.log"
                group.create_task(self._launch(display.x11vnc_recipe(self.display, self.ports.vnc, log)))
            group.create_task(self._launch(self._cabinet()))
        plugged.set()
        if self._with_kiosk:
            await self._launch(self._kiosk())

    async def _launch(self, recipe: Recipe) -> None:
        await self._supervisor.launch(recipe, keep_alive=self._keep_alive)

    async def _start_screen(self) -> None:
        """The person's own display if there is one (unless headless is wanted), else Xvfb."""
        own = os.environ.get("DISPLAY", "")
        size = display.screen_size(own) if own and not self.headless else None
        if size is not None:
            self.headless, self.display, self.window = False, own, display.fit(size)
            return
        if self.headless is False:
            raise ChildFailed("There is no display for a window: DISPLAY is not set or does not answer.")
        self.headless = True
        recipe = Recipe("screen", (), self.log_dir / "screen.log")
        xvfb, self.display = await display.start_xvfb(recipe, self.var_dir / "screen")
        # Programs on a screen that went away cannot come back, so it is not started again.
        await self._supervisor.adopt(xvfb, keep_alive=False)

    def _sandbox(self) -> Recipe:
        variables = {
            "MENKOU_SANDBOX_HOST": HOST,
            "MENKOU_SANDBOX_PORT": self.ports.sandbox,
            "MENKOU_SANDBOX_VAR_DIR": self.sandbox_dir,
            "MENKOU_SANDBOX_MERCHANT_PUBLIC_KEY": self.backend_dir / "alipay_merchant_public.pem",
        }
        return self._recipe("sandbox", ["sandbox", "serve"], variables, lambda: healthy(self.ports.sandbox))

    def _backend(self) -> Recipe:
        variables = {
            "MENKOU_BACKEND_HOST": HOST,
            "MENKOU_BACKEND_PORT": self.ports.backend,
            "MENKOU_FLEET_KIOSK_HOST": HOST,
            "MENKOU_FLEET_KIOSK_PORT": self.ports.fleet,
            "MENKOU_FLEET_KIOSK_URL": self.network_url,
            "MENKOU_BACKEND_VAR_DIR": self.backend_dir,
            "MENKOU_BACKEND_SANDBOX_DIR": self.sandbox_dir,
            "MENKOU_BACKEND_CONTENT_DIR": self._content_dir,
            "MENKOU_BACKEND_PUBLIC_URL": self.backend_url,
            "MENKOU_BACKEND_EXCHANGE_URL": f"{self.sandbox_url}/exchange",
            "MENKOU_BACKEND_ALIPAY_GATEWAY": f"{self.sandbox_url}/alipay/gateway.do",
        }
        return self._recipe("backend", ["backend", "serve"], variables, lambda: healthy(self.ports.backend, "/readyz"))

    def _cabinet(self) -> Recipe:
        argv = ["cabinet", "serve", "--host", HOST, "--port", str(self.ports.cabinet)]
        argv += ["--run-dir", str(self.cabinet_dir), "--terminal", TERMINAL, "--speed", str(self._speed)]
        argv += ["--sandbox-url", self.sandbox_url, "--backend-url", f"https://{HOST}:{self.ports.fleet}"]
        argv += ["--network-port", str(self.ports.network)]
        if self.display and self.headless:
            # On a person's own screen the phone must not look around: it asks the sandbox for the open code.
            argv += ["--display", self.display]
        if self.framebuffer_dir:
            argv += ["--vnc-port", str(self.ports.vnc), "--fbdir", str(self.framebuffer_dir)]
        return self._recipe("cabinet", argv, {}, lambda: healthy(self.ports.cabinet))

    def _kiosk(self) -> Recipe:
        variables = {
            "DISPLAY": self.display,
            "SDL_VIDEODRIVER": "x11",
            "MENKOU_KIOSK_VAR_DIR": self.kiosk_dir,
            "MENKOU_KIOSK_DEVICES_FILE": self.devices_file,
            "MENKOU_KIOSK_CONTENT_DIR": self._content_dir,
            "MENKOU_KIOSK_BACKEND_URL": self.network_url,
            "MENKOU_KIOSK_FIRST_HEARTBEAT_S": 1,
            "MENKOU_KIOSK_TERMINAL": TERMINAL,
            "MENKOU_KIOSK_WIDTH": self.window[0],
            "MENKOU_KIOSK_HEIGHT": self.window[1],
            "MENKOU_KIOSK_INSPECT_SOCKET": self.inspect_socket,
        }
        return self._recipe("kiosk", ["kiosk", "run"], variables, lambda: answers(self.inspect_socket))

    def _recipe(
        self, name: str, arguments: list[str], variables: Mapping[str, object], ready: Callable[[], Awaitable[bool]]
    ) -> Recipe:
        environment = {key: str(value) for key, value in variables.items()} | self._environment
        return Recipe(name, menkou(*arguments), self.log_dir / f"{name}.log", environment, ready)
