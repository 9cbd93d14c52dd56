"""The server: one process, one event loop, two doors.

- kiosks: HTTPS with client certificates, only the kiosk's API, the fleet's wire and /healthz;
- people: the console, the staff API, the verification page and the gateways' notifications.

Embedded, the people's door is plain HTTP on the loopback. In production nginx stands before both, and they are Unix
sockets (`proxied`), or the kiosks' door is this process's own TLS. Several such processes may run side by side.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import resource
import signal
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import structlog
import uvicorn
from fastapi import FastAPI
from starlette.types import ASGIApp

from backend.app import create_app
from backend.asgi import with_doors
from backend.contract.fleet_api import FLEET_PREFIX
from backend.contract.kiosk_api import API_PREFIX
from backend.fleet.commands.wait import WaitDoor
from backend.fleet.identity.authority import open_authority, server_files
from backend.fleet.settings import FleetSettings
from backend.operations.service_manager import told
from backend.settings import BackendSettings
from backend.tls import KioskProtocol, Only, Proxied, kiosk_context

log = structlog.get_logger()

KIOSK_PATHS = (f"{API_PREFIX}/", f"{FLEET_PREFIX}/", "/healthz")
_BACKLOG = 4096  # connections the kernel holds while we are busy: the power comes back in a whole county
_GRACE_S = 10  # for open requests when the server stops
_LOOK_AT_CERTIFICATE_S = 6 * 3600


@dataclass(frozen=True)
class Doors:
    """Where the server listens: "host:port", or the path of a Unix socket."""

    people: str
    kiosks: str


class _Server(uvicorn.Server):
    """One door. Signals are the house's affair, not a door's."""

    async def open(self, listener: socket.socket) -> None:
        if not self.config.loaded:
            self.config.load()
        self.lifespan = self.config.lifespan_class(self.config)
        await self.startup(sockets=[listener])

    async def close(self) -> None:
        if self.started:
            await self.shutdown()


@asynccontextmanager
async def listening(settings: BackendSettings, fleet: FleetSettings) -> AsyncIterator[Doors]:
    """The server while the block runs. Raises SettingsError, OSError for an address that is taken."""
    backend = create_app(settings)
    app = with_doors(backend)
    await asyncio.to_thread(open_authority, fleet, settings)  # a fault in it is known before anything listens
    listeners = _listeners(settings, fleet)
    people = _Server(_config(_people_app(app, settings, fleet), fleet, lifespan="on"))
    kiosks: _Server | None = None
    ticks: list[asyncio.Task[None]] = []
    try:
        await people.open(listeners[0])
        kiosks = _Server(await asyncio.to_thread(_kiosk_config, app, settings, fleet))
        await kiosks.open(listeners[1])
        ticks = [asyncio.create_task(server.main_loop()) for server in (people, kiosks)]
        if not fleet.proxied:
            ticks.append(asyncio.create_task(_renewing(kiosks, settings, fleet)))
        doors = Doors(*map(_name, listeners))
        log.info("listening", people=doors.people, kiosks=doors.kiosks)
        yield doors
    finally:
        for tick in ticks:
            tick.cancel()
        await asyncio.gather(*ticks, return_exceptions=True)
        if kiosks is not None:
            await asyncio.gather(kiosks.close(), _end_waiting(backend))
        await people.close()  # with it the app itself
        for listener in listeners:
            _forget(listener)


async def _end_waiting(backend: FastAPI) -> None:
    """Long polls would hold up the stop for as long as they are willing to wait. uvicorn marks its connections at once
    and only then waits for the answers, so these are the last on theirs."""
    door: WaitDoor | None = getattr(backend.state, "wait_door", None)
    if door is not None:
        await door.stop()


def run(settings: BackendSettings, fleet: FleetSettings) -> None:
    """Serve until SIGTERM or SIGINT. Raises SettingsError, OSError."""
    _raise_file_limit()
    loop_factory = uvicorn.Config(app="", log_config=None).get_loop_factory()
    with asyncio.Runner(loop_factory=loop_factory) as runner:
        runner.run(_until_told(settings, fleet))


async def _until_told(settings: BackendSettings, fleet: FleetSettings) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    async with listening(settings, fleet), told():
        await stop.wait()


def _people_app(app: ASGIApp, settings: BackendSettings, fleet: FleetSettings) -> ASGIApp:
    # The demonstration's kiosk still comes in here, with its token.
    hidden = (FLEET_PREFIX + "/",) if settings.environment == "embedded" else (FLEET_PREFIX + "/", API_PREFIX + "/")
    shown = Only(app, but=hidden)
    return Proxied(shown, fleet.proxy_secret.get_secret_value()) if fleet.proxied else shown


def _kiosk_config(app: ASGIApp, settings: BackendSettings, fleet: FleetSettings) -> uvicorn.Config:
    shown = Only(app, only=KIOSK_PATHS)
    if fleet.proxied:
        return _config(Proxied(shown, fleet.proxy_secret.get_secret_value()), fleet, lifespan="off")
    authority = open_authority(fleet, settings)
    context = kiosk_context(*server_files(authority, fleet, settings), authority.chain_pem)
    config = _config(shown, fleet, lifespan="off", protocol=KioskProtocol)
    config.ssl_context_factory = lambda _config, _default: context
    return config


def _config(
    app: ASGIApp,
    fleet: FleetSettings,
    *,
    lifespan: Literal["on", "off"],
    protocol: type[asyncio.Protocol] | str = "httptools",
) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        http=protocol,
        ws="none",
        lifespan=lifespan,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_keep_alive=fleet.keep_alive_s,
        timeout_graceful_shutdown=_GRACE_S,
        backlog=_BACKLOG,
        proxy_headers=fleet.proxied,
        forwarded_allow_ips="*" if fleet.proxied else None,  # only the proxy reaches the Unix socket
    )


async def _renewing(kiosks: _Server, settings: BackendSettings, fleet: FleetSettings) -> None:
    """Our own certificate is made, or read from its files, anew before it ends; open connections keep the old one."""
    while True:
        await asyncio.sleep(_LOOK_AT_CERTIFICATE_S)
        try:
            authority = await asyncio.to_thread(open_authority, fleet, settings)
            files = await asyncio.to_thread(server_files, authority, fleet, settings)
            assert kiosks.config.ssl is not None  # noqa: S101 - this door has TLS
            kiosks.config.ssl.load_cert_chain(*files)
        except Exception as error:  # noqa: BLE001 - the certificate in use may be good for weeks yet
            log.error("server_certificate_not_renewed", error=type(error).__name__)


def _listeners(settings: BackendSettings, fleet: FleetSettings) -> tuple[socket.socket, socket.socket]:
    if fleet.proxied:
        return _unix(fleet.socket_dir / "people.sock"), _unix(fleet.socket_dir / "kiosks.sock")
    people = _tcp(settings.host, settings.port)
    try:
        return people, _tcp(fleet.kiosk_host, fleet.kiosk_port)
    except OSError:
        people.close()
        raise


def _tcp(host: str, port: int) -> socket.socket:
    """Raises OSError, saying which address it was."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(_BACKLOG)
    except OSError as error:
        listener.close()
        raise OSError(error.errno, f"cannot listen on {host}:{port}: {error.strerror}") from None
    return listener


def _unix(path: Path) -> socket.socket:
    """For our own user and group: nginx is in the group."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o750)
    path.unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    before = os.umask(0o117)
    try:
        listener.bind(str(path))
    except OSError as error:
        listener.close()
        raise OSError(error.errno, f"cannot listen on {path}: {error.strerror}") from None
    finally:
        os.umask(before)
    listener.listen(_BACKLOG)
    return listener


def _name(listener: socket.socket) -> str:
    address = listener.getsockname()
    return address if isinstance(address, str) else f"{address[0]}:{address[1]}"


def _forget(listener: socket.socket) -> None:
    if listener.fileno() >= 0:
        listener.close()


def _raise_file_limit() -> None:
    """Every kiosk holds a connection: take as many open files as the machine allows us."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
