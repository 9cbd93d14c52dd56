"""What the kiosk and a worker process say to each other.

A frame is `u32 header length | u32 blob length | header | blob` (big endian); the header is JSON. JSON and not pickle:
a worker parses what strangers supply (a PDF, a camera's JPEG), and whatever becomes of it must not be able to run
code in the kiosk's own process.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

PREFIX = struct.Struct(">II")
MAX_HEADER = 1 << 20
MAX_BLOB = 64 << 20


class Kind(StrEnum):
    INIT = "init"  # kiosk → worker, first: what to serve
    READY = "ready"  # worker → kiosk: models are loaded, requests may come
    UNFIT = "unfit"  # worker → kiosk: this machine cannot do the work; `reason` says why
    REQUEST = "request"
    EVENT = "event"  # worker → kiosk, any number before the reply
    REPLY = "reply"
    BUG = "bug"  # worker → kiosk: the handler raised; `where` names the exception's type and place, never its text


class WireError(Exception):
    """The other side does not keep to the format."""


@dataclass(frozen=True, eq=False)
class Message:
    kind: Kind
    body: dict[str, Any] = field(default_factory=dict, repr=False)
    blob: bytes | bytearray = field(default=b"", repr=False)
    id: int = 0

    def to_bytes(self) -> bytes:
        header = json.dumps({"kind": self.kind, "id": self.id, "body": self.body}, separators=(",", ":")).encode()
        if len(header) > MAX_HEADER or len(self.blob) > MAX_BLOB:
            raise WireError("message too large")
        return b"".join((PREFIX.pack(len(header), len(self.blob)), header, self.blob))

    @classmethod
    def from_parts(cls, header: bytes | bytearray, blob: bytes | bytearray) -> Message:
        try:
            fields = json.loads(header)
            kind, ident, body = Kind(fields["kind"]), fields["id"], fields["body"]
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise WireError("header is not ours") from error
        if not isinstance(ident, int) or not isinstance(body, dict):
            raise WireError("header is not ours")
        return cls(kind, body, blob, ident)


def lengths(prefix: bytes | bytearray) -> tuple[int, int]:
    """Header and blob length of a frame, from its first eight bytes."""
    header, blob = PREFIX.unpack(prefix)
    if header > MAX_HEADER or blob > MAX_BLOB:
        raise WireError("message too large")
    return header, blob


class Unpacker:
    """Bytes as they come → messages. After a `WireError` the stream is lost: close it."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> Iterator[Message]:
        self._buffer += data
        while len(self._buffer) >= PREFIX.size:
            header_size, blob_size = lengths(self._buffer[: PREFIX.size])
            end = PREFIX.size + header_size + blob_size
            if len(self._buffer) < end:
                return
            middle = PREFIX.size + header_size
            message = Message.from_parts(self._buffer[PREFIX.size : middle], bytes(self._buffer[middle:end]))
            del self._buffer[:end]
            yield message
