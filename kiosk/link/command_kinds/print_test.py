"""A slip or a page that shows that the printer prints. Nothing of anybody is on it."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from drivers.document_printer.port import FINAL_STATES, DocumentPrinter, JobState, SubmitFault
from drivers.receipt_printer.port import Heading, Line, Pair, Receipt, ReceiptOutcome, ReceiptPrinter, Rule
from kiosk.link.commands import Fail, Plain, Refuse, Task
from kiosk.link.terminal_port import TerminalPort

_ZONE = ZoneInfo("Asia/Shanghai")
_PAGE_S = 120.0


def print_test(terminal: TerminalPort) -> Plain:
    """`{"printer": "receipt_printer" | "document_printer"}`. Refused while a resident is served."""

    async def run(task: Task) -> dict[str, Any]:
        printer = task.text("printer")
        if printer not in ("receipt_printer", "document_printer"):
            raise Refuse("invalid-arguments")
        device = getattr(terminal.devices, printer)
        if device is None:
            raise Refuse("no-such-device")
        if terminal.session_open:
            raise Refuse("session-open")
        async with terminal.between_sessions():
            task.left_s()
            number = str(terminal.facts().get("terminal", ""))
            if printer == "receipt_printer":
                return await _slip(device, number)
            return await _page(device, number, task.command_id)

    return Plain(run)


async def _slip(printer: ReceiptPrinter, terminal: str) -> dict[str, Any]:
    outcome = await printer.print_receipt(
        Receipt(
            (
                Heading("打印测试"),
                Line("Print test"),
                Rule(),
                Pair("终端", terminal),
                Pair("时间", datetime.now(_ZONE).strftime("%Y-%m-%d %H:%M:%S")),
                Rule(),
                Line("由工作人员发起，不是任何业务的凭证。"),
            )
        )
    )
    if outcome is not ReceiptOutcome.PRINTED:
        raise Fail(outcome.value)
    return {"outcome": outcome.value}


async def _page(printer: DocumentPrinter, terminal: str, command_id: str) -> dict[str, Any]:
    lines = ["Menkou print test", f"Terminal {terminal}", datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")]
    job = await printer.submit(page_pdf(lines), f"print-test-{command_id}"[:60])
    if isinstance(job, SubmitFault):
        raise Fail(job.value)
    state = JobState.UNKNOWN
    try:
        async with asyncio.timeout(_PAGE_S):
            async for progress in printer.follow(job):
                state = progress.state
                if state in FINAL_STATES or state is JobState.STOPPED:
                    break
    except TimeoutError:
        state = JobState.UNKNOWN
    if state is not JobState.COMPLETED:
        # It must not come out later, between a resident's sheets.
        await printer.cancel(job)
        raise Fail(state.value)
    return {"outcome": state.value}


def page_pdf(lines: list[str]) -> bytes:
    """A PDF of one A4 page with these lines (ASCII) and a frame by which feed and margins can be judged."""
    shown = [line.encode("ascii", "replace").translate(None, b"()\\").decode() for line in lines]
    text = "".join(f"BT /F 18 Tf 72 {740 - 28 * at} Td ({line}) Tj ET\n" for at, line in enumerate(shown))
    content = f"1 w 28 28 539 786 re S\n{text}".encode("ascii")
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R "
        b"/Resources << /Font << /F << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(content), content),
    ]
    pdf, places = b"%PDF-1.4\n", []
    for number, body in enumerate(objects, 1):
        places.append(len(pdf))
        pdf += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    tail = b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, len(pdf))
    return pdf + b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1) + table + tail
