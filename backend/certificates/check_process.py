"""Checking files in a process of its own, with limits: a file that is too much for it is unreadable, nothing more."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import threading
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Self

import structlog

from backend.certificates.check import FileCheck, FileState
from backend.certificates.check_child import ANSWER, REQUEST

log = structlog.get_logger()

_ROOT = str(Path(__file__).resolve().parents[2])
_INHERITED = ("PATH", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "PYTHONDONTWRITEBYTECODE")  # no keys, no addresses
_START_S = 60.0


def child_environment() -> dict[str, str]:
    inherited = {key: os.environ[key] for key in _INHERITED if key in os.environ}
    return {**inherited, "PYTHONPATH": _ROOT, "PYTHONWARNINGS": "ignore"}


class FileChecker:
    """One warm process, replaced when it ends. Blocking; for one thread at a time.

    Use it from a thread that lives as long as the checker: the process dies with the thread that started it.
    """

    def __init__(self, timeout_s: float = 8.0) -> None:
        self._timeout_s = timeout_s
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def pid(self) -> int | None:
        """Of the living process; None when there is none."""
        return self._process.pid if self._process is not None and self._process.poll() is None else None

    def start(self) -> None:
        """Have a process ready. Raises OSError when none can be started."""
        if self.pid is not None:
            return
        self.close()
        self._process = process = subprocess.Popen(
            [sys.executable, "-P", "-m", "backend.certificates.check_child", str(os.getpid())],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,  # a traceback may quote the file
            env=child_environment(),
            cwd="/",
            start_new_session=True,
        )
        if self._answer(process, b"", _START_S) is None:
            self.close()
            raise OSError("the file checker does not start")

    def check(self, pdf: bytes, ca_pem: bytes) -> FileCheck:
        """As `check.check_pdf`, and UNREADABLE for what takes too much time or memory. Raises OSError as `start`."""
        self.start()
        assert self._process is not None  # noqa: S101 - `start` has made one
        answer = self._answer(self._process, REQUEST.pack(len(ca_pem), len(pdf)) + ca_pem + pdf, self._timeout_s)
        if answer is None:
            self.close()
            log.warning("file_check_overrun", size=len(pdf))
            return FileCheck(FileState.UNREADABLE)
        fields = json.loads(answer)
        at = fields["signed_at"]
        return FileCheck(FileState(fields["state"]), fields["signer"], datetime.fromisoformat(at) if at else None)

    def close(self) -> None:
        """End the process, whatever it is doing. A later check starts another."""
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()

    @staticmethod
    def _answer(process: subprocess.Popen[bytes], request: bytes, limit_s: float) -> bytes | None:
        """Write, and read one answer; None if the process ends before, by itself or by the clock."""
        assert process.stdin is not None  # noqa: S101 - both are pipes
        assert process.stdout is not None  # noqa: S101
        clock = threading.Timer(limit_s, process.kill)
        clock.daemon = True
        clock.start()
        try:
            process.stdin.write(request)
            process.stdin.flush()
            head = process.stdout.read(ANSWER.size)
            if len(head) < ANSWER.size:
                return None
            (length,) = ANSWER.unpack(head)
            answer = process.stdout.read(length)
            return answer if len(answer) == length else None
        except OSError:  # the process was gone before it had read everything
            return None
        finally:
            clock.cancel()
