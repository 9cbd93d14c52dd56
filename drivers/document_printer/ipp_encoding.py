"""IPP values as octets (RFC 8010 §3.9)."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from datetime import datetime

from drivers.document_printer.ipp_values import Attribute, Collection, IntRange, Localized, Resolution, Tag, Value


def encode_attribute(attribute: Attribute) -> Iterator[bytes]:
    """The octets of one attribute with all its values (RFC 8010 §3.1.4). Raises ValueError: a bug of the caller."""
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
