"""One IPP operation over HTTP (RFC 8010 §4). Every expected fault is an `IppFault`; no document is ever sent twice."""

from __future__ import annotations

import asyncio
import itertools
import ssl
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from urllib.parse import urlsplit

import httpcore
import httpx

from drivers.document_printer.ipp_codec import IppMessage, Malformed, decode
from drivers.document_printer.ipp_values import Attribute, Group, GroupTag, Tag
from drivers.link.trace import Way, trace

DEVICE = "document_printer"
KEPT_S = 5.0  # an idle connection is used again for so long; printers that sleep drop them
MAX_REPLY = 4 * 1024 * 1024  # octets; a full attribute list is some ten thousand
CHUNK = 16 * 1024
DEFAULT_PORT = 631
_BROKEN = (httpcore.NetworkError, httpcore.ProtocolError, httpcore.TimeoutException, TimeoutError)


class Operation(IntEnum):
    """operation-id (RFC 8011 §5.4.15)."""

    PRINT_JOB = 0x0002
    CANCEL_JOB = 0x0008
    GET_JOB_ATTRIBUTES = 0x0009
    GET_JOBS = 0x000A
    GET_PRINTER_ATTRIBUTES = 0x000B


class Status(IntEnum):
    """status-code (RFC 8011 appendix B); 0x0000 to 0x00ff are success."""

    LAST_SUCCESS = 0x00FF
    NOT_POSSIBLE = 0x0404
    NOT_FOUND = 0x0406
    GONE = 0x0407
    DOCUMENT_FORMAT_NOT_SUPPORTED = 0x040A
    ATTRIBUTES_NOT_SUPPORTED = 0x040B
    OPERATION_NOT_SUPPORTED = 0x0501
    SERVICE_UNAVAILABLE = 0x0502
    VERSION_NOT_SUPPORTED = 0x0503
    TEMPORARY_ERROR = 0x0505
    NOT_ACCEPTING_JOBS = 0x0506
    BUSY = 0x0507


class FaultKind(StrEnum):
    UNREACHABLE = "unreachable"  # no connection: the printer has seen nothing of the request
    NOT_TRUSTED = "not-trusted"  # its certificate is not the one expected; it has seen nothing of the request
    INTERRUPTED = "interrupted"  # the connection broke, or time ran out, after something was sent
    HTTP = "http"  # an HTTP error before IPP came into play
    MALFORMED = "malformed"  # the reply is no IPP, or belongs to another request


@dataclass(frozen=True)
class IppFault:
    """Why there is no reply; `detail` is for technicians."""

    kind: FaultKind
    detail: str = ""
    http_status: int = 0


def http_url(uri: str) -> str:
    """The HTTP URL behind an ipp: or ipps: URI (RFC 8010 §4.1, RFC 7472); ValueError for other schemes."""
    parts = urlsplit(uri)
    scheme = {"ipp": "http", "ipps": "https"}.get(parts.scheme)
    if scheme is None or not parts.hostname:
        raise ValueError("a printer URI looks like ipp://host:port/path")
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return f"{scheme}://{host}:{parts.port or DEFAULT_PORT}{parts.path or '/'}"


class IppClient:
    """Speaks to one printer. Use from one event loop; requests may overlap."""

    def __init__(
        self,
        uri: str,
        *,
        connect_s: float = 3.0,
        reply_s: float = 10.0,
        send_s: float = 60.0,
        verify: bool | ssl.SSLContext = True,
    ) -> None:
        """`reply_s` limits a request without a document as a whole, `send_s` one with a document. `verify`: False, or
        a context that says whose certificate is good."""
        self.uri = uri
        self._url = http_url(uri)
        self._reply_s = reply_s
        self._send_s = send_s
        self._request_ids = itertools.count(1)
        url = httpx.URL(self._url)
        self._address = httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path)
        self._host = (b"Host", url.netloc)
        self._times = {"timeout": httpx.Timeout(reply_s, connect=connect_s).as_dict()}
        self._verify = verify
        # httpx' engine alone: cookies, redirects and the like take half a poll's time, and a printer has none.
        self._questions: httpcore.AsyncConnectionPool | None = None
        self._documents: httpcore.AsyncConnectionPool | None = None

    async def close(self) -> None:
        """The next request connects again."""
        pools = (self._questions, self._documents)
        self._questions = self._documents = None
        for http in pools:
            if http is not None:
                await http.aclose()

    def _for_questions(self) -> httpcore.AsyncConnectionPool:
        self._questions = self._questions or self._http(kept=1)
        return self._questions

    def _for_documents(self) -> httpcore.AsyncConnectionPool:
        """A kept connection may have died while the printer slept, and a write on it looks like a lost job."""
        self._documents = self._documents or self._http(kept=0)
        return self._documents

    def _http(self, kept: int) -> httpcore.AsyncConnectionPool:
        tls = self._address.scheme == b"https"  # or all the world's authorities are read, for nothing
        return httpcore.AsyncConnectionPool(
            ssl_context=httpx.create_ssl_context(self._verify, trust_env=False) if tls else None,
            max_connections=None,
            max_keepalive_connections=kept,
            keepalive_expiry=KEPT_S,
        )

    async def request(
        self,
        operation: Operation,
        attributes: tuple[Attribute, ...] = (),
        job_attributes: tuple[Attribute, ...] = (),
        document: bytes | None = None,
    ) -> IppMessage | IppFault:
        """Run one operation. `attributes` follow charset, language and printer-uri, whose order is fixed. A question
        whose kept connection turns out to be dead is asked once more on a fresh one."""
        request_id = next(self._request_ids) & 0x7FFFFFFF
        target = (
            Attribute("attributes-charset", Tag.CHARSET, ("utf-8",)),
            Attribute("attributes-natural-language", Tag.NATURAL_LANGUAGE, ("en",)),
            Attribute("printer-uri", Tag.URI, (self.uri,)),
        )
        groups = [Group(GroupTag.OPERATION, target + attributes)]
        if job_attributes:
            groups.append(Group(GroupTag.JOB, job_attributes))
        request = IppMessage(operation, request_id, tuple(groups)).to_bytes()
        trace(DEVICE, Way.OUT, operation.name, request)
        started = time.monotonic()
        http = self._for_questions() if document is None else self._for_documents()
        reply = await self._exchange(http, request, document)
        if document is None and _died(reply) and time.monotonic() - started < KEPT_S / 2:
            reply = await self._exchange(self._for_documents(), request, document)
        if isinstance(reply, IppFault):
            trace(DEVICE, Way.NOTE, f"{reply.kind.value} {reply.detail}")
            return reply
        trace(DEVICE, Way.IN, operation.name, reply)
        message = decode(reply)
        if isinstance(message, Malformed):
            return IppFault(FaultKind.MALFORMED, message.reason)
        if message.request_id != request_id:
            return IppFault(FaultKind.MALFORMED, "reply to another request")
        return message

    async def _exchange(
        self, http: httpcore.AsyncConnectionPool, request: bytes, document: bytes | None
    ) -> bytes | IppFault:
        body = _Body(request, document or b"")
        limit = self._reply_s if document is None else self._send_s
        try:
            async with asyncio.timeout(limit):
                return await self._post(http, body)
        except _BROKEN as error:
            if _about_certificate(error):
                return IppFault(FaultKind.NOT_TRUSTED, "certificate not trusted")
            kind = FaultKind.INTERRUPTED if body.started else FaultKind.UNREACHABLE
            return IppFault(kind, type(error).__name__)

    async def _post(self, http: httpcore.AsyncConnectionPool, body: _Body) -> bytes | IppFault:
        headers = [
            self._host,
            (b"Content-Type", b"application/ipp"),
            (b"Content-Length", b"%d" % body.size),
            (b"Accept", b"application/ipp"),
        ]
        request = httpcore.Request(
            b"POST", self._address, headers=headers, content=body.chunks(), extensions=self._times
        )
        response = await http.handle_async_request(request)
        try:
            if response.status != httpx.codes.OK:
                return IppFault(FaultKind.HTTP, f"HTTP {response.status}", response.status)
            received = bytearray()
            async for piece in response.aiter_stream():
                received += piece
                if len(received) > MAX_REPLY:
                    return IppFault(FaultKind.MALFORMED, "endless reply")
            return bytes(received)
        finally:
            await response.aclose()


def _died(reply: bytes | IppFault) -> bool:
    """Whether the connection broke: not slow, not refused."""
    return (
        isinstance(reply, IppFault)
        and reply.kind is FaultKind.INTERRUPTED
        and reply.detail in ("ReadError", "WriteError", "RemoteProtocolError")
    )


def _about_certificate(error: BaseException | None) -> bool:
    while error is not None:
        if isinstance(error, ssl.SSLError):
            return isinstance(error, ssl.SSLCertVerificationError)
        error = error.__cause__ or error.__context__
    return False


class _Body:
    """Request and document as one stream that knows whether its sending has begun."""

    def __init__(self, request: bytes, document: bytes) -> None:
        self._request = request
        self._document = document
        self.started = False

    @property
    def size(self) -> int:
        return len(self._request) + len(self._document)

    async def chunks(self) -> AsyncIterator[bytes]:
        self.started = True
        yield self._request
        for start in range(0, len(self._document), CHUNK):
            yield self._document[start : start + CHUNK]
