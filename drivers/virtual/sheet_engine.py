"""The paper path of the virtual A4 printer: the command `ippeveprinter -c` runs for each document.

Usage: sheet_engine.py RUN_DIR PORT DOCUMENT. It works in RUN_DIR with `plan.json` (what shall go wrong; written by
`VirtualDocumentPrinter`), `tray` and `special` (sheets left; written by both) and `events.log` (what happened; written
here). A job that asks for the by-pass tray takes its sheets from `special`.
On stderr it speaks ippeveprinter's language: `ATTR:` sets job attributes, `STATE: +kw`/`-kw` printer-state-reasons.
Only the standard library, and nothing of this project: it must start within a few milliseconds.
"""

from __future__ import annotations

import json
import os
import re
import socket
import struct
import sys
import time
import zlib
from pathlib import Path
from typing import Any

POLL_S = 0.1
SPECIAL_SOURCE = "by-pass-tray"


def say(line: str) -> None:
    sys.stderr.write(line + "\n")
    sys.stderr.flush()


def count_pages(document: bytes) -> int:
    """Pages of a PDF by the /Count of its page tree, also inside object streams; of PWG Raster by its first header
    (TotalPageCount, 0: not said); 1 for anything else."""
    if document.startswith(b"RaS2PwgRaster\0") and len(document) >= 460:
        return int.from_bytes(document[456:460], "big") or 1
    if not document.startswith(b"%PDF"):
        return 1
    texts = [document]
    for stream in re.finditer(rb"/ObjStm.*?stream\r?\n(.*?)endstream", document, re.DOTALL):
        try:
            texts.append(zlib.decompressobj().decompress(stream.group(1)))
        except zlib.error:
            continue
    around = rb"/Count\s+(\d+)[^>]{0,200}?/Type\s*/Pages\b|/Type\s*/Pages\b[^>]{0,20000}?/Count\s+(\d+)"
    counts = [int(a or b) for text in texts for a, b in re.findall(around, text, re.DOTALL)]
    return max(counts, default=1) or 1


def ask(port: int, operation: int, job_id: int | None, attribute: str) -> bytes:
    """One IPP question to the printer on localhost: the raw reply, or nothing."""

    def field(tag: int, name: str, value: bytes) -> bytes:
        return struct.pack(">BH", tag, len(name)) + name.encode() + struct.pack(">H", len(value)) + value

    target = field(0x45, "printer-uri", f"ipp://localhost:{port}/ipp/print".encode())
    if job_id is not None:
        target += field(0x21, "job-id", struct.pack(">i", job_id))
    language = field(0x47, "attributes-charset", b"utf-8") + field(0x48, "attributes-natural-language", b"en")
    wanted = field(0x44, "requested-attributes", attribute.encode())
    body = struct.pack(">HHi", 0x0200, operation, 1) + b"\x01" + language + target + wanted + b"\x03"
    head = f"POST /ipp/print HTTP/1.1\r\nHost: localhost:{port}\r\nContent-Type: application/ipp\r\n"
    head += f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    try:
        with socket.create_connection(("localhost", port), 2.0) as line:
            line.settimeout(2.0)
            line.sendall(head.encode() + body)
            line.shutdown(socket.SHUT_WR)  # it answers, and closes
            reply = b""
            while piece := line.recv(4096):
                reply += piece
            return reply
    except OSError:
        return b""


def job_given_up(port: int, job_id: int) -> bool:
    """True once Cancel-Job has come: ippeveprinter itself lets its command run to the end."""
    return b"processing-to-stop-point" in ask(port, 0x0009, job_id, "job-state-reasons")


def job_waits_for_paper(port: int) -> bool:
    """True while ippeveprinter itself holds a job back because its tray is empty."""
    return b"media-needed" in ask(port, 0x000B, None, "printer-state-reasons")


class Engine:
    """Feeds the sheets of one document."""

    def __init__(self, run_dir: Path, port: int, job_id: int) -> None:
        self._dir = run_dir
        self._port = port
        self._job_id = job_id
        self._printer = os.getppid()
        self._stock = "special" if f"media-source={SPECIAL_SOURCE}" in os.environ.get("IPP_MEDIA_COL", "") else "tray"

    def run(self, document: Path) -> int:
        """The exit status: 0 completed, 1 aborted."""
        sheets = count_pages(document.read_bytes())
        say(f"ATTR: job-impressions={sheets} job-impressions-completed=0")
        self._event("job-started", sheets=sheets)
        for sheet in range(1, sheets + 1):
            if not self._feed(sheet, sheets):
                say("ERROR: job given up at the printer")
                self._event("job-aborted", sheets_done=sheet - 1)
                return 1
            say(f"ATTR: job-impressions-completed={sheet}")
            self._event("sheet", number=sheet, of=sheets)
        self._event("job-completed", sheets=sheets)
        return 0

    def _feed(self, sheet: int, sheets: int) -> bool:
        """One sheet through the printer; False when the job is given up."""
        if job_given_up(self._port, self._job_id):
            return False
        plan = self._plan()
        fault, after = plan.get("fault"), min(int(plan.get("after", 0)), sheets - 1)
        if fault and sheet == after + 1:
            if fault == "media-empty":
                self._set_tray(0)
            elif not self._wait_out(fault):
                return False
        if self._tray() <= 0 and not self._wait_out("media-empty"):
            return False
        self._set_tray(self._tray() - 1)
        time.sleep(float(self._plan().get("sheet_s", 1.2)))
        return True

    def _wait_out(self, fault: str) -> bool:
        """Show the fault until somebody mends it, or gives the job up (False)."""
        say(f"STATE: +{fault}")
        self._event("fault", keyword=fault)
        while True:
            plan = self._plan()
            if os.getppid() != self._printer:
                return False  # the printer was switched off
            if plan.get("abort") or job_given_up(self._port, self._job_id):
                say(f"STATE: -{fault}")
                return False
            mended = self._tray() > 0 if fault == "media-empty" else plan.get("fault") != fault
            if mended:
                say(f"STATE: -{fault}")
                self._event("cleared", keyword=fault)
                return True
            time.sleep(POLL_S)

    def _plan(self) -> dict[str, Any]:
        plan: dict[str, Any] = json.loads((self._dir / "plan.json").read_text())
        return plan

    def _tray(self) -> int:
        return int((self._dir / self._stock).read_text())

    def _set_tray(self, sheets: int) -> None:
        fresh = self._dir / f"{self._stock}.engine"
        fresh.write_text(str(sheets))
        fresh.replace(self._dir / self._stock)

    def _event(self, what: str, **details: int | str) -> None:
        with (self._dir / "events.log").open("a") as log:
            log.write(json.dumps({"event": what, "job": self._job_id, **details}) + "\n")


if __name__ == "__main__":
    engine = Engine(Path(sys.argv[1]), int(sys.argv[2]), int(os.environ["IPP_JOB_ID"]))
    sys.exit(engine.run(Path(sys.argv[3])))
