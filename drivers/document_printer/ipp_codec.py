"""IPP messages (RFC 8010 §3) as frozen dataclasses, without I/O.

`decode` never raises: what cannot be read is a `Malformed` value.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

from drivers.document_printer.ipp_encoding import encode_attribute
from drivers.document_printer.ipp_values import (
    EMPTY_GROUP,
    Attribute,
    Collection,
    Group,
    GroupTag,
    IntRange,
    Localized,
    Resolution,
    Tag,
    Value,
)

MAX_COLLECTION_DEPTH = 8  # real printers nest two deep; a hostile reply must not exhaust the stack


@dataclass(frozen=True)
class IppMessage:
    """A request (`code`: operation) or a response (`code`: status), without the document that may follow."""

    code: int
    request_id: int
    groups: tuple[Group, ...]
    version: tuple[int, int] = (2, 0)

    def group(self, tag: int) -> Group:
        """The first group of this kind, or an empty one."""
        return next((group for group in self.groups if group.tag == tag), EMPTY_GROUP)

    def all_groups(self, tag: int) -> Iterator[Group]:
        return (group for group in self.groups if group.tag == tag)

    def to_bytes(self) -> bytes:
        """Raises ValueError if a value does not fit its tag (a bug of the caller)."""
        parts = [struct.pack(">BBHi", *self.version, self.code, self.request_id)]
        for group in self.groups:
            parts.append(bytes([group.tag]))
            for attribute in group.attributes:
                parts.extend(encode_attribute(attribute))
        parts.append(bytes([GroupTag.END]))
        return b"".join(parts)


@dataclass(frozen=True)
class Malformed:
    """The bytes are no IPP message; `reason` is for technicians."""

    reason: str


class _BrokenError(Exception):
    """Internal: turned into `Malformed` by `decode`."""


@dataclass(frozen=True)
class _Field:
    tag: int
    name: str
    value: bytes


class _Reader:
    def __init__(self, data: bytes, position: int) -> None:
        self._data = data
        self._position = position

    def take(self, count: int) -> bytes:
        end = self._position + count
        if end > len(self._data):
            raise _BrokenError(f"ends inside a field at octet {len(self._data)}")
        piece = self._data[self._position : end]
        self._position = end
        return piece

    def byte(self) -> int:
        return self.take(1)[0]

    def field(self, tag: int) -> _Field:
        name = self.take(self._length())
        value = self.take(self._length())
        return _Field(tag, name.decode("utf-8", "replace"), value)

    def _length(self) -> int:
        length = int.from_bytes(self.take(2), "big")
        if length > 0x7FFF:
            raise _BrokenError("negative length")
        return length


def decode(data: bytes) -> IppMessage | Malformed:
    """Read a message; a document after the end tag is ignored."""
    try:
        return _decode(data)
    except _BrokenError as error:
        return Malformed(str(error))


def _decode(data: bytes) -> IppMessage:
    if len(data) < 9:
        raise _BrokenError("shorter than a header and an end tag")
    major, minor, code, request_id = struct.unpack_from(">BBHi", data)
    if major not in (1, 2):
        raise _BrokenError(f"version {major}.{minor}")
    reader = _Reader(data, 8)
    groups: list[Group] = []
    tag = reader.byte()
    while tag != GroupTag.END:
        if tag > 0x0F:
            raise _BrokenError("attribute outside a group")
        attributes, following = _decode_group(reader)
        groups.append(Group(tag, tuple(attributes)))
        tag = following
    return IppMessage(code, request_id, tuple(groups), (major, minor))


def _decode_group(reader: _Reader) -> tuple[Iterable[Attribute], int]:
    """Attributes up to the next delimiter tag, and that tag."""
    attributes: list[Attribute] = []
    while (tag := reader.byte()) > 0x0F:
        field = reader.field(tag)
        value = _decode_value(reader, field, 0)
        if field.name:
            attributes.append(Attribute(field.name, field.tag, (value,)))
        elif attributes:
            last = attributes[-1]
            attributes[-1] = Attribute(last.name, last.tag, (*last.values, value))
        else:
            raise _BrokenError("additional value without an attribute")
    return attributes, tag


def _decode_value(reader: _Reader, field: _Field, depth: int) -> Value:
    if field.tag == Tag.BEGIN_COLLECTION:
        if depth >= MAX_COLLECTION_DEPTH:
            raise _BrokenError("collections nested too deep")
        return _decode_collection(reader, depth + 1)
    if field.tag in (Tag.END_COLLECTION, Tag.MEMBER_NAME):
        raise _BrokenError("collection tag outside a collection")
    return _decode_plain(field)


def _decode_collection(reader: _Reader, depth: int) -> Collection:
    members: list[Attribute] = []
    name: str | None = None
    while True:
        field = reader.field(reader.byte())
        if field.tag == Tag.END_COLLECTION:
            return Collection(tuple(members))
        if field.tag <= 0x0F:
            raise _BrokenError("group inside a collection")
        if field.tag == Tag.MEMBER_NAME:
            name = field.value.decode("utf-8", "replace")
            continue
        value = _decode_value(reader, field, depth)
        if name is not None:
            members.append(Attribute(name, field.tag, (value,)))
            name = None
        elif members:
            last = members[-1]
            members[-1] = Attribute(last.name, last.tag, (*last.values, value))
        else:
            raise _BrokenError("member without a name")


def _decode_plain(field: _Field) -> Value:
    tag, raw = field.tag, field.value
    if 0x10 <= tag <= 0x1F:
        return None
    if tag in (Tag.INTEGER, Tag.ENUM):
        return int(_unpack(">i", raw)[0])
    if tag == Tag.BOOLEAN:
        return bool(_unpack(">B", raw)[0])
    if tag == Tag.RANGE:
        lower, upper = _unpack(">ii", raw)
        return IntRange(lower, upper)
    if tag == Tag.RESOLUTION:
        cross, feed, unit = _unpack(">iib", raw)
        return Resolution(cross, feed, unit)
    if tag == Tag.DATE_TIME:
        return _decode_datetime(raw)
    if tag in (Tag.TEXT_WITH_LANGUAGE, Tag.NAME_WITH_LANGUAGE):
        return _decode_localized(raw)
    if 0x40 <= tag <= 0x5F:
        return raw.decode("utf-8", "replace")
    return raw


def _unpack(layout: str, raw: bytes) -> tuple[int, ...]:
    if len(raw) != struct.calcsize(layout):
        raise _BrokenError(f"value of {len(raw)} octets, {struct.calcsize(layout)} expected")
    return struct.unpack(layout, raw)


def _decode_datetime(raw: bytes) -> Value:
    """An impossible date (a printer without a clock sends zeros) stays as bytes: no reason to lose the reply."""
    if len(raw) != 11:
        raise _BrokenError("dateTime is not 11 octets")
    year, month, day, hour, minute, second, tenths, sign, off_hours, off_minutes = struct.unpack(">HBBBBBBcBB", raw)
    try:
        offset = timedelta(hours=off_hours, minutes=off_minutes)
        zone = timezone(-offset if sign == b"-" else offset)
        return datetime(year, month, day, hour, minute, second, tenths * 100_000, tzinfo=zone)
    except ValueError:
        return raw


def _decode_localized(raw: bytes) -> Localized:
    reader = _Reader(raw, 0)
    language = reader.take(int.from_bytes(reader.take(2), "big"))
    text = reader.take(int.from_bytes(reader.take(2), "big"))
    return Localized(language.decode("ascii", "replace"), text.decode("utf-8", "replace"))
