"""One child process: started in a session of its own, ended with all it started, never outliving us."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import os
import signal
import sys
import uuid
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

PR_SET_PDEATHSIG = 1
LOG_LIMIT = 5_000_000  # bytes; a longer log is put aside at the next start
POLL_S = 0.05
MARK = "MENKOU_CHILD"

_libc = ctypes.CDLL(None, use_errno=True)


class ChildFailed(Exception):
    """A child ended, or stayed silent for too long, before it was ready. The message names its log."""


@dataclass(frozen=True)
class Recipe:
    """How to start a child and how to see that it is ready."""

    name: str
    argv: Sequence[str]
    log: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    ready: Callable[[], Awaitable[bool]] | None = None  # None: ready as soon as it runs
    ready_within_s: float = 60.0
    grace_s: float = 5.0  # from SIGTERM to SIGKILL
    pass_fds: tuple[int, ...] = ()


def menkou(*arguments: str) -> list[str]:
    """The command line of one of our own subcommands, in the interpreter that runs now."""
    return [sys.executable, "-m", "provisioning.entry", *arguments]


def rotate(log: Path, limit: int = LOG_LIMIT) -> None:
    with contextlib.suppress(FileNotFoundError):
        if log.stat().st_size > limit:
            log.replace(log.with_name(log.name + ".1"))


def marked(mark: str) -> list[int]:
    """Processes that inherited this mark in their environment, whatever session they moved to."""
    wanted = f"{MARK}={mark}".encode()
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):  # ended meanwhile, or another user's
            if wanted in (folder / "environ").read_bytes().split(b"\0"):
                found.append(int(folder.name))
    return found


def _die_with_parent() -> None:
    # Runs between fork and exec. Should we be killed outright, the kernel ends the child for us.
    _libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


class Child:
    def __init__(self, recipe: Recipe) -> None:
        self.recipe = recipe
        self._process: asyncio.subprocess.Process | None = None
        self._mark = uuid.uuid4().hex

    @property
    def name(self) -> str:
        return self.recipe.name

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process is not None and self._process.returncode is None else None

    async def start(self) -> None:
        """Start it; does not wait until it is ready."""
        recipe = self.recipe
        recipe.log.parent.mkdir(parents=True, exist_ok=True)
        rotate(recipe.log)
        with recipe.log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *recipe.argv,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=os.environ | {"PYTHONUNBUFFERED": "1", MARK: self._mark} | dict(recipe.environment),
                start_new_session=True,  # Ctrl-C in the terminal is for us alone; we stop the children in order
                preexec_fn=_die_with_parent,
                pass_fds=recipe.pass_fds,
            )

    async def wait_ready(self) -> None:
        """Until `ready` says so. Raises ChildFailed when the child ends first or takes too long."""
        assert self._process is not None  # noqa: S101 - start() comes first
        ready = self.recipe.ready
        deadline = asyncio.get_running_loop().time() + self.recipe.ready_within_s
        while self._process.returncode is None:
            if ready is None or await ready():
                return
            if asyncio.get_running_loop().time() > deadline:
                raise ChildFailed(
                    f"{self.name} was not ready within {self.recipe.ready_within_s:.0f} s; see {self.recipe.log}"
                )
            await asyncio.sleep(POLL_S)
        raise ChildFailed(f"{self.name} ended while starting (code {self._process.returncode}); see {self.recipe.log}")

    async def wait(self) -> int:
        """Its exit code; negative for a signal."""
        assert self._process is not None  # noqa: S101
        return await self._process.wait()

    async def kill(self) -> None:
        """SIGKILL, as a power cut would: to the child and whatever it started."""
        if self._process is None:
            return
        for pid in {self._process.pid, *marked(self._mark)}:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        await self._process.wait()

    async def stop(self) -> None:
        """SIGTERM, then SIGKILL after the grace time; what it left behind goes too."""
        if self._process is None:
            return
        if self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self._process.terminate()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._process.wait(), self.recipe.grace_s)
        await self.kill()
