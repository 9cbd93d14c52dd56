"""Trying an A4 printer out: `menkou devices test document_printer`."""

from __future__ import annotations

import secrets

from drivers.document_printer.port import FINAL_STATES, DocumentPrinter, JobProgress, JobState, PrintJob
from drivers.document_printer.trial_page import build_test_page
from drivers.trial import Console


async def trial(device: DocumentPrinter, console: Console) -> bool:
    """Prints one page; a person looks at it."""
    status = await device.refresh()
    if status.identity:
        console.say(f"Printer: {status.identity}")
    console.say(f"State: {status.device.value}{f' ({status.detail})' if status.detail else ''}")
    for name, level in sorted(status.levels.items()):
        console.say(f"{name}: {level} %")
    job = await device.submit(build_test_page("Menkou test page"), f"test-page-{secrets.token_hex(4)}")
    if not isinstance(job, PrintJob):
        console.say(f"Not accepted: {job.value}")
        return False
    last = JobProgress(JobState.UNKNOWN)
    async for last in device.follow(job):
        causes = f" ({', '.join(sorted(last.reasons))})" if last.reasons else ""
        console.say(f"Job {job.job_id}: {last.state.value}{causes}")
        given_up = last.state is JobState.STOPPED and not await console.ask("Is it mended? It then goes on by itself.")
        if given_up:
            last = await device.cancel(job)
            console.say(f"Job {job.job_id}: {last.state.value}")
        if given_up or last.state in FINAL_STATES:
            break
    if last.state is not JobState.COMPLETED:
        return False
    return await console.ask(
        "Is the page clean: 测试页 at the top, a ruler of 18 cm, eleven greys, five lines, a frame 5 mm from the edges?"
    )
