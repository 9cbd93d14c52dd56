"""The driver against CUPS' own ippeveprinter, with the paper path of the virtual printer."""

from __future__ import annotations

import asyncio
import sys
import zlib
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from drivers.document_printer.driver import IppDocumentPrinter
from drivers.document_printer.following import Timing
from drivers.document_printer.port import JobProgress, JobState, PrintJob, SubmitFault
from drivers.status import DeviceState, SupplyState
from drivers.virtual.document_printer import VirtualDocumentPrinter, missing_programs
from drivers.virtual.sheet_engine import count_pages

pytestmark = pytest.mark.skipif(bool(missing_programs()), reason=f"not installed: {', '.join(missing_programs())}")


def pdf(pages: int) -> bytes:
    return (
        b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n"
        b"2 0 obj<</Type/Pages/Kids[3 0 R]/Count " + str(pages).encode() + b">>endobj\n"
        b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]>>endobj\ntrailer<</Root 1 0 R>>\n"
    )


class Bench:
    """A virtual printer and the driver for it."""

    def __init__(self, run_dir: Path) -> None:
        self.events: list[str] = []
        self.hands = VirtualDocumentPrinter(run_dir, speed=12, on_event=lambda e: self.events.append(e["event"]))
        self.printer = IppDocumentPrinter(self.hands.uri, timing=Timing(poll_s=0.1, cancel_s=30.0))

    async def submit(self, pages: int, name: str) -> PrintJob:
        job = await self.printer.submit(pdf(pages), name)
        assert isinstance(job, PrintJob), job
        return job

    async def follow(self, job: PrintJob, helping: Callable[[JobProgress], object] | None = None) -> list[JobProgress]:
        """All looks; `helping` is awaited at the first STOPPED."""
        seen: list[JobProgress] = []
        async with asyncio.timeout(60):
            async for progress in self.printer.follow(job):
                seen.append(progress)
                if helping is not None and progress.state is JobState.STOPPED:
                    await helping(progress)  # type: ignore[misc]
                    helping = None
        return seen

    async def wait_for(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(30):
            while not condition():
                await asyncio.sleep(0.05)


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    bench = Bench(tmp_path)
    await bench.hands.start()
    await bench.printer.open()
    yield bench
    await bench.printer.close()
    await bench.hands.stop()


async def test_sheets_are_counted_and_the_document_arrives_unchanged(bench: Bench) -> None:
    assert bench.printer.status.ready
    job = await bench.submit(3, "proof-1")
    assert await bench.printer.submit(pdf(1), "proof-2") is SubmitFault.BUSY
    seen = await bench.follow(job)
    assert (seen[-1].state, seen[-1].sheets_done) == (JobState.COMPLETED, 3)
    assert await bench.printer.find_job("proof-2") is None
    found = await bench.printer.find_job("proof-1")
    assert found is not None
    assert found[1].state is JobState.COMPLETED

    await bench.wait_for(lambda: "job-completed" in bench.events)
    assert bench.hands.state()["sheets_in_tray"] == 247
    assert pdf(3) in [path.read_bytes() for path in bench.hands.spool_files()]
    assert bench.hands.delete_spool() > 0
    assert bench.hands.spool_files() == []
    assert (await bench.printer.refresh()).ready


async def test_paper_out_before_the_job_then_refilled(bench: Bench) -> None:
    await bench.hands.paper_out()
    status = await bench.printer.refresh()
    assert status.supplies["paper"] is SupplyState.OUT
    assert not status.ready

    job = await bench.submit(1, "proof-1")
    seen = await bench.follow(job, helping=lambda _: bench.hands.refill())
    assert "media-empty" in next(p for p in seen if p.state is JobState.STOPPED).reasons
    assert seen[-1].state is JobState.COMPLETED
    assert (await bench.printer.refresh()).supplies["paper"] is SupplyState.FULL


async def test_waiting_for_paper_can_be_cancelled(bench: Bench) -> None:
    await bench.hands.paper_out()
    job = await bench.submit(1, "proof-1")
    progress = await bench.printer.cancel(job)
    assert (progress.state, progress.sheets_done) == (JobState.CANCELED, None), "has not been seen counting yet"
    await bench.wait_for(lambda: "job-aborted" in bench.events)
    assert "sheet" not in bench.events
    async with asyncio.timeout(30):  # the tray is still empty, and says so again
        while (await bench.printer.refresh()).supplies["paper"] is not SupplyState.OUT:
            await asyncio.sleep(0.1)


async def test_paper_runs_out_midway(bench: Bench) -> None:
    await bench.hands.paper_out_midway(after_sheets=1)
    job = await bench.submit(3, "proof-1")
    seen = await bench.follow(job, helping=lambda _: bench.hands.refill())
    stopped = next(p for p in seen if p.state is JobState.STOPPED)
    assert stopped.sheets_done == 1
    assert "media-empty" in stopped.reasons
    assert (seen[-1].state, seen[-1].sheets_done) == (JobState.COMPLETED, 3)


async def test_jam_cleared(bench: Bench) -> None:
    await bench.hands.jam_next()
    job = await bench.submit(1, "proof-1")
    seen = await bench.follow(job, helping=lambda _: bench.hands.clear())
    assert "media-jam" in next(p for p in seen if p.state is JobState.STOPPED).reasons
    assert seen[-1].state is JobState.COMPLETED


async def test_jam_given_up(bench: Bench) -> None:
    await bench.hands.jam_next(after_sheets=1)
    job = await bench.submit(2, "proof-1")
    seen = await bench.follow(job, helping=lambda _: bench.hands.abort())
    assert (seen[-1].state, seen[-1].sheets_done) == (JobState.ABORTED, 1)
    job = await bench.submit(1, "proof-2")
    assert (await bench.follow(job))[-1].state is JobState.COMPLETED


async def test_jam_cancelled_by_the_kiosk(bench: Bench) -> None:
    await bench.follow(await bench.submit(1, "proof-1"))
    await bench.wait_for(lambda: "job-completed" in bench.events)
    bench.events.clear()
    await bench.hands.jam_next()
    job = await bench.submit(1, "proof-2")
    await bench.wait_for(lambda: "fault" in bench.events)
    assert (await bench.printer.refresh()).supplies["paper"] is SupplyState.JAMMED
    progress = await bench.printer.cancel(job)
    assert (progress.state, progress.sheets_done) == (JobState.CANCELED, 0), "it counted the job before"
    await bench.wait_for(lambda: "job-aborted" in bench.events)
    assert "sheet" not in bench.events


async def test_cancelled_within_a_long_job(bench: Bench) -> None:
    job = await bench.submit(40, "proof-1")
    await bench.wait_for(lambda: "sheet" in bench.events)
    progress = await bench.printer.cancel(job)
    assert progress.state is JobState.CANCELED
    assert progress.sheets_done in range(1, 40)


async def test_toner(bench: Bench) -> None:
    await bench.hands.set_toner(3)
    status = await bench.printer.refresh()
    assert status.supplies["toner"] is SupplyState.LOW
    assert status.ready
    await bench.hands.set_toner(0)
    assert not (await bench.printer.refresh()).ready


async def test_switched_off_within_a_job(bench: Bench) -> None:
    printer = IppDocumentPrinter(bench.hands.uri, timing=Timing(poll_s=0.1, silence_s=0.5))
    await printer.open()
    job = await bench.submit(50, "proof-1")
    await bench.wait_for(lambda: "sheet" in bench.events)
    await bench.hands.stop()
    assert [p.state async for p in printer.follow(job)] == [JobState.UNKNOWN]
    assert (await printer.refresh()).device is DeviceState.OFFLINE
    await bench.hands.start()
    assert (await printer.refresh()).ready
    await printer.close()


async def test_it_dies_with_its_parent(tmp_path: Path) -> None:
    program = (
        "import asyncio, pathlib, sys\n"
        "from drivers.virtual.document_printer import VirtualDocumentPrinter\n"
        "async def main():\n"
        "    printer = VirtualDocumentPrinter(pathlib.Path(sys.argv[1]))\n"
        "    await printer.start()\n"
        "    print(printer.uri, flush=True)\n"
        "    await asyncio.sleep(600)\n"
        "asyncio.run(main())\n"
    )
    words = (sys.executable, "-c", program, str(tmp_path))
    parent = await asyncio.create_subprocess_exec(*words, stdout=asyncio.subprocess.PIPE)
    assert parent.stdout is not None
    try:
        lines = [await parent.stdout.readline()]
        while lines[-1] and not lines[-1].startswith(b"ipp://"):
            lines.append(await parent.stdout.readline())
        printer = IppDocumentPrinter(lines[-1].decode().strip())
        assert (await printer.refresh()).ready
    finally:
        parent.kill()
        await parent.wait()
    async with asyncio.timeout(20):
        while (await printer.refresh()).device is not DeviceState.OFFLINE:
            await asyncio.sleep(0.1)
    await printer.close()


def test_pages_are_counted_in_object_streams_too() -> None:
    packed = zlib.compress(b"<</Type/Pages/Kids[3 0 R 4 0 R]/Count 2>>")
    document = b"%PDF-1.7\n5 0 obj<</Type/ObjStm/N 1>>stream\n" + packed + b"\nendstream endobj"
    assert count_pages(document) == 2
    assert count_pages(pdf(4)) == 4
    assert count_pages(b"RaS2") == 1
