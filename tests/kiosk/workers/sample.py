"""Workers that the tests of the plumbing start."""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from kiosk.workers.child import Answer, Handler, Job, WorkerUnfit


def worker(options: dict[str, Any]) -> Mapping[str, Handler]:
    def count(job: Job) -> Answer:
        for number in range(job.body["to"]):
            job.emit({"number": number})
        return Answer({"done": True, "option": options.get("option")}, bytes(job.blob[::-1]))

    def die(job: Job) -> Answer:
        os.kill(os.getpid(), job.body["signal"])
        return Answer()

    def sleep(job: Job) -> Answer:
        job.emit({"asleep": True})
        time.sleep(600)
        return Answer()

    def fail(job: Job) -> Answer:
        raise ValueError("text that must not travel: " + bytes(job.blob).decode())

    def inside(job: Job) -> Answer:
        try:
            Path(job.body["file"]).write_bytes(b"x")
            wrote = True
        except OSError:
            wrote = False
        return Answer(
            {
                "modules": sorted(sys.modules),
                "environment": dict(os.environ),
                "core": resource.getrlimit(resource.RLIMIT_CORE),
                "dumpable": ctypes.CDLL(None).prctl(3, 0, 0, 0, 0),
                "wrote": wrote,
                "fds": sorted(str(Path(f"/proc/self/fd/{fd}").readlink()) for fd in range(3, 256) if _open(fd)),
                "pid": os.getpid(),
            }
        )

    return {"count": count, "die": die, "sleep": sleep, "fail": fail, "inside": inside}


def _open(fd: int) -> bool:
    try:
        os.fstat(fd)
    except OSError:
        return False
    return True


def unfit(_options: dict[str, Any]) -> Mapping[str, Handler]:
    raise WorkerUnfit("no-such-engine")


def quits(_options: dict[str, Any]) -> Mapping[str, Handler]:
    sys.exit(0)  # what face_recognition does when its models are missing


def illegal(_options: dict[str, Any]) -> Mapping[str, Handler]:
    os.kill(os.getpid(), signal.SIGILL)
    return {}
