"""A small IPP printer for what ippeveprinter cannot do: stopped, -error suffixes, trays and counters of every kind,
missing attributes, HTTP errors, broken and slow replies, reboots. Written from the byte tables of RFC 8010, not with
the driver's codec.

Without an engine a job stays as it is until somebody changes it; with one its sheets come out.
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import struct
from dataclasses import dataclass, field

from drivers.virtual.ipp_paper_path import A4_X, A4_Y, Engine, Job, SimTray
from drivers.virtual.sheet_engine import count_pages

__all__ = ["Behaviour", "Engine", "IppResponder", "Job", "SimTray", "integer", "words"]

OPERATION_GROUP, JOB_GROUP, END, PRINTER_GROUP = b"\x01", b"\x02", b"\x03", b"\x04"
PRINT_JOB, CANCEL_JOB, GET_JOB, GET_JOBS, GET_PRINTER = 0x0002, 0x0008, 0x0009, 0x000A, 0x000B
BUSY, ATTRIBUTES_NOT_SUPPORTED, FORMAT_NOT_SUPPORTED = 0x0507, 0x040B, 0x040A


def integer(name: str, value: int, tag: int = 0x21) -> bytes:
    """One integer (tag 21) or enum (tag 23) attribute."""
    return _attribute(tag, name, struct.pack(">i", value))


def words(name: str, values: list[str], tag: int = 0x44) -> bytes:
    """One attribute with keywords (tag 44), names (42), types (49) …; further values have no name."""
    return b"".join(_attribute(tag, name if i == 0 else "", v.encode()) for i, v in enumerate(values))


def _attribute(tag: int, name: str, value: bytes) -> bytes:
    return struct.pack(">BH", tag, len(name)) + name.encode() + struct.pack(">H", len(value)) + value


def _member(name: str, tag: int, value: bytes) -> bytes:
    return _attribute(0x4A, "", name.encode()) + _attribute(tag, "", value)


@dataclass
class Behaviour:
    """What the printer does next; change it at any time."""

    printer_state: int = 3
    printer_reasons: list[str] | None = field(default_factory=lambda: ["none"])  # None: the attribute is missing
    formats: list[str] = field(default_factory=lambda: ["application/pdf", "image/urf"])
    raster_dpi: list[int] = field(default_factory=lambda: [300, 600])
    raster_types: list[str] = field(default_factory=lambda: ["black_1", "sgray_8"])
    refuses: list[str] = field(default_factory=list)  # formats it lists, and does not take
    color: bool = False
    identity: tuple[str, str] | None = ("Menkou Virtual A4", "urn:uuid:00000000-0000-4000-8000-000000519999")
    impressions: int | None = None  # the life-time counter; None: it has none
    supplies: list[str] = field(default_factory=list)  # printer-supply
    markers: dict[str, int] = field(default_factory=dict)  # marker-names and -levels
    trays: list[SimTray] = field(default_factory=list)
    tells_ready: bool = True  # media-col-ready
    counts_sheets: bool = True  # job-impressions-completed moves
    tells_sheets: bool = True  # False: the attribute is missing
    name_octets: int | None = None  # job names come back cut to so many; 0: withheld
    accepting: bool = True
    http_status: int = 200
    print_http_status: int = 200  # only for Print-Job, and nothing is printed
    ipp_status: int | None = None  # answer every operation so
    print_status: int | None = None  # answer Print-Job so
    garbage: bytes | None = None  # instead of an IPP reply
    wrong_request_id: bool = False
    drop_after_request: set[int] = field(default_factory=set)  # operations whose connection breaks before the reply
    cut_reply: set[int] = field(default_factory=set)  # operations whose reply breaks off in the middle
    silent: set[int] = field(default_factory=set)  # operations that never get a reply
    delay_s: float = 0.0
    byte_by_byte: bool = False  # a slow printer
    chunked: bool = False  # HTTP chunked transfer coding, one chunk every few bytes
    keep_alive: bool = False
    drop_kept: bool = False  # a kept connection breaks when its next request comes


class IppResponder:
    """Listens on 127.0.0.1; `jobs` are what it has accepted, by id. `tls`: speak ipps with this context."""

    def __init__(self, engine: Engine | None = None, *, tls: ssl.SSLContext | None = None) -> None:
        self.behaviour = Behaviour()
        self.engine = engine
        self.jobs: dict[int, Job] = {}
        self.requests: list[int] = []  # operations in the order they came
        self.connections = 0
        self.last_request = b""
        self.port = 0
        self._tls = tls
        self._server: asyncio.Server | None = None
        self._connections: set[asyncio.Task[None]] = set()
        self._printing: set[asyncio.Task[None]] = set()

    @property
    def uri(self) -> str:
        return f"{'ipps' if self._tls else 'ipp'}://127.0.0.1:{self.port}/ipp/print"

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", self.port, ssl=self._tls)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        if self._server is None:
            return
        self._server.close()
        tasks = (*self._connections, *self._printing)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._server.wait_closed()
        self._server = None

    async def reboot(self) -> None:
        """Off and on again: its jobs are gone, and it counts from 1."""
        await self.stop()
        self.jobs.clear()
        self.behaviour.printer_state, self.behaviour.printer_reasons = 3, ["none"]
        await self.start()

    def add_job_of_another(self, name: str = "quarterly-report") -> Job:
        """Somebody else prints on it."""
        job = Job(name, 1000)
        self.jobs[len(self.jobs) + 1] = job
        return job

    # --- HTTP -------------------------------------------------------------------------------------------------------

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            self._connections.add(task)
            task.add_done_callback(self._connections.discard)
        self.connections += 1
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            served = 0
            while await self._serve(reader, writer, served) and self.behaviour.keep_alive:
                served += 1
        writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, served: int) -> bool:
        """False when the connection is to be closed."""
        head = await reader.readuntil(b"\r\n\r\n")
        headers = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:] if b": " in line)
        body = await reader.readexactly(int(headers[b"content-length"]))
        how = self.behaviour
        if served and how.drop_kept:
            return False
        operation, request_id = struct.unpack_from(">HI", body, 2)
        self.requests.append(operation)
        self.last_request = body
        status = how.http_status if operation != PRINT_JOB or how.http_status != 200 else how.print_http_status
        reply = self._answer(operation, request_id, body) if status == 200 else b""
        await asyncio.sleep(3600 if operation in how.silent else how.delay_s)
        if operation in how.drop_after_request:
            return False
        coding = "Transfer-Encoding: chunked" if how.chunked else f"Content-Length: {len(reply)}"
        connection = "" if how.keep_alive else "Connection: close\r\n"
        http = f"HTTP/1.1 {status} X\r\nContent-Type: application/ipp\r\n{connection}{coding}\r\n\r\n"
        if how.chunked:
            pieces = [reply[i : i + 7] for i in range(0, len(reply), 7)]
            reply = b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"
        if operation in how.cut_reply:
            writer.write(http.encode() + reply[: len(reply) // 2])
            await writer.drain()
            return False
        await self._write(writer, http.encode() + reply)
        return True

    async def _write(self, writer: asyncio.StreamWriter, data: bytes) -> None:
        step = 1 if self.behaviour.byte_by_byte else len(data)
        for start in range(0, len(data), step):
            writer.write(data[start : start + step])
            await writer.drain()
            if self.behaviour.byte_by_byte:
                await asyncio.sleep(0)

    # --- operations -------------------------------------------------------------------------------------------------

    def _answer(self, operation: int, request_id: int, body: bytes) -> bytes:
        how = self.behaviour
        if how.garbage is not None:
            return how.garbage
        request_id += how.wrong_request_id
        status, groups = self._operate(operation, body) if how.ipp_status is None else (how.ipp_status, b"")
        charset = _attribute(0x47, "attributes-charset", b"utf-8")
        language = _attribute(0x48, "attributes-natural-language", b"en")
        return struct.pack(">HHI", 0x0200, status, request_id) + OPERATION_GROUP + charset + language + groups + END

    def _operate(self, operation: int, body: bytes) -> tuple[int, bytes]:
        if operation == GET_PRINTER:
            return 0, PRINTER_GROUP + self._printer()
        if operation == PRINT_JOB:
            return self._print_job(body)
        if operation == GET_JOBS:
            finished = _text(body, b"which-jobs") == "completed"
            known = [i for i, job in self.jobs.items() if (job.state >= 7) == finished and not job.forgotten]
            return 0, b"".join(JOB_GROUP + self._job(i) for i in known)
        job_id = _number(body, b"job-id")
        job = self.jobs.get(job_id)
        if job is None or job.forgotten:
            return 0x0406, b""
        if operation == CANCEL_JOB:
            if job.state >= 7:
                return 0x0404, b""
            job.state, job.reasons = 7, ["job-canceled-by-user"]
            return 0, b""
        return 0, JOB_GROUP + self._job(job_id)

    def _print_job(self, body: bytes) -> tuple[int, bytes]:
        how = self.behaviour
        if how.print_status is not None:
            return how.print_status, b""
        if any(job.state < 7 for job in self.jobs.values()) and self.engine is not None:
            return BUSY, b""
        if _text(body, b"document-format") in how.refuses:
            return FORMAT_NOT_SUPPORTED, b""
        source, kind = _member_text(body, b"media-source"), _member_text(body, b"media-type")
        if _value(body, b"ipp-attribute-fidelity") == b"\x01" and not self._trays_for(source, kind):
            return ATTRIBUTES_NOT_SUPPORTED, b""
        document = body[_document_starts(body) :]
        job_id = len(self.jobs) + 1
        job = Job(_text(body, b"job-name"), len(body), document=document, source=source, media_type=kind)
        job.pages = count_pages(document)
        self.jobs[job_id] = job
        if self.engine is not None:
            task = asyncio.get_running_loop().create_task(self._run(job, self.engine))
            self._printing.add(task)
            task.add_done_callback(self._printing.discard)
        return 0, JOB_GROUP + self._job(job_id)

    # --- the engine -------------------------------------------------------------------------------------------------

    async def _run(self, job: Job, engine: Engine) -> None:
        how = self.behaviour
        how.printer_state = 4
        for sheet in range(1, job.pages + 1):
            if job.state >= 7 or not await self._feed(job, engine, sheet):
                break
        if job.state < 7:
            job.state = 9
            ended = "with-errors" if engine.ends_with_errors else "successfully"
            job.reasons = [f"job-completed-{ended}"]
        if how.printer_state == 4:
            how.printer_state = 3

    async def _feed(self, job: Job, engine: Engine, sheet: int) -> bool:
        """One sheet through the printer; False when the job was cancelled meanwhile."""
        await asyncio.sleep(engine.sheet_s)
        if engine.trouble is not None and sheet == engine.trouble.sheet:
            await self._stop_for(job, engine, list(engine.trouble.reasons), engine.trouble.printer_state)
        tray = next(iter(self._trays_for(job.source, job.media_type)), None)
        while tray is not None and tray.level == 0 and job.state < 7:
            await self._stop_for(job, engine, ["media-empty-error", "media-needed-error"], 5)
        if job.state >= 7:
            return False
        if tray is not None and tray.level > 0:
            tray.level -= 1
        if not engine.dead:
            engine.out += 1
        if not engine.dead or not engine.honest:
            job.sheets += self.behaviour.counts_sheets
        if not engine.dead and self.behaviour.impressions is not None:
            self.behaviour.impressions += 1
        return True

    async def _stop_for(self, job: Job, engine: Engine, reasons: list[str], state: int) -> None:
        how = self.behaviour
        how.printer_state, how.printer_reasons = state, reasons
        job.state, job.reasons = (6, ["printer-stopped"]) if state == 5 else (5, ["job-printing"])
        waiting = asyncio.ensure_future(engine.until_mended())
        while not waiting.done() and job.state < 7:
            await asyncio.wait((waiting,), timeout=0.02)
        waiting.cancel()
        if job.state < 7:
            job.state, job.reasons = 5, ["job-printing"]
            how.printer_state = 4
            how.printer_reasons = ["none"]

    def _trays_for(self, source: str, kind: str) -> list[SimTray]:
        fitting = (tray for tray in self.behaviour.trays if source in ("", tray.name))
        return [tray for tray in fitting if kind in ("", tray.media_type)]

    # --- attributes -------------------------------------------------------------------------------------------------

    def _printer(self) -> bytes:
        how = self.behaviour
        parts = [
            integer("printer-state", how.printer_state, 0x23),
            b"" if how.printer_reasons is None else words("printer-state-reasons", how.printer_reasons),
            _attribute(0x22, "printer-is-accepting-jobs", bytes([how.accepting])),
            words("document-format-supported", how.formats, 0x49),
            words("print-scaling-supported", ["auto", "none"]),
            _attribute(0x22, "color-supported", bytes([how.color])),
        ]
        if "image/pwg-raster" in how.formats:
            name = "pwg-raster-document-resolution-supported"
            dots = [struct.pack(">iib", dpi, dpi, 3) for dpi in how.raster_dpi]
            parts += [_attribute(0x32, name if i == 0 else "", value) for i, value in enumerate(dots)]
            parts.append(words("pwg-raster-document-type-supported", how.raster_types))
        if how.identity is not None:
            parts += [
                words("printer-make-and-model", [how.identity[0]], 0x41),
                words("printer-uuid", [how.identity[1]], 0x45),
            ]
        if how.impressions is not None:
            parts.append(integer("printer-impressions-completed", how.impressions))
        if how.supplies:
            parts.append(words("printer-supply", how.supplies, 0x30))
        if how.markers:
            parts.append(words("marker-names", list(how.markers), 0x42))
            parts.append(words("marker-types", ["toner"] * len(how.markers)))
            levels = list(how.markers.values())
            parts += [integer("marker-levels" if i == 0 else "", level) for i, level in enumerate(levels)]
        return b"".join(parts) + self._tray_attributes()

    def _tray_attributes(self) -> bytes:
        trays = self.behaviour.trays
        if not trays:
            return b""
        kind = "type=sheetFeedAutoRemovableTray;mediafeed=29700;mediaxfeed=21000"
        states = [f"{kind};maxcapacity={t.capacity};level={t.level};status=0;name={t.name};" for t in trays]
        ready = b""
        for index, tray in enumerate(trays):
            size = _member("x-dimension", 0x21, struct.pack(">i", A4_X))
            size += _member("y-dimension", 0x21, struct.pack(">i", A4_Y))
            ready += _attribute(0x34, "media-col-ready" if index == 0 else "", b"")
            ready += _member("media-size", 0x34, b"") + size + _attribute(0x37, "", b"")
            ready += _member("media-source", 0x44, tray.name.encode())
            ready += _member("media-type", 0x44, tray.media_type.encode()) + _attribute(0x37, "", b"")
        sources = words("media-source-supported", [tray.name for tray in trays])
        return words("printer-input-tray", states, 0x30) + (ready if self.behaviour.tells_ready else b"") + sources

    def _job(self, job_id: int) -> bytes:
        how, job = self.behaviour, self.jobs[job_id]
        return (
            integer("job-id", job_id)
            + (words("job-name", [job.name[: how.name_octets]], 0x42) if how.name_octets != 0 else b"")
            + integer("job-state", job.state, 0x23)
            + words("job-state-reasons", job.reasons)
            + (integer("job-impressions-completed", job.sheets) if how.tells_sheets else b"")
        )


def _value(body: bytes, name: bytes) -> bytes:
    """The first value of an attribute, found by its name with the length before it."""
    _, found, rest = body.partition(struct.pack(">H", len(name)) + name)
    if not found:
        return b""
    (length,) = struct.unpack_from(">H", rest)
    return rest[2 : 2 + length]


def _member_text(body: bytes, name: bytes) -> str:
    """The value of a member of a collection: its name is itself a value, the next field holds the member's."""
    _, found, rest = body.partition(b"\x4a\x00\x00" + struct.pack(">H", len(name)) + name)
    if not found:
        return ""
    (length,) = struct.unpack_from(">H", rest, 3)
    return rest[5 : 5 + length].decode()


def _document_starts(body: bytes) -> int:
    """Behind the end tag: walk over the fields."""
    at = 8
    while body[at] != END[0]:
        if body[at] <= 0x0F:
            at += 1
            continue
        (name,) = struct.unpack_from(">H", body, at + 1)
        (value,) = struct.unpack_from(">H", body, at + 3 + name)
        at += 5 + name + value
    return at + 1


def _text(body: bytes, name: bytes) -> str:
    return _value(body, name).decode()


def _number(body: bytes, name: bytes) -> int:
    return int.from_bytes(_value(body, name), "big")
