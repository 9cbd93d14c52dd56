from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from kiosk.workers.process import Reply, WorkerFault, WorkerFaultKind, WorkerProcess

SAMPLE = "tests.kiosk.workers.sample"
LONG = 60.0


@pytest.fixture
async def worker() -> AsyncIterator[WorkerProcess]:
    process = WorkerProcess(f"{SAMPLE}:worker", {"option": 7}, name="sample")
    yield process
    await process.stop()


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


async def test_reply_events_blob_and_options(worker: WorkerProcess) -> None:
    events: list[int] = []
    reply = await worker.request(
        "count", {"to": 300}, b"abc", timeout_s=LONG, on_event=lambda event: events.append(event["number"])
    )
    assert isinstance(reply, Reply)
    assert reply.body == {"done": True, "option": 7}
    assert reply.blob == b"cba"
    assert events == list(range(300))


async def test_large_blob_both_ways(worker: WorkerProcess) -> None:
    data = os.urandom(5 << 20)
    reply = await worker.request("count", {"to": 0}, data, timeout_s=LONG)
    assert isinstance(reply, Reply)
    assert reply.blob == data[::-1]


async def test_the_loop_runs_on_while_the_worker_works(worker: WorkerProcess) -> None:
    await worker.start()
    task = asyncio.create_task(worker.request("sleep", timeout_s=LONG))
    for _ in range(50):
        await asyncio.sleep(0)
    assert not task.done()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGILL])
async def test_a_killed_worker_is_a_value_and_the_next_request_works(worker: WorkerProcess, number: int) -> None:
    fault = await worker.request("die", {"signal": number}, timeout_s=LONG)
    assert fault == WorkerFault(WorkerFaultKind.DIED, signal.Signals(number).name)
    assert isinstance(await worker.request("count", {"to": 0}, timeout_s=LONG), Reply)


async def test_time_out_kills_and_the_next_request_works(worker: WorkerProcess) -> None:
    await worker.start()
    pid = worker.pid
    assert pid is not None
    fault = await worker.request("sleep", timeout_s=0.2)
    assert fault == WorkerFault(WorkerFaultKind.TIMEOUT, "sleep")
    assert not alive(pid)
    assert isinstance(await worker.request("count", {"to": 0}, timeout_s=LONG), Reply)


async def test_cancelling_ends_the_process_before_it_returns(worker: WorkerProcess) -> None:
    await worker.start()
    pid = worker.pid
    assert pid is not None
    task = asyncio.create_task(worker.request("sleep", timeout_s=LONG))
    await asyncio.sleep(0.1)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not alive(pid)
    assert worker.pid is None


async def test_stopping_releases_a_waiting_request(worker: WorkerProcess) -> None:
    await worker.start()
    task = asyncio.create_task(worker.request("sleep", timeout_s=LONG))
    await asyncio.sleep(0.1)
    await worker.stop()
    assert await task == WorkerFault(WorkerFaultKind.DIED, "stopped")


async def test_a_bug_is_told_by_type_and_place_only(worker: WorkerProcess) -> None:
    fault = await worker.request("fail", blob=b"519999199001010017", timeout_s=LONG)
    assert isinstance(fault, WorkerFault)
    assert fault.kind is WorkerFaultKind.BUG
    assert fault.detail.startswith("ValueError at sample.py:")
    assert isinstance(await worker.request("count", {"to": 0}, timeout_s=LONG), Reply)


async def test_an_unknown_operation_is_a_bug(worker: WorkerProcess) -> None:
    fault = await worker.request("no such thing", timeout_s=LONG)
    assert isinstance(fault, WorkerFault)
    assert fault.kind is WorkerFaultKind.BUG


@pytest.mark.parametrize(("factory", "detail"), [("unfit", "no-such-engine"), ("quits", "SystemExit at sample.py")])
async def test_an_unfit_machine_is_a_value(factory: str, detail: str) -> None:
    process = WorkerProcess(f"{SAMPLE}:{factory}", name="unfit")
    fault = await process.start()
    assert fault is not None
    assert fault.kind is WorkerFaultKind.UNFIT
    assert fault.detail.startswith(detail)
    await process.stop()


async def test_a_worker_that_always_crashes_is_left_to_rest() -> None:
    process = WorkerProcess(f"{SAMPLE}:illegal", name="illegal")
    faults = [await process.start() for _ in range(4)]
    assert [fault.kind for fault in faults if fault] == [WorkerFaultKind.DIED] * 3 + [WorkerFaultKind.RESTING]
    assert faults[0] == WorkerFault(WorkerFaultKind.DIED, "SIGILL")
    assert process.pid is None


async def test_what_a_worker_has_and_has_not(
    worker: WorkerProcess, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("MENKOU_TEST_SECRET", "hunter2")
    secret = os.open(__file__, os.O_RDONLY)
    os.set_inheritable(secret, True)
    reply = await worker.request("inside", {"file": str(tmp_path / "file")}, timeout_s=LONG)
    os.close(secret)
    assert isinstance(reply, Reply)
    assert "MENKOU_TEST_SECRET" not in reply.body["environment"]
    assert not [name for name in reply.body["modules"] if name.startswith(("kivy", "kiosk.ui", "backend"))]
    assert reply.body["core"] == [0, 0]
    assert reply.body["dumpable"] == 0
    assert reply.body["wrote"] is False
    assert [fd.split(":")[0] for fd in reply.body["fds"]] == ["socket"]
    assert reply.body["pid"] != os.getpid()


PARENT = """
import asyncio, sys
sys.modules["kivy"] = object()  # a main module that has the interface loaded
from kiosk.workers.process import Reply, WorkerProcess
process = WorkerProcess("tests.kiosk.workers.sample:worker", name="orphan")
async def main():
    reply = await process.request("inside", {"file": "/dev/null"}, timeout_s=60)
    line = ("child", reply.body["pid"], "kivy" in reply.body["modules"])
    await process.request("sleep", timeout_s=60, on_event=lambda event: print(*line, flush=True))
asyncio.run(main())  # not under `if __name__ == "__main__"`: the child must not run this again
"""


def test_it_dies_with_its_parent_and_does_not_run_its_main_module(tmp_path: Path) -> None:
    script = tmp_path / "main.py"
    script.write_text(PARENT)
    root = Path(__file__).parents[3]
    parent = subprocess.Popen(
        [sys.executable, str(script)], stdout=subprocess.PIPE, text=True, env=os.environ | {"PYTHONPATH": str(root)}
    )
    assert parent.stdout is not None
    line = next(line for line in parent.stdout if line.startswith("child "))  # between lines of the log
    _, pid, has_kivy = line.split()
    assert has_kivy == "False"
    assert alive(int(pid))
    parent.kill()
    parent.wait()
    parent.stdout.close()
    give_up = time.monotonic() + 30
    while _runs(int(pid)):
        assert time.monotonic() < give_up
        time.sleep(0.02)


def _runs(pid: int) -> bool:
    """Alive and not a zombie that nobody has reaped yet."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return False
