"""A PostgreSQL server of our own in a folder of its own, for tests, measurements and drills.

Nothing of the machine's own clusters is touched. PostgreSQL refuses to run as root: then it runs as `postgres`.
"""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path

FAST = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "max_connections=60", "shared_buffers=64MB")
# Nothing acknowledged may be lost: what production has, on a small machine.
DURABLE = (
    "fsync=on",
    "synchronous_commit=on",
    "full_page_writes=on",
    "max_connections=120",
    "shared_buffers=512MB",
    "max_wal_size=4GB",
    "checkpoint_timeout=5min",
    "jit=off",
)


_PREFIX = "menkou-pg-"  # then the process that made it: `remove_orphans`


def binaries() -> Path | None:
    """Where initdb and postgres are; None where PostgreSQL is not installed."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"))
    return found[-1].parent if found else None


class Cluster:
    """A server on a Unix socket in a folder of its own, and on the loopback if given a port. `options`: settings such
    as "fsync=on"."""

    def __init__(self, *options: str, port: int = 0) -> None:
        found = binaries()
        if found is None:
            raise RuntimeError("PostgreSQL is not installed; `make test` installs it (provisioning/packages.txt)")
        self.bin = found
        self.folder = Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getpid()}-"))
        listening = ("listen_addresses=127.0.0.1", f"port={port}") if port else ("listen_addresses=''",)
        self.options = (*(options or FAST), *listening)
        self.port = port or 5432
        self._as_user = ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups"] if _root() else []
        if _root():
            user = pwd.getpwnam("postgres")
            os.chown(self.folder, user.pw_uid, user.pw_gid)
        self._run("initdb", "-D", self._data, "-U", "menkou", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "-N")
        self.start()

    def start(self) -> None:
        """Start, or start again after `kill`; returns when it answers."""
        settings = " ".join(f"-c {option}" for option in self.options)
        options = f"-k {self.folder} {settings}"
        self._run("pg_ctl", "-D", self._data, "-l", f"{self.folder}/log", "-w", "-t", "60", "-o", options, "start")

    def stop(self, mode: str = "immediate") -> None:
        """`immediate` is a crash: nothing is flushed."""
        self._run("pg_ctl", "-D", self._data, "-m", mode, "-w", "stop", check=False)

    def pid(self) -> int:
        return int((self.folder / "data" / "postmaster.pid").read_text().split("\n", 1)[0])

    def remove(self) -> None:
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def create(self, name: str, template: str = "template0") -> str:
        """A new database; its URL."""
        self.sql(f'CREATE DATABASE "{name}" TEMPLATE "{template}" STRATEGY FILE_COPY')
        return self.url(name)

    def url(self, name: str) -> str:
        return f"postgresql+asyncpg://menkou@/{name}?host={self.folder}"

    def sql(self, statement: str, database: str = "postgres") -> str:
        return self._run(
            "psql", "-h", str(self.folder), "-p", str(self.port), "-U", "menkou", "-d", database, "-qAtc", statement
        )

    @property
    def _data(self) -> str:
        return str(self.folder / "data")

    def _run(self, program: str, *arguments: str, check: bool = True) -> str:
        argv = [*self._as_user, str(self.bin / program), *arguments]
        # Not a pipe for pg_ctl: the server would hold it open.
        with tempfile.TemporaryFile("w+") as out:
            code = subprocess.run(argv, stdout=out, stderr=out, cwd="/", check=False, timeout=120).returncode
            out.seek(0)
            text = out.read()
        if check and code != 0:
            raise RuntimeError(f"{program} ended with {code}: {text[-800:]}")
        return text.strip()


def _root() -> bool:
    return os.geteuid() == 0


def remove_orphans() -> None:
    """Stop and remove the servers whose makers were killed before they could."""
    for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        maker = folder.name.removeprefix(_PREFIX).split("-")[0]
        if not maker.isdigit() or Path(f"/proc/{maker}").exists():
            continue
        with contextlib.suppress(OSError, ValueError):
            os.kill(int((folder / "data" / "postmaster.pid").read_text().split("\n", 1)[0]), signal.SIGQUIT)
        shutil.rmtree(folder, ignore_errors=True)
