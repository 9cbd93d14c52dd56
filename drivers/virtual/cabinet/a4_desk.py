"""The A4 printer: its mechanics, and the sheets in its output tray."""

from __future__ import annotations

import asyncio
import io
import threading
from pathlib import Path

from drivers.virtual.cabinet.desk import Desk, RefusedError
from drivers.virtual.cabinet.devices_file import Table
from drivers.virtual.cabinet.events import EventLog
from drivers.virtual.cabinet.named import Named
from drivers.virtual.cabinet.state import A4View, Sheet
from drivers.virtual.document_printer import Event, VirtualDocumentPrinter

_MEND = {"undo": "clear", "undo_zh": "排除故障", "undo_en": "Mend"}
_REFILL = {"undo": "refill", "undo_zh": "装纸", "undo_en": "Refill"}

ACTIONS = (
    Named(id="paper-out", label_zh="缺纸", label_en="Paper out", on="document_printer.reasons=media-empty", **_REFILL),
    Named(id="paper-out-midway", label_zh="打到一半缺纸", label_en="Paper out midway"),
    Named(id="jam", label_zh="卡纸", label_en="Jam", on="document_printer.reasons=media-jam", **_MEND),
    Named(id="cover-open", label_zh="开盖", label_en="Cover open", on="document_printer.reasons=cover-open", **_MEND),
    Named(id="abort", label_zh="丢弃任务", label_en="Give up the job"),
    Named(
        id="toner-out",
        label_zh="墨尽",
        label_en="Toner out",
        on="document_printer.reasons=toner-empty",
        undo="toner-new",
        undo_zh="换墨",
        undo_en="New toner",
    ),
    Named(
        id="off",
        label_zh="不回答",
        label_en="Silent",
        on="document_printer.printer_state=off",
        undo="on",
        undo_zh="开机",
        undo_en="Switch on",
    ),
)

PREVIEW_SCALE = 130 / 72  # 130 dots an inch
FULL_TONER = 75

_pdfium = threading.Lock()  # PDFium keeps global state and is not safe in two threads


class DocumentPrinterDesk(Desk):
    name = "document_printer"

    def __init__(self, run_dir: Path, port: int, speed: float, events: EventLog) -> None:
        super().__init__(events)
        self.printer = VirtualDocumentPrinter(run_dir, port, speed=speed, on_event=self._heard)
        self._jobs: dict[str, str] = {}  # job number -> state

    async def _start(self) -> None:
        for old in self.printer.spool_files():  # job numbers begin anew with each start
            old.unlink(missing_ok=True)
        await self.printer.start()

    async def _stop(self) -> None:
        await self.printer.stop()

    def table(self) -> Table:
        return {"driver": "ipp", "uri": self.printer.uri}

    async def act(self, action: str) -> None:
        self.need()
        printer = self.printer
        match action:
            case "paper-out":
                await printer.paper_out()
            case "refill":
                await printer.refill()
            case "paper-out-midway":
                await printer.paper_out_midway()
            case "jam":
                await printer.jam_next()
            case "cover-open":
                await printer.open_cover()
            case "clear":
                await printer.clear()
            case "abort":
                await printer.abort()
            case "toner-out":
                await printer.set_toner(0)
            case "toner-new":
                await printer.set_toner(FULL_TONER)
            case "off":
                await printer.stop()
            case "on":
                self._forget()
                await printer.start()
            case _:
                raise RefusedError("no such action", 404)
        if action in ("jam", "cover-open", "paper-out-midway", "clear", "abort"):
            self.event(action)

    async def reset(self) -> None:
        if not self.printer.state()["on"]:
            await self.act("on")
        await self.printer.clear()
        await self.printer.refill()
        await self.printer.set_toner(FULL_TONER)

    def view(self) -> A4View:
        seen = self.printer.state()
        on = bool(seen["on"])
        return A4View(
            failure=self.failure,
            plugged=on or not self.started,
            active=seen["engine"] != "idle",
            uri=self.printer.uri,
            printer_state=str(seen["engine"]) if on else "off",
            reasons=_reasons(
                int(seen["sheets_in_tray"]), int(seen["toner_percent"]), seen["engine"], seen["planned_fault"]
            )
            if on
            else [],
            tray=int(seen["sheets_in_tray"]),
            toner=int(seen["toner_percent"]),
            sheets_printed=int(seen["sheets_printed"]),
            sheets=self.sheets(),
        )

    # --- the output tray --------------------------------------------------------------------------------------------

    def sheets(self) -> list[Sheet]:
        """Oldest first. A job that was aborted may have put out some of its sheets."""
        found = []
        for path in self._documents():
            job = path.name.partition("-")[0]
            found.append(Sheet(id=job, state=self._jobs.get(job, "printing"), bytes=path.stat().st_size))
        return found

    async def document(self, sheet_id: str) -> bytes:
        return await asyncio.to_thread(self._find(sheet_id).read_bytes)

    async def picture(self, sheet_id: str) -> bytes:
        """The first page as PNG."""
        return await asyncio.to_thread(_first_page, await self.document(sheet_id))

    def take(self, sheet_id: str) -> None:
        """Take the sheets out of the tray: the document is gone."""
        path = self._find(sheet_id)
        if self._jobs.get(sheet_id, "printing") == "printing":
            raise RefusedError("still printing")
        for part in path.parent.glob(f"{int(sheet_id)}-*"):
            part.unlink(missing_ok=True)
        self.event("sheets taken")

    def _documents(self) -> list[Path]:
        return [path for path in self.printer.spool_files() if path.suffix == ".pdf"]

    def _find(self, sheet_id: str) -> Path:
        for path in self._documents():
            if path.name.partition("-")[0] == sheet_id:
                return path
        raise RefusedError("no such sheet", 404)

    def _forget(self) -> None:
        """A printer that is switched on counts its jobs from 1: what lay in the tray is gone."""
        self._jobs.clear()
        for path in self.printer.spool_files():
            path.unlink(missing_ok=True)

    def _heard(self, event: Event) -> None:
        job = str(event.get("job", ""))
        ends = {"job-started": "printing", "job-completed": "printed", "job-aborted": "aborted"}
        if event["event"] in ends:
            self._jobs[job] = ends[event["event"]]
        details = " ".join(f"{key} {value}" for key, value in event.items() if key != "event")
        self.event(f"{event['event']} {details}".strip())


def _reasons(tray: int, toner: int, engine: str, planned: str | None) -> list[str]:
    """What is wrong or about to go wrong, as IPP keywords."""
    reasons = {engine} - {"idle", "printing"}
    if planned:
        reasons.add(planned)
    if tray == 0:
        reasons.add("media-empty")
    if toner < 10:
        reasons.add("toner-empty" if toner == 0 else "toner-low")
    return sorted(reasons)


def _first_page(document: bytes) -> bytes:
    import pypdfium2

    with _pdfium:
        try:
            pdf = pypdfium2.PdfDocument(document)
        except pypdfium2.PdfiumError:
            raise RefusedError("not a readable PDF", 415) from None
        try:
            page = pdf[0]
            image = page.render(scale=PREVIEW_SCALE).to_pil()
            page.close()
        finally:
            pdf.close()
    png = io.BytesIO()
    image.save(png, "PNG")
    return png.getvalue()
