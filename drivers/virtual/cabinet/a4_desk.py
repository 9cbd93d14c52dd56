"""The A4 printer: its mechanics, and the sheets in its output tray."""

from __future__ import annotations

import asyncio
import io
import threading
from pathlib import Path
from typing import Any

from drivers.virtual import pwg_reader
from drivers.virtual.cabinet.desk import Desk, RefusedError
from drivers.virtual.cabinet.devices_file import Table
from drivers.virtual.cabinet.events import EventLog
from drivers.virtual.cabinet.named import Named
from drivers.virtual.cabinet.state import A4View, Sheet
from drivers.virtual.document_printer import FORMATS, SPECIAL_SOURCE, Event, VirtualDocumentPrinter

_MEND = {"undo": "clear", "undo_zh": "排除故障", "undo_en": "Mend"}
_REFILL = {"undo": "refill", "undo_zh": "装纸", "undo_en": "Refill"}

_TONER = {"undo": "toner-new", "undo_zh": "换墨", "undo_en": "New toner"}
_REASON = "document_printer.reasons="

ACTIONS = (
    Named(id="paper-out", label_zh="缺纸", label_en="Paper out", on="document_printer.reasons=media-empty", **_REFILL),
    Named(id="paper-out-midway", label_zh="打到一半缺纸", label_en="Paper out midway"),
    Named(id="jam", label_zh="卡纸", label_en="Jam", on="document_printer.reasons=media-jam", **_MEND),
    Named(id="cover-open", label_zh="开盖", label_en="Cover open", on="document_printer.reasons=cover-open", **_MEND),
    Named(id="jam-page-two", label_zh="第二页卡纸", label_en="Jam on page 2"),
    Named(
        id="tray-missing", label_zh="抽走纸盒", label_en="Tray taken out", on=f"{_REASON}input-tray-missing", **_MEND
    ),
    Named(id="waste-full", label_zh="废粉盒满", label_en="Waste toner full", on=f"{_REASON}marker-waste-full", **_MEND),
    Named(id="abort", label_zh="丢弃任务", label_en="Give up the job"),
    Named(id="paper-low", label_zh="纸将尽", label_en="Five sheets left", on=f"{_REASON}media-low", **_REFILL),
    Named(id="toner-low", label_zh="墨将尽", label_en="Toner low", on=f"{_REASON}toner-low", **_TONER),
    Named(id="toner-out", label_zh="墨尽", label_en="Toner out", on=f"{_REASON}toner-empty", **_TONER),
    Named(
        id="special-out",
        label_zh="专用纸用完",
        label_en="No licence paper",
        on=f"{_REASON}special-stock-empty",
        undo="special-refill",
        undo_zh="装专用纸",
        undo_en="Licence paper",
    ),
    Named(id="busy", label_zh="别人在打印", label_en="Another's job"),
    Named(
        id="slow",
        label_zh="很慢",
        label_en="Slow",
        on=f"{_REASON}slow",
        undo="fast",
        undo_zh="正常",
        undo_en="As usual",
    ),
    Named(id="reboot", label_zh="重启", label_en="Restart"),
    Named(
        id="no-pdf",
        label_zh="不收 PDF",
        label_en="Takes no PDF",
        on=f"{_REASON}no-pdf",
        undo="pdf",
        undo_zh="收 PDF",
        undo_en="Takes PDF",
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

SAID = ("jam", "jam-page-two", "cover-open", "tray-missing", "waste-full", "paper-out-midway", "clear", "abort", "slow")
PREVIEW_SCALE = 130 / 72  # 130 dots an inch
FULL_TONER, LOW_TONER = 75, 7
FEW_SHEETS = 5
SLOWER = 8

_pdfium = threading.Lock()  # PDFium keeps global state and is not safe in two threads


class DocumentPrinterDesk(Desk):
    name = "document_printer"

    def __init__(self, run_dir: Path, port: int, speed: float, events: EventLog) -> None:
        super().__init__(events)
        self.printer = VirtualDocumentPrinter(run_dir, port, speed=speed, on_event=self._heard)
        self._speed = speed
        self._jobs: dict[str, str] = {}  # job number -> state

    async def _start(self) -> None:
        for old in self.printer.spool_files():  # job numbers begin anew with each start
            old.unlink(missing_ok=True)
        await self.printer.start()

    async def _stop(self) -> None:
        await self.printer.stop()

    def table(self) -> Table:
        return {"driver": "ipp", "uri": self.printer.uri, "special_source": SPECIAL_SOURCE}

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
            case "jam-page-two":
                await printer.jam_next(after_sheets=1)
            case "tray-missing":
                await printer.stop_next("input-tray-missing")
            case "waste-full":
                await printer.stop_next("marker-waste-full")
            case "paper-low":
                await printer.refill(FEW_SHEETS)
            case "toner-low":
                await printer.set_toner(LOW_TONER)
            case "toner-out":
                await printer.set_toner(0)
            case "special-out":
                await printer.special_out()
            case "special-refill":
                await printer.refill_special()
            case "busy":
                await self._busy()
            case "slow" | "fast":
                printer.slow_down(self._speed / SLOWER if action == "slow" else self._speed)
            case "reboot":
                await self._restart()
            case "no-pdf" | "pdf":
                await self._restart(without_pdf=action == "no-pdf")
            case "toner-new":
                await printer.set_toner(FULL_TONER)
            case "off":
                await printer.stop()
            case "on":
                await self._restart()
            case _:
                raise RefusedError("no such action", 404)
        if action in SAID:
            self.event(action)

    async def _restart(self, *, without_pdf: bool | None = None) -> None:
        """Off and on. `without_pdf` changes what it takes from now on."""
        await self.printer.stop()
        self._forget()
        if without_pdf is not None:
            self.printer.formats = tuple(f for f in FORMATS if f != "application/pdf" or not without_pdf)
        await self.printer.start()

    async def _busy(self) -> None:
        try:
            await self.printer.print_for_another()
        except RuntimeError as error:
            raise RefusedError(str(error)) from None

    async def reset(self) -> None:
        if not self.printer.state()["on"] or self.printer.formats != FORMATS:
            await self._restart(without_pdf=False)
        self.printer.slow_down(self._speed)
        await self.printer.clear()
        await self.printer.refill()
        await self.printer.refill_special()
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
            reasons=self._reasons(seen) if on else [],
            tray=int(seen["sheets_in_tray"]),
            toner=int(seen["toner_percent"]),
            sheets_printed=int(seen["sheets_printed"]),
            sheets=self.sheets(),
        )

    def _reasons(self, seen: dict[str, Any]) -> list[str]:
        """What is wrong or about to go wrong, as IPP keywords; and what no keyword is for."""
        tray, toner, special = seen["sheets_in_tray"], seen["toner_percent"], seen["special_sheets"]
        wrong = {
            "media-empty": tray == 0,
            "media-low": 0 < tray <= FEW_SHEETS,
            "toner-empty": toner == 0,
            "toner-low": 0 < toner < 10,
            "special-stock-empty": special == 0,
            "slow": seen["speed"] < self._speed,
            "no-pdf": "application/pdf" not in self.printer.formats,
        }
        planned = {seen["planned_fault"]} if seen["planned_fault"] else set()
        return sorted(
            {seen["engine"]} - {"idle", "printing"} | planned | {name for name, is_so in wrong.items() if is_so}
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
        return [path for path in self.printer.spool_files() if path.suffix in (".pdf", ".pwg")]

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


def _first_page(document: bytes) -> bytes:
    import pypdfium2

    if document.startswith(pwg_reader.SYNC):
        try:
            return pwg_reader.page_png(document)
        except pwg_reader.NotPwgRasterError:
            raise RefusedError("not a readable page", 415) from None
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
