"""Motion JPEG over HTTP (`multipart/x-mixed-replace`, RFC 2046 parts) taken apart, without I/O.

Parts with and without a length, preludes, line ends of either kind, garbage between parts. Holds at most one part of
`MOST_PART` bytes and one header of `MOST_HEADER`.
"""

from __future__ import annotations

import re

MOST_PART = 8 << 20  # bytes; a sharp 1080p JPEG has one
MOST_HEADER = 8 << 10
MOST_PIXELS = 20_000_000  # a JPEG of a few bytes can claim to be 65,535 pixels wide and high

_LENGTH = re.compile(rb"^content-length[ \t]*:[ \t]*([0-9]{1,9})[ \t]*$", re.IGNORECASE | re.MULTILINE)
_HEADER_END = re.compile(rb"\r?\n\r?\n")
# Start of frame, all kinds but the tables that share the numbers (C4, C8, CC).
_SOF = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}


class MjpegError(ValueError):
    """The stream is none, or a part is beyond all measure. Carries nothing of it; the connection is worthless."""


class MjpegParser:
    """`boundary` as the Content-Type header gives it; with or without the dashes, for cameras differ."""

    def __init__(self, boundary: str) -> None:
        name = boundary.strip().strip('"').encode("ascii", "replace")
        self._mark = b"--" + (name[2:] if name.startswith(b"--") else name)
        if self._mark == b"--":
            raise MjpegError("no boundary")
        self._buffer = bytearray()
        self._searched = 0  # so many bytes are known not to hold what is looked for
        self._in_part = False
        self._length: int | None = None

    @property
    def buffered(self) -> int:
        return len(self._buffer)

    def feed(self, data: bytes) -> list[bytes]:
        """The parts' bodies that are complete now. Raises MjpegError."""
        self._buffer += data
        parts: list[bytes] = []
        while True:
            if not self._in_part:
                if not self._header():
                    return parts
            elif (body := self._body()) is None:
                return parts
            elif body:
                parts.append(body)

    def wipe(self) -> None:
        """Overwrite what is held: it may be somebody's face."""
        self._buffer[:] = bytes(len(self._buffer))
        self._buffer.clear()
        self._searched, self._in_part, self._length = 0, False, None

    def _header(self) -> bool:
        """Pass over a part's head; False until it is complete."""
        start = self._buffer.find(self._mark)
        if start < 0:
            self._drop(max(0, len(self._buffer) - len(self._mark)))  # a mark may have begun
            return False
        self._drop(start)
        end = _HEADER_END.search(self._buffer, len(self._mark))
        if end is None:
            if len(self._buffer) > MOST_HEADER:
                raise MjpegError("a part's header does not end")
            return False
        if end.start() > MOST_HEADER:
            raise MjpegError("a part's header does not end")
        length = _LENGTH.search(bytes(self._buffer[: end.start()]).replace(b"\r", b""))
        self._length = int(length.group(1)) if length else None
        if self._length is not None and self._length > MOST_PART:
            raise MjpegError("a part of more than 8 MiB")
        self._drop(end.end())
        self._in_part, self._searched = True, 0
        return True

    def _body(self) -> bytes | None:
        """The body, None until it is complete; by its length, else up to the next mark."""
        if self._length is not None:
            if len(self._buffer) < self._length:
                return None
            end = self._length
        else:
            end = self._buffer.find(self._mark, max(0, self._searched - len(self._mark)))
            if end < 0:
                self._searched = len(self._buffer)
                if len(self._buffer) > MOST_PART:
                    raise MjpegError("a part does not end")
                return None
        body = bytes(self._buffer[:end])
        self._drop(end)
        self._in_part, self._searched, self._length = False, 0, None
        return body

    def _drop(self, count: int) -> None:
        self._buffer[:count] = bytes(count)
        del self._buffer[:count]


def jpeg_size(data: bytes) -> tuple[int, int] | None:
    """Width and height as a JPEG's frame header says; None if these bytes are no JPEG that has come to that."""
    if data[:2] != b"\xff\xd8":
        return None
    at = 2
    while at + 4 <= len(data):
        if data[at] != 0xFF:
            return None
        marker = data[at + 1]
        if marker == 0xFF:  # fill byte
            at += 1
            continue
        if marker == 0x01 or 0xD0 <= marker <= 0xD8:  # without a length
            at += 2
            continue
        length = data[at + 2] << 8 | data[at + 3]
        if marker in _SOF:
            if at + 9 > len(data):
                return None
            return data[at + 7] << 8 | data[at + 8], data[at + 5] << 8 | data[at + 6]
        if length < 2 or marker in (0xD9, 0xDA):
            return None
        at += 2 + length
    return None


def decodable(data: bytes) -> bool:
    """Whether the picture is one, and small enough to be decoded."""
    size = jpeg_size(data)
    return size is not None and 0 < size[0] * size[1] <= MOST_PIXELS
