"""The data model of IPP (RFC 8010 §3, RFC 8011 §5): groups of attributes, and the values they have."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum


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
