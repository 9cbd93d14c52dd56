"""A tiny IPP printer for what ippeveprinter cannot do: stopped, -error suffixes, missing attributes, HTTP errors,
broken and slow replies. Written from the byte tables of RFC 8010, not with the driver's codec.
"""

from __future__ import annotations

import asyncio
import contextlib
import struct
from dataclasses import dataclass, field

OPERATION_GROUP, JOB_GROUP, END, PRINTER_GROUP = b"\x01", b"\x02", b"\x03", b"\x04"
PRINT_JOB, CANCEL_JOB, GET_JOB, GET_JOBS, GET_PRINTER = 0x0002, 0x0008, 0x0009, 0x000A, 0x000B


def integer(name: str, value: int, tag: int = 0x21) -> bytes:
    """One integer (tag 21) or enum (tag 23) attribute."""
    return _attribute(tag, name, struct.pack(">i", value))


def words(name: str, values: list[str], tag: int = 0x44) -> bytes:
    """One attribute with keywords (tag 44), names (42), types (49) …; further values have no name."""
    return b"".join(_attribute(tag, name if i == 0 else "", v.encode()) for i, v in enumerate(values))


def _attribute(tag: int, name: str, value: bytes) -> bytes:
    return struct.pack(">BH", tag, len(name)) + name.encode() + struct.pack(">H", len(value)) + value


@dataclass
class Job:
    name: str
    octets: int
    state: int = 5
    reasons: list[str] = field(default_factory=lambda: ["job-printing"])
    sheets: int = 0
    forgotten: bool = False


@dataclass
class Behaviour:
    """What the printer does next; change it at any time."""

    printer_state: int = 3
    printer_reasons: list[str] | None = field(default_factory=lambda: ["none"])  # None: the attribute is missing
    formats: list[str] = field(default_factory=lambda: ["application/pdf", "image/urf"])
    accepting: bool = True
    http_status: int = 200
    ipp_status: int | None = None  # answer every operation so
    print_status: int | None = None  # answer Print-Job so
    garbage: bytes | None = None  # instead of an IPP reply
    wrong_request_id: bool = False
    drop_after_request: set[int] = field(default_factory=set)  # operations whose connection breaks before the reply
    silent: set[int] = field(default_factory=set)  # operations that never get a reply
    byte_by_byte: bool = False  # a slow printer


class IppResponder:
    """Listens on 127.0.0.1; `jobs` are what it has accepted, by id."""

    def __init__(self) -> None:
        self.behaviour = Behaviour()
        self.jobs: dict[int, Job] = {}
        self.requests: list[int] = []  # operations in the order they came
        self.last_request = b""
        self.port = 0
        self._server: asyncio.Server | None = None
        self._connections: set[asyncio.Task[None]] = set()

    @property
    def uri(self) -> str:
        return f"ipp://127.0.0.1:{self.port}/ipp/print"

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        if self._server is None:
            return
        self._server.close()
        for task in self._connections:
            task.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)
        await self._server.wait_closed()
        self._server = None

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            self._connections.add(task)
            task.add_done_callback(self._connections.discard)
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            await self._serve(reader, writer)
        writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        headers = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:] if b": " in line)
        body = await reader.readexactly(int(headers[b"content-length"]))
        operation, request_id = struct.unpack_from(">HI", body, 2)
        self.requests.append(operation)
        self.last_request = body
        how = self.behaviour
        reply = self._answer(operation, request_id, body)
        if operation in how.silent:
            await asyncio.sleep(3600)
        if operation in how.drop_after_request:
            return
        http = f"HTTP/1.1 {how.http_status} X\r\nContent-Type: application/ipp\r\nContent-Length: {len(reply)}\r\n\r\n"
        await self._write(writer, http.encode() + reply)

    async def _write(self, writer: asyncio.StreamWriter, data: bytes) -> None:
        step = 1 if self.behaviour.byte_by_byte else len(data)
        for start in range(0, len(data), step):
            writer.write(data[start : start + step])
            await writer.drain()
            if self.behaviour.byte_by_byte:
                await asyncio.sleep(0)

    def _answer(self, operation: int, request_id: int, body: bytes) -> bytes:
        how = self.behaviour
        if how.http_status != 200:
            return b""
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
            if self.behaviour.print_status is not None:
                return self.behaviour.print_status, b""
            job_id = len(self.jobs) + 1
            self.jobs[job_id] = Job(_text(body, b"job-name"), len(body))
            return 0, JOB_GROUP + self._job(job_id)
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

    def _printer(self) -> bytes:
        how = self.behaviour
        reasons = b"" if how.printer_reasons is None else words("printer-state-reasons", how.printer_reasons)
        accepting = _attribute(0x22, "printer-is-accepting-jobs", bytes([how.accepting]))
        formats = words("document-format-supported", how.formats, 0x49)
        scaling = words("print-scaling-supported", ["auto", "none"])
        return integer("printer-state", how.printer_state, 0x23) + reasons + accepting + formats + scaling

    def _job(self, job_id: int) -> bytes:
        job = self.jobs[job_id]
        return (
            integer("job-id", job_id)
            + words("job-name", [job.name], 0x42)
            + integer("job-state", job.state, 0x23)
            + words("job-state-reasons", job.reasons)
            + integer("job-impressions-completed", job.sheets)
        )


def _value(body: bytes, name: bytes) -> bytes:
    """The first value of an attribute, found by its name with the length before it."""
    _, found, rest = body.partition(struct.pack(">H", len(name)) + name)
    if not found:
        return b""
    (length,) = struct.unpack_from(">H", rest)
    return rest[2 : 2 + length]


def _text(body: bytes, name: bytes) -> str:
    return _value(body, name).decode()


def _number(body: bytes, name: bytes) -> int:
    return int.from_bytes(_value(body, name), "big")
