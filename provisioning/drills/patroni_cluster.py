"""A PostgreSQL with a standby under Patroni and etcd, on the loopback, in a folder of its own.

Debian's packages `patroni` and `etcd-server`; the file Patroni is given is the one we ship (provisioning/deploy).
Nothing of the machine's own clusters is touched. PostgreSQL refuses to run as root: then it runs as `postgres`.
"""

from __future__ import annotations

import contextlib
import json
import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from provisioning.deploy.render import render

HOST = "127.0.0.1"
_NEEDED = {"patroni": "patroni", "etcd": "etcd-server"}  # program: Debian package


def missing() -> list[str]:
    """The Debian packages that are not installed here."""
    packages = [package for program, package in _NEEDED.items() if shutil.which(program) is None]
    return packages + ([] if _postgres_bin() else ["postgresql-15"])


@dataclass
class Node:
    name: str
    port: int
    api_port: int
    folder: Path
    process: subprocess.Popen[bytes] | None = None

    def postmaster(self) -> int | None:
        """Its process id."""
        try:
            return int((self.folder / "data" / "postmaster.pid").read_text().split("\n", 1)[0])
        except (OSError, ValueError):
            return None


@dataclass
class HaCluster:
    """`make()` it in an empty folder; `remove()` ends every process it started."""

    folder: Path
    etcd_count: int = 1
    nodes: list[Node] = field(default_factory=list)
    password: str = field(default_factory=lambda: secrets.token_hex(12), repr=False)

    def make(self) -> None:
        """Start etcd and both nodes; returns when the standby is synchronous. Raises TimeoutError."""
        if os.geteuid() == 0:
            user = pwd.getpwnam("postgres")
            os.chown(self.folder, user.pw_uid, user.pw_gid)
        self._etcds: list[subprocess.Popen[bytes]] = []
        clients = self._start_etcd()
        passwords = {key: secrets.token_hex(12) for key in ("api", "replication", "rewind")}
        ports = free_ports(4)
        for number in (0, 1):
            name = f"node{number + 1}"
            node = Node(name, ports[2 * number], ports[2 * number + 1], self.folder / name)
            self._make_folder(node.folder)
            config = render(
                "patroni.yml",
                {
                    "NODE": name,
                    "ADDRESS": HOST,
                    "NETWORK": "127.0.0.0/8",
                    "PORT": str(node.port),
                    "API_PORT": str(node.api_port),
                    "API_PASSWORD": passwords["api"],
                    "ETCD": ",".join(clients),
                    "DATA": str(node.folder / "data"),
                    "BIN": str(_postgres_bin()),
                    "PGPASS": str(node.folder / "pgpass"),
                    "SOCKETS": str(node.folder),
                    "SUPERUSER_PASSWORD": self.password,
                    "REPLICATION_PASSWORD": passwords["replication"],
                    "REWIND_PASSWORD": passwords["rewind"],
                },
            )
            self._write(node.folder / "patroni.yml", config)
            self.nodes.append(node)
            self.start(node)
            self.wait_for(lambda: self.primary() is not None, 60)
        self.wait_for_standby()

    def url(self, database: str = "postgres") -> str:
        """Both hosts: whoever connects finds the one that takes writes."""
        hosts = "&".join(f"host={HOST}:{node.port}" for node in self.nodes)
        return f"postgresql+asyncpg://postgres:{self.password}@/{database}?{hosts}"

    def start(self, node: Node) -> None:
        with (node.folder / "patroni.log").open("ab") as log:
            node.process = subprocess.Popen(
                [*_as_postgres(), "/usr/bin/patroni", str(node.folder / "patroni.yml")],
                stdout=log,
                stderr=log,
                cwd=node.folder,
                env={"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "LANG": "C.UTF-8"},
                start_new_session=True,
            )

    def kill_machine(self, node: Node) -> None:
        """As if its power were cut: Patroni, PostgreSQL and all its children by SIGKILL."""
        postmaster = node.postmaster()
        if node.process is not None:
            _kill(node.process.pid)
            for child in _descendants(node.process.pid):
                _kill(child)
            node.process.wait()
            node.process = None
        if postmaster is not None:
            children = _descendants(postmaster)
            for pid in (postmaster, *children):
                _kill(pid)

    def kill_postgres(self, node: Node) -> None:
        """PostgreSQL alone, by SIGKILL; Patroni lives."""
        postmaster = node.postmaster()
        assert postmaster is not None  # noqa: S101
        os.kill(postmaster, signal.SIGKILL)

    def switch_over(self) -> None:
        """Change the roles as for maintenance. Returns when it is done."""
        primary, standby = self.primary(), self.standby()
        assert primary is not None and standby is not None  # noqa: S101, PT018
        config = (primary.folder / "patroni.yml").read_text()
        password = config.split("username: patroni\n    password: ", 1)[1].split("\n", 1)[0]
        response = httpx.post(
            f"http://{HOST}:{primary.api_port}/switchover",
            json={"leader": primary.name, "candidate": standby.name},
            auth=("patroni", password),
            timeout=60,
            trust_env=False,
        )
        response.raise_for_status()

    def primary(self) -> Node | None:
        """Who holds the lease and takes writes."""
        return next((node for node in self.nodes if _asked(node, "primary")), None)

    def standby(self) -> Node | None:
        """The one that may take over without loss."""
        return next((node for node in self.nodes if _asked(node, "synchronous")), None)

    def wait_for_standby(self, timeout_s: float = 90) -> None:
        self.wait_for(lambda: self.primary() is not None and self.standby() is not None, timeout_s)

    def wait_for(self, condition: Any, timeout_s: float) -> float:
        """Seconds waited. Raises TimeoutError."""
        began = time.monotonic()
        while not condition():
            if time.monotonic() - began > timeout_s:
                raise TimeoutError(f"not within {timeout_s} s; see {self.folder}/node*/patroni.log")
            time.sleep(0.2)
        return time.monotonic() - began

    def remove(self) -> None:
        for node in self.nodes:
            self.kill_machine(node)
        for etcd in self._etcds:
            etcd.kill()
            etcd.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _start_etcd(self) -> list[str]:
        ports = free_ports(2 * self.etcd_count)
        members = [(f"etcd{n}", ports[2 * n], ports[2 * n + 1]) for n in range(self.etcd_count)]
        cluster = ",".join(f"{name}=http://{HOST}:{peer}" for name, _, peer in members)
        for name, client, peer in members:
            folder = self.folder / name
            self._make_folder(folder)
            with (self.folder / f"{name}.log").open("wb") as log:
                argv = ["etcd", "--name", name, "--data-dir", str(folder), "--initial-cluster", cluster]
                argv += ["--listen-client-urls", f"http://{HOST}:{client}"]
                argv += ["--advertise-client-urls", f"http://{HOST}:{client}"]
                argv += ["--listen-peer-urls", f"http://{HOST}:{peer}"]
                argv += ["--initial-advertise-peer-urls", f"http://{HOST}:{peer}"]
                argv += ["--initial-cluster-token", secrets.token_hex(4)] if self.etcd_count == 1 else []
                self._etcds.append(
                    subprocess.Popen(
                        [*_as_postgres(), *argv], stdout=log, stderr=log, cwd=self.folder, start_new_session=True
                    )
                )
        self.wait_for(lambda: all(_healthy(client) for _, client, _ in members), 30)
        return [f"{HOST}:{client}" for _, client, _ in members]

    def _make_folder(self, folder: Path) -> None:
        folder.mkdir(mode=0o700)
        if os.geteuid() == 0:
            shutil.chown(folder, "postgres", "postgres")

    def _write(self, path: Path, text: str) -> None:
        path.touch(mode=0o600)
        path.write_text(text)
        if os.geteuid() == 0:
            shutil.chown(path, "postgres", "postgres")


def free_ports(count: int) -> list[int]:
    with contextlib.ExitStack() as stack:
        probes = [stack.enter_context(socket.socket()) for _ in range(count)]
        for probe in probes:
            probe.bind((HOST, 0))
        return [probe.getsockname()[1] for probe in probes]


def _asked(node: Node, role: str) -> bool:
    """Patroni answers 200 for the role it has."""
    try:
        response = httpx.get(f"http://{HOST}:{node.api_port}/{role}", timeout=2, trust_env=False)
    except httpx.HTTPError:
        return False
    return response.status_code == 200


def _healthy(port: int) -> bool:
    try:
        response = httpx.get(f"http://{HOST}:{port}/health", timeout=2, trust_env=False)
        return str(json.loads(response.content)["health"]) == "true"
    except (httpx.HTTPError, ValueError, KeyError):
        return False


def _postgres_bin() -> Path | None:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"))
    return found[-1].parent if found else None


def _as_postgres() -> list[str]:
    return ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups"] if os.geteuid() == 0 else []


def _kill(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def _descendants(pid: int) -> list[int]:
    children: dict[int, list[int]] = {}
    for child, parent in _processes():
        children.setdefault(parent, []).append(child)
    found: list[int] = []
    waiting = [pid]
    while waiting:
        below = children.get(waiting.pop(), [])
        found += below
        waiting += below
    return found


def _processes() -> Iterator[tuple[int, int]]:
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            with contextlib.suppress(OSError):
                text = (folder / "stat").read_text()
                yield int(folder.name), int(text.rpartition(")")[2].split()[1])
