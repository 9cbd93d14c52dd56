"""A virtual A4 printer: CUPS' own `ippeveprinter` (see the module of that name), with a simulated paper path behind
it."""

from __future__ import annotations

import asyncio
import contextlib
import json
import shlex
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import httpx
import structlog

from drivers.virtual import sheet_engine
from drivers.virtual.ipp_responder import words
from drivers.virtual.ippeveprinter import IppevePrograms, free_port, missing_programs

log = structlog.get_logger()

__all__ = ["FORMATS", "SPECIAL_SIZE", "SPECIAL_SOURCE", "Event", "VirtualDocumentPrinter", "missing_programs"]

FORMATS = ("application/pdf", "image/pwg-raster", "image/urf", "image/jpeg")
TRAY_SIZE = 250  # sheets ippeveprinter's main tray holds
SPECIAL_SIZE = 25  # and its by-pass tray, in which the special stock lies
SPECIAL_SOURCE = sheet_engine.SPECIAL_SOURCE
SHEET_S = 1.2  # one sheet through a desk printer, first one excepted
A4 = "iso_a4_210x297mm"
MAIN_LEVELS, BYPASS_LEVELS = (5, 25, 50, 125, 250), (5, 25)  # that ippeveprinter's form offers
LEVEL_UNKNOWN = "-2"
HAND_OVER_S = 5.0  # ippeveprinter looks at its tray once a second

Event = dict[str, Any]


class VirtualDocumentPrinter:
    """Hands for the printer: paper, toner, jams. `port` 0 takes a free one; `speed` 10 makes sheets ten times as fast.

    `formats`: what it takes, beside plain octets; to be changed while it is off.
    `on_event` hears {"event": "job-started" | "sheet" | "fault" | "cleared" | "job-completed" | "job-aborted" | …}.
    """

    def __init__(
        self,
        run_dir: Path,
        port: int = 0,
        *,
        speed: float = 1.0,
        on_event: Callable[[Event], None] | None = None,
        formats: Sequence[str] = FORMATS,
    ) -> None:
        self.formats = tuple(formats)
        self._dir = run_dir.absolute()
        self.port = port or free_port()
        self._speed = speed
        self._on_event = on_event
        self._programs = IppevePrograms(self._dir, self.port)
        self._tasks: list[asyncio.Task[None]] = []
        self._ended_jobs: set[int] = set()
        self._plan: dict[str, Any] = {}
        self._toner = 75
        self._handing_over_until = 0.0  # a waiting job is on its way to the engine
        self._shown_levels = (-1, -1)  # of paper and special stock, as ippeveprinter was last told
        self._sheets_printed = 0
        self._engine = "idle"

    @property
    def uri(self) -> str:
        return f"ipp://localhost:{self.port}/ipp/print"

    # --- power ------------------------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Switch on and wait until it answers; RuntimeError when it does not."""
        if self._programs:
            return
        if missing := missing_programs():
            raise RuntimeError(f"not installed: {', '.join(missing)}")
        self._prepare()
        try:
            await self._programs.start(self.formats)
            await self.refill()
            await self.set_toner(75)
        except BaseException:
            await self.stop()
            raise
        self._tasks = [asyncio.create_task(self._watch_events()), asyncio.create_task(self._watch_tray())]
        self._emit({"event": "on"})

    async def stop(self) -> None:
        """Switch off: a job in the printer is lost."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks = []
        if await self._programs.stop():
            self._engine = "idle"
            self._emit({"event": "off"})

    def _prepare(self) -> None:
        self._dir.mkdir(mode=0o700, parents=True, exist_ok=True)  # the spool holds people's documents
        (self._dir / "spool").mkdir(mode=0o700, exist_ok=True)
        for leftover in self.spool_files():
            leftover.unlink()
        (self._dir / "events.log").write_text("")
        self._write("tray", str(TRAY_SIZE))
        self._write("special", str(SPECIAL_SIZE))
        self._set_plan()
        self._ended_jobs.clear()
        self._shown_levels = (-1, -1)
        command = self._dir / "command.sh"
        words = [sys.executable, "-I", "-S", sheet_engine.__file__, str(self._dir), str(self.port)]
        command.write_text(f'#!/bin/sh\nexec {shlex.join(words)} "$1"\n')
        command.chmod(0o700)

    # --- hands ------------------------------------------------------------------------------------------------------

    async def paper_out(self) -> None:
        """Take the paper out. A job in work stops at its next sheet; the next job waits for paper."""
        self._write("tray", "0")
        await self._show_tray()
        self._emit({"event": "paper-out"})

    async def refill(self, sheets: int = TRAY_SIZE) -> None:
        """Put paper in; a waiting job goes on."""
        if self._plan.get("fault") == "media-empty":
            self._set_plan()
        self._write("tray", str(sheets))
        await self._show_tray()
        self._emit({"event": "refilled", "sheets": sheets})

    async def paper_out_midway(self, after_sheets: int = 1) -> None:
        """The next job runs out of paper after so many sheets, at the latest before its last; until `refill`."""
        self._set_plan(fault="media-empty", after=after_sheets)

    async def jam_next(self, after_sheets: int = 0) -> None:
        """The next sheet after so many of the next job jams, until `clear` or `abort`."""
        self._set_plan(fault="media-jam", after=after_sheets)

    async def special_out(self, left: int = 0) -> None:
        """So many sheets of special stock are left."""
        self._write("special", str(left))
        await self._show_tray()
        self._emit({"event": "special-stock", "sheets": left})

    async def refill_special(self) -> None:
        await self.special_out(SPECIAL_SIZE)

    async def stop_next(self, keyword: str, after_sheets: int = 0) -> None:
        """The next job stops with this printer-state-reason after so many sheets, until `clear` or `abort`. Of the
        keywords ippeveprinter knows, input-tray-missing and marker-waste-full make sense here."""
        self._set_plan(fault=keyword, after=after_sheets)

    def slow_down(self, speed: float) -> None:
        """Sheets so many times as fast as at speed 1, from now on."""
        self._speed = speed
        self._set_plan(**self._plan)

    async def print_for_another(self, pages: int = 5) -> None:
        """Somebody else's job comes: the printer is busy for that long. RuntimeError when it is not taken."""
        document = b"%PDF-1.4 1 0 obj<</Type/Pages/Count " + str(pages).encode() + b">>endobj"
        job = words("attributes-charset", ["utf-8"], 0x47) + words("attributes-natural-language", ["en"], 0x48)
        job += words("printer-uri", [self.uri], 0x45) + words("job-name", ["of-another"], 0x42)
        job += words("document-format", ["application/pdf"], 0x49)
        body = bytes.fromhex("020000020000000101") + job + b"\x03" + document
        async with httpx.AsyncClient(trust_env=False, timeout=10.0) as http:
            url = f"http://localhost:{self.port}/ipp/print"
            reply = await http.post(url, content=body, headers={"Content-Type": "application/ipp"})
        if reply.status_code != httpx.codes.OK or reply.content[2:4] != b"\0\0":
            raise RuntimeError("the printer does not take another's job now")
        self._emit({"event": "job-of-another"})

    async def reboot(self) -> None:
        """Off and on again: jobs are forgotten, and counted from 1."""
        await self.stop()
        await self.start()

    async def open_cover(self) -> None:
        """The next job, or the one in work at its next sheet, stops with the cover open, until `clear`."""
        self._set_plan(fault="cover-open")

    async def clear(self) -> None:
        """Mend jam and cover, and take back what was planned: the job in work goes on."""
        self._set_plan()

    async def abort(self) -> None:
        """Give up the job that waits for help; the printer ends it as aborted, and is mended."""
        self._set_plan(abort=True)
        await self._until_idle()
        self._set_plan()

    async def set_toner(self, percent: int) -> None:
        """Below 10 is low, 0 is empty."""
        self._toner = percent
        await self._form("supplies", {"supply0": "25", "supply1": str(percent)})
        self._emit({"event": "toner", "percent": percent})

    def state(self) -> dict[str, Any]:
        """For the cabinet's panel."""
        return {
            "on": bool(self._programs),
            "uri": self.uri,
            "sheets_in_tray": self._sheets_left(),
            "special_sheets": self._sheets_left("special"),
            "speed": self._speed,
            "toner_percent": self._toner,
            "engine": self._engine,
            "planned_fault": self._plan.get("fault"),
            "sheets_printed": self._sheets_printed,
            "spool_files": len(self.spool_files()),
        }

    def spool_files(self) -> list[Path]:
        """The documents as they were received, oldest first. A real printer keeps none: see `delete_spool`."""
        return sorted((self._dir / "spool").glob("*"), key=lambda path: path.stat().st_mtime_ns)

    def delete_spool(self) -> int:
        """Delete what ended jobs left behind; how many files that were."""
        files = [path for path in self.spool_files() if int(path.name.partition("-")[0]) in self._ended_jobs]
        for path in files:
            path.unlink(missing_ok=True)
        return len(files)

    # --- details ----------------------------------------------------------------------------------------------------

    def _set_plan(self, **plan: Any) -> None:
        self._plan = plan
        self._write("plan.json", json.dumps({"sheet_s": SHEET_S / self._speed, **plan}))

    def _write(self, name: str, text: str) -> None:
        fresh = self._dir / f"{name}.new"
        fresh.write_text(text)
        fresh.replace(self._dir / name)

    def _sheets_left(self, stock: str = "tray") -> int:
        try:
            return int((self._dir / stock).read_text())
        except OSError:
            return 0

    async def _form(self, page: str, values: dict[str, str]) -> None:
        if not self._programs:
            return
        async with httpx.AsyncClient(trust_env=False, timeout=10.0) as http:
            (await http.get(f"http://localhost:{self.port}/{page}", params=values)).raise_for_status()

    async def _until_idle(self) -> None:
        for _ in range(100):
            if self._engine == "idle":
                return
            await asyncio.sleep(0.05)

    async def _watch_events(self) -> None:
        with (self._dir / "events.log").open() as events:
            while True:
                line = events.readline()
                if line:
                    self._take_event(json.loads(line))
                else:
                    await asyncio.sleep(0.1)

    async def _watch_tray(self) -> None:
        while True:
            await asyncio.sleep(0.2)
            with contextlib.suppress(httpx.HTTPError):
                await self._show_tray()

    async def _show_tray(self) -> None:
        """Keep ippeveprinter's idea of its tray that of `tray`.

        It holds back a job that comes while its tray is empty, and then cannot cancel it. So it is told of paper when
        a job is waiting: then the engine takes the job, finds no paper, and waits as a printer does.
        """
        if not self._programs:
            return
        left = self._sheets_left()
        now = asyncio.get_running_loop().time()
        if left == 0 and await asyncio.to_thread(sheet_engine.job_waits_for_paper, self.port):
            self._handing_over_until = now + HAND_OVER_S
        if left == 0 and (self._engine != "idle" or now < self._handing_over_until):
            left = TRAY_SIZE
        levels = (_form_level(left, MAIN_LEVELS), _form_level(self._sheets_left("special"), BYPASS_LEVELS))
        if levels == self._shown_levels:
            return
        # Every tray has to be in the form: one that is left out counts as empty, and then nothing ever prints again.
        main = {"size1": A4, "type1": "stationery", "level1": str(levels[0])}
        bypass = {"size3": A4, "type3": "stationery-letterhead", "level3": str(levels[1])}
        if levels[1] == 0:  # nor does anything print while any tray is at 0; so nothing is loaded there
            bypass = {"size3": "", "type3": "", "level3": LEVEL_UNKNOWN}
        await self._form("media", main | bypass)
        self._shown_levels = levels

    def _take_event(self, event: Event) -> None:
        match event["event"]:
            case "job-started" | "cleared":
                self._engine = "printing"
            case "sheet":
                self._sheets_printed += 1
            case "fault":
                self._engine = str(event["keyword"])
            case "job-completed" | "job-aborted":
                self._engine = "idle"
                self._handing_over_until = 0.0
                self._ended_jobs.add(int(event["job"]))
                if "fault" in self._plan:
                    self._set_plan()  # a fault strikes once
        self._emit(event)

    def _emit(self, event: Event) -> None:
        log.debug("virtual_document_printer", **{("what" if key == "event" else key): v for key, v in event.items()})
        if self._on_event is not None:
            self._on_event(event)


def _form_level(sheets: int, offered: tuple[int, ...]) -> int:
    """The nearest level ippeveprinter's form offers; none only when there is none."""
    return min(offered, key=lambda level: abs(level - sheets)) if sheets else 0
