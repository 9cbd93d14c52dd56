"""The desk as it is measured and broken: a durable PostgreSQL of its own, the desk's processes, nginx before them.

Two shapes: "embedded" is one process with its own TLS; "nginx" is the production's, API processes on Unix sockets and
a worker behind nginx. Everything listens on 127.0.0.1 and lies in one folder that is removed at the end.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import resource
import shutil
import socket
import sys
import tempfile
from collections.abc import Mapping, Sequence
from functools import partial
from math import ceil
from pathlib import Path
from types import TracebackType
from typing import Literal, Self

from backend.contract.enrolment import Ticket
from backend.fleet.settings import FleetSettings
from backend.settings import BackendSettings
from provisioning.bench.figures import BENCH_DIR
from provisioning.deploy.render import render
from provisioning.ports import HOST, accepts, answers
from provisioning.postgres import DURABLE, Cluster
from provisioning.process import Child, Recipe, menkou

Shape = Literal["embedded", "nginx"]
_PER_NGINX_WORKER = 15_000  # connections; the kernel does not share them out evenly
_CODES_MINUTES = 600
_API = 2  # processes, as in the shipped nginx.conf
_LOG_KEPT = 200_000  # bytes of each


class House:
    def __init__(
        self,
        shape: Shape,
        kiosks: int,
        *,
        content_dir: Path = Path("build/content"),
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.shape = shape
        self.folder = Path(tempfile.mkdtemp(prefix="menkou-fleet-"))
        self.kiosk_port, self.people_port, self.noop_port = free_port(), free_port(), free_port()
        self.children: dict[str, Child] = {}
        self.cluster: Cluster | None = None
        self._kiosks = kiosks
        self._api = _API if shape == "nginx" else 1
        self._content = content_dir.resolve()
        self._environment = dict(environment or {})

    # Where things are

    @property
    def postgres(self) -> Cluster:
        assert self.cluster is not None, "start() first"  # noqa: S101
        return self.cluster

    @property
    def database_url(self) -> str:
        return self.postgres.url("menkou")

    @property
    def people_url(self) -> str:
        return f"{'http' if self.shape == 'embedded' else 'https'}://{HOST}:{self.people_port}"

    @property
    def authority_file(self) -> Path:
        """Whom to trust as the desk."""
        return self._files()[2]

    @property
    def simulator_dir(self) -> Path:
        return self.folder / "simulator"

    def backend_settings(self) -> BackendSettings:
        return BackendSettings(
            var_dir=self.folder / "backend", content_dir=self._content, database_url=self.database_url
        )

    def fleet_settings(self) -> FleetSettings:
        url = f"https://{HOST}:{self.kiosk_port}"
        return FleetSettings(kiosk_url=url, kiosk_port=self.kiosk_port, code_minutes=_CODES_MINUTES)

    def server_pids(self) -> list[int]:
        """nginx and the desk's processes, without PostgreSQL."""
        return [child.pid for name, child in self.children.items() if child.pid and not name.startswith("noop")]

    def api_names(self) -> list[str]:
        return [f"api-{number}" for number in range(1, self._api + 1)]

    # Life

    async def __aenter__(self) -> Self:
        try:
            await self._start()
        except BaseException:
            await self.stop()
            raise
        return self

    def keep_logs(self) -> Path:
        """The folder goes; what the processes said is kept for who wants to know why."""
        kept = BENCH_DIR / "fleet-logs"
        shutil.rmtree(kept, ignore_errors=True)
        kept.mkdir(parents=True)
        for log in [*self.folder.glob("*.log"), *self.folder.glob("*.err"), self.postgres.folder / "log"]:
            with contextlib.suppress(OSError):
                text = log.read_bytes()[-_LOG_KEPT:]
                (kept / (log.name if log.suffix else "postgresql.log")).write_bytes(text)
        return kept

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if error is not None:
            self.keep_logs()
        await self.stop()

    async def _start(self) -> None:
        if not self._content.is_dir():
            raise FileNotFoundError(f"There is no content in {self._content}. Run `menkou content build` first.")
        self.cluster = await asyncio.to_thread(Cluster, *DURABLE)
        await asyncio.to_thread(self.cluster.create, "menkou")

    async def seed(self, share: float) -> int:
        """The invented province, or a share of it; the number of kiosks entered."""
        from backend.db.engine import make_engine, make_sessions, writing
        from backend.db.migrate import migrate
        from backend.fleet.seed import seed_province

        (self.folder / "backend").mkdir(exist_ok=True, mode=0o700)
        engine = make_engine(self.database_url)
        try:
            await migrate(engine)
            async with writing(make_sessions(engine)) as session:
                made = await seed_province(session, share)
                await session.commit()
        finally:
            await engine.dispose()
        await asyncio.to_thread(self.postgres.sql, "VACUUM ANALYZE", "menkou")
        return made

    async def codes(self, count: int) -> list[Ticket]:
        from provisioning.simulator.codes import make_codes

        return await make_codes(self.backend_settings(), self.fleet_settings(), count)

    async def open(self) -> None:
        """Start the desk; returns when kiosks and people are answered. Raises ChildFailed."""
        if self.shape == "embedded":
            await self.run(self.recipe("api-1"))
            return
        await self._make_certificates()
        for name in self.api_names():
            await self.run(self.recipe(name))
        await self.run(self.recipe("worker"))
        await self.run(self.recipe("nginx"))

    async def run(self, recipe: Recipe) -> Child:
        child = Child(recipe)
        self.children[recipe.name] = child
        await child.start()
        await child.wait_ready()
        return child

    async def restart(self, name: str) -> None:
        """After a kill."""
        await self.run(self.recipe(name))

    async def stop(self) -> None:
        for child in reversed(self.children.values()):
            await child.stop()
        self.children.clear()
        if self.cluster is not None:
            await asyncio.to_thread(self.cluster.remove)
        shutil.rmtree(self.folder, ignore_errors=True)

    # Recipes

    def recipe(self, name: str) -> Recipe:
        log = self.folder / f"{name}.log"
        if name == "nginx":
            return Recipe(name, self._nginx(), log, ready=lambda: accepts(self.kiosk_port))
        common = {
            "MENKOU_BACKEND_VAR_DIR": str(self.folder / "backend"),
            "MENKOU_BACKEND_DATABASE_URL": self.database_url,
            "MENKOU_BACKEND_CONTENT_DIR": str(self._content),
            "MENKOU_BACKEND_PUBLIC_URL": self.people_url,
            "MENKOU_BACKEND_HOST": HOST,
            "MENKOU_BACKEND_PORT": str(self.people_port),
            "MENKOU_FLEET_KIOSK_PORT": str(self.kiosk_port),
            "MENKOU_FLEET_KIOSK_URL": f"https://{HOST}:{self.kiosk_port}",
        } | self._environment
        if self.shape == "embedded":
            return Recipe(name, menkou("backend", "serve"), log, common, ready=lambda: accepts(self.kiosk_port))
        sockets = self.sockets(name)
        own = {
            "MENKOU_FLEET_PROXIED": "true",
            "MENKOU_FLEET_SOCKET_DIR": str(sockets),
            "MENKOU_BACKEND_JOBS": "false",
        }
        if name == "worker":
            return Recipe(name, menkou("backend", "worker"), log, common)
        return Recipe(
            name, menkou("backend", "serve"), log, common | own, ready=lambda: answers(sockets / "kiosks.sock")
        )

    async def open_noop(self) -> None:
        """An app that does nothing, behind the same door: what TLS, HTTP and the loop cost without the desk."""
        if self.shape == "embedded":
            argv = [
                sys.executable,
                "-m",
                "provisioning.bench.fleet_noop",
                str(self.noop_port),
                *map(str, self._files()),
            ]
            await self.run(Recipe("noop-0", argv, self.folder / "noop.log", ready=lambda: accepts(self.noop_port)))
            return
        for number in range(1, self._api + 1):
            path = self.folder / "noop" / str(number) / "kiosks.sock"
            path.parent.mkdir(parents=True, exist_ok=True)
            argv = [sys.executable, "-m", "provisioning.bench.fleet_noop", str(path)]
            await self.run(Recipe(f"noop-{number}", argv, self.folder / "noop.log", ready=partial(answers, path)))
        front = self._nginx(noop=True)
        await self.run(Recipe("noop-nginx", front, self.folder / "noop.log", ready=lambda: accepts(self.noop_port)))

    async def close_noop(self) -> None:
        for name in [name for name in self.children if name.startswith("noop")]:
            await self.children.pop(name).stop()

    def sockets(self, name: str) -> Path:
        return self.folder / "sockets" / name.removeprefix("api-")

    # Inside

    def _files(self) -> tuple[Path, Path, Path]:
        """The door's certificate and key, and whose kiosks come in."""
        authority = self.folder / "backend" / "authority"
        return authority / "server.pem", authority / "server.key", authority / "ca.pem"

    async def _make_certificates(self) -> None:
        from backend.fleet.identity.authority import open_authority, server_files

        fleet, backend = self.fleet_settings(), self.backend_settings()
        authority = await asyncio.to_thread(open_authority, fleet, backend)
        await asyncio.to_thread(server_files, authority, fleet, backend)

    def _nginx(self, *, noop: bool = False) -> Sequence[str]:
        """The shipped configuration, with this machine's limits in it."""
        name = "noop-nginx" if noop else "nginx"
        state = self.folder / f"{name}-state"
        state.mkdir(exist_ok=True)
        secret = self.folder / "nginx-secret.conf"
        secret.write_text("# nobody else is on this machine's loopback\n")
        certificate, key, clients = self._files()
        kiosk_port, people_port = (self.noop_port, free_port()) if noop else (self.kiosk_port, self.people_port)
        text = render(
            "nginx.conf",
            {
                "NGINX_USER": "root" if os.geteuid() == 0 else "nobody",
                "PID": str(self.folder / f"{name}.pid"),
                "LOG": str(self.folder / f"{name}.err"),
                "STATE": str(state),
                "RUN": str(self.folder / ("noop" if noop else "sockets")),
                "SECRET_FILE": str(secret),
                "KIOSK_LISTEN": f"{HOST}:{kiosk_port}",
                "KIOSK_NAME": HOST,
                "KIOSK_CERTIFICATE": str(certificate),
                "KIOSK_KEY": str(key),
                "KIOSK_AUTHORITY": str(clients),
                "PEOPLE_LISTEN": f"{HOST}:{people_port}",
                "PEOPLE_NAME": HOST,
                "PEOPLE_CERTIFICATE": str(certificate),
                "PEOPLE_KEY": str(key),
                "HTTP_LISTEN": f"{HOST}:{free_port()}",
                "LOCAL_LISTEN": f"{HOST}:{free_port()}",
            },
        )
        workers = max(2, ceil(self._kiosks / _PER_NGINX_WORKER))
        _, limit = resource.getrlimit(resource.RLIMIT_NOFILE)
        limit = limit if limit > 0 else 262_144
        for setting, value in (
            ("worker_processes", workers),
            ("worker_rlimit_nofile", limit),
            ("worker_connections", min(65_536, limit - 500)),
        ):
            text, found = re.subn(rf"{setting} \w+;", f"{setting} {value};", text)
            if found != 1:
                raise RuntimeError(f"the shipped nginx.conf has no {setting}")
        path = self.folder / f"{name}.conf"
        path.write_text(text)
        program = shutil.which("nginx") or "/usr/sbin/nginx"
        errors = str(self.folder / f"{name}.err")
        return [program, "-p", str(self.folder), "-c", str(path), "-e", errors, "-g", "daemon off;"]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])
