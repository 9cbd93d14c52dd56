"""The binary encoding of IPP (RFC 8010 §3): messages as frozen dataclasses, without I/O.

`decode` never raises: what cannot be read is a `Malformed` value.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from enum import IntEnum

MAX_COLLECTION_DEPTH = 8  # real printers nest two deep; a hostile reply must not exhaust the stack


class GroupTag(IntEnum):
    """Delimiter tags (RFC 8010 §3.5.1)."""

    OPERATION = 0x01
    JOB = 0x02
    END = 0x03
    PRINTER = 0x04
    UNSUPPORTED = 0x05


class Tag(IntEnum):
    """Value tags (RFC 8010 §3.5.2)."""

    UNSUPPORTED = 0x10
    UNKNOWN = 0x12
    NO_VALUE = 0x13
    INTEGER = 0x21
    BOOLEAN = 0x22
    ENUM = 0x23
    OCTET_STRING = 0x30
    DATE_TIME = 0x31
    RESOLUTION = 0x32
    RANGE = 0x33
    BEGIN_COLLECTION = 0x34
    TEXT_WITH_LANGUAGE = 0x35
    NAME_WITH_LANGUAGE = 0x36
    END_COLLECTION = 0x37
    TEXT = 0x41
    NAME = 0x42
    KEYWORD = 0x44
    URI = 0x45
    URI_SCHEME = 0x46
    CHARSET = 0x47
    NATURAL_LANGUAGE = 0x48
    MIME_MEDIA_TYPE = 0x49
    MEMBER_NAME = 0x4A


@dataclass(frozen=True)
class Resolution:
    """Dots per `unit` (3: inch, 4: centimetre), across and along the feed."""

    cross_feed: int
    feed: int
    unit: int


@dataclass(frozen=True)
class IntRange:
    """rangeOfInteger, both ends included."""

    lower: int
    upper: int


@dataclass(frozen=True)
class Localized:
    """textWithLanguage or nameWithLanguage."""

    language: str
    text: str


@dataclass(frozen=True)
class Collection:
    """A collection value; its members are attributes."""

    members: tuple[Attribute, ...]

    def get(self, name: str) -> Attribute | None:
        return next((member for member in self.members if member.name == name), None)


# None: the out-of-band values (unsupported, unknown, no-value); bytes: octetString and tags we do not know.
Value = int | bool | str | bytes | datetime | Resolution | IntRange | Localized | Collection | None


@dataclass(frozen=True)
class Attribute:
    """An attribute with one or more values; `tag` is that of the first (sets may mix keyword and name)."""

    name: str
    tag: int
    values: tuple[Value, ...]

    def strings(self) -> tuple[str, ...]:
        """The values that are text, keywords, names, URIs or types."""
        return tuple(v.text if isinstance(v, Localized) else v for v in self.values if isinstance(v, str | Localized))

    def integer(self) -> int | None:
        """The first value if it is an integer or enum."""
        value = self.values[0] if self.values else None
        return value if isinstance(value, int) and not isinstance(value, bool) else None

    def boolean(self) -> bool | None:
        """The first value if it is a boolean."""
        value = self.values[0] if self.values else None
        return value if isinstance(value, bool) else None


@dataclass(frozen=True)
class Group:
    """A group of attributes: of the operation, of a job, of the printer, or unsupported ones."""

    tag: int
    attributes: tuple[Attribute, ...]

    def get(self, name: str) -> Attribute | None:
        return next((attribute for attribute in self.attributes if attribute.name == name), None)

    def strings(self, name: str) -> tuple[str, ...]:
        """All text values of the attribute; empty if it is missing."""
        attribute = self.get(name)
        return attribute.strings() if attribute else ()

    def integer(self, name: str) -> int | None:
        """The attribute's integer or enum; None if it is missing or something else."""
        attribute = self.get(name)
        return attribute.integer() if attribute else None

    def boolean(self, name: str) -> bool | None:
        """The attribute's boolean; None if it is missing or something else."""
        attribute = self.get(name)
        return attribute.boolean() if attribute else None


EMPTY_GROUP = Group(0, ())


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
                parts.extend(_encode_attribute(attribute))
        parts.append(bytes([GroupTag.END]))
        return b"".join(parts)


@dataclass(frozen=True)
class Malformed:
    """The bytes are no IPP message; `reason` is for technicians."""

    reason: str


# --- encoding -------------------------------------------------------------------------------------------------------


def _encode_attribute(attribute: Attribute) -> Iterator[bytes]:
    if not attribute.values:
        raise ValueError(f"attribute {attribute.name} has no value")
    name = attribute.name
    for value in attribute.values:
        yield from _encode_value(attribute.tag, name, value)
        name = ""  # further values of a 1setOf carry an empty name


def _field(tag: int, name: str, value: bytes) -> bytes:
    encoded = name.encode("utf-8")
    if len(encoded) > 0x7FFF or len(value) > 0x7FFF:
        raise ValueError("IPP field longer than 32767 octets")
    return struct.pack(">BH", tag, len(encoded)) + encoded + struct.pack(">H", len(value)) + value


def _encode_value(tag: int, name: str, value: Value) -> Iterator[bytes]:
    if isinstance(value, Collection):
        yield _field(Tag.BEGIN_COLLECTION, name, b"")
        for member in value.members:
            yield _field(Tag.MEMBER_NAME, "", member.name.encode("utf-8"))
            for member_value in member.values:
                yield from _encode_value(member.tag, "", member_value)
        yield _field(Tag.END_COLLECTION, "", b"")
        return
    yield _field(tag, name, _plain_value(tag, value))


def _plain_value(tag: int, value: Value) -> bytes:
    match value:
        case None:
            return b""
        case bool():
            return bytes([value])
        case int():
            return struct.pack(">i", value)
        case str():
            return value.encode("utf-8")
        case bytes():
            return value
        case datetime():
            return _encode_datetime(value)
        case Resolution(cross, feed, unit):
            return struct.pack(">iib", cross, feed, unit)
        case IntRange(lower, upper):
            return struct.pack(">ii", lower, upper)
        case Localized(language, text):
            lang, body = language.encode("ascii"), text.encode("utf-8")
            return struct.pack(">H", len(lang)) + lang + struct.pack(">H", len(body)) + body
    raise ValueError(f"no encoding for {type(value).__name__} with tag 0x{tag:02x}")


def _encode_datetime(value: datetime) -> bytes:
    offset = value.utcoffset()
    if offset is None:
        raise ValueError("dateTime needs a time zone")
    minutes = round(offset.total_seconds() / 60)
    sign = b"+" if minutes >= 0 else b"-"
    return struct.pack(
        ">HBBBBBBcBB",
        value.year,
        value.month,
        value.day,
        value.hour,
        value.minute,
        value.second,
        value.microsecond // 100_000,
        sign,
        *divmod(abs(minutes), 60),
    )


# --- decoding -------------------------------------------------------------------------------------------------------


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
