"""The encoding, against bytes exchanged with a real ippeveprinter 2.4.2, and against anything at all."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.document_printer.ipp_codec import IppMessage, Malformed, decode
from drivers.document_printer.ipp_values import (
    Attribute,
    Collection,
    Group,
    GroupTag,
    IntRange,
    Localized,
    Resolution,
    Tag,
)

REQUEST = bytes.fromhex(
    "0200000b00000001014700126174747269627574"
    "65732d636861727365740005"
    "7574662d3848001b617474726962757465732d6e61747572616c2d6c616e67756167650002656e45000b"
    "7072696e7465722d757269001f6970703a2f2f6c6f63616c686f73743a31383633312f6970702f7072696e74"
    "4400147265717565737465642d61747472696275746573000d7072696e7465722d7374617465"
    "44000000157072696e7465722d73746174652d726561736f6e7303"
)
RESPONSE = bytes.fromhex(
    "020000000000000101470012617474726962757465732d636861727365740005"
    "7574662d3848001b617474726962757465732d6e61747572616c2d6c616e67756167650002656e"
    "0423000d7072696e7465722d7374617465000400000003"
    "4400157072696e7465722d73746174652d726561736f6e7300046e6f6e6503"
)

GET_PRINTER = IppMessage(
    0x000B,
    1,
    (
        Group(
            GroupTag.OPERATION,
            (
                Attribute("attributes-charset", Tag.CHARSET, ("utf-8",)),
                Attribute("attributes-natural-language", Tag.NATURAL_LANGUAGE, ("en",)),
                Attribute("printer-uri", Tag.URI, ("ipp://localhost:18631/ipp/print",)),
                Attribute("requested-attributes", Tag.KEYWORD, ("printer-state", "printer-state-reasons")),
            ),
        ),
    ),
)


def read(data: bytes) -> IppMessage:
    message = decode(data)
    assert isinstance(message, IppMessage), message
    return message


def test_request_as_a_real_printer_took_it() -> None:
    assert len(REQUEST) == 183
    assert GET_PRINTER.to_bytes() == REQUEST
    assert read(REQUEST) == GET_PRINTER


def test_response_of_a_real_printer() -> None:
    assert len(RESPONSE) == 125
    message = read(RESPONSE)
    assert (message.code, message.request_id, message.version) == (0, 1, (2, 0))
    printer = message.group(GroupTag.PRINTER)
    assert printer.integer("printer-state") == 3
    assert printer.strings("printer-state-reasons") == ("none",)
    assert printer.boolean("printer-state") is None
    assert message.to_bytes() == RESPONSE


def test_document_behind_the_end_is_left_alone() -> None:
    assert read(REQUEST + b"%PDF-1.7") == GET_PRINTER


@pytest.mark.parametrize("length", range(len(RESPONSE)))
def test_every_truncation_is_malformed(length: int) -> None:
    assert isinstance(decode(RESPONSE[:length]), Malformed)


def test_nested_collection_and_all_value_kinds() -> None:
    size = Collection(
        (Attribute("x-dimension", Tag.INTEGER, (21000,)), Attribute("y-dimension", Tag.INTEGER, (29700,)))
    )
    media = Collection(
        (
            Attribute("media-size", Tag.BEGIN_COLLECTION, (size,)),
            Attribute("media-type", Tag.KEYWORD, ("stationery", "auto")),
        )
    )
    attributes = (
        Attribute("media-col", Tag.BEGIN_COLLECTION, (media, media)),
        Attribute("printer-current-time", Tag.DATE_TIME, (datetime(2026, 11, 22, 3, 33, 44, tzinfo=UTC),)),
        Attribute("printer-resolution", Tag.RESOLUTION, (Resolution(600, 600, 3),)),
        Attribute("copies-supported", Tag.RANGE, (IntRange(1, 999),)),
        Attribute("printer-info", Tag.TEXT_WITH_LANGUAGE, (Localized("zh-cn", "打印机"),)),
        Attribute("color-supported", Tag.BOOLEAN, (False,)),
        Attribute("printer-geo-location", Tag.UNKNOWN, (None,)),
        Attribute("printer-supply", Tag.OCTET_STRING, (b"\x00\xff",)),
    )
    message = IppMessage(0, 7, (Group(GroupTag.PRINTER, attributes),))
    assert read(message.to_bytes()) == message


def test_clock_that_was_never_set_does_not_lose_the_reply() -> None:
    message = IppMessage(0, 1, (Group(GroupTag.PRINTER, (Attribute("t", Tag.DATE_TIME, (bytes(11),)),)),))
    attribute = read(message.to_bytes()).group(GroupTag.PRINTER).get("t")
    assert attribute is not None
    assert attribute.values == (bytes(11),)


def test_bottomless_collection_is_malformed() -> None:
    begin = bytes.fromhex("3400016100004a0000000162")
    assert isinstance(decode(b"\x02\x00\x00\x00\x00\x00\x00\x01\x04" + begin * 5000 + b"\x03"), Malformed)


def test_value_that_does_not_fit_is_the_callers_bug() -> None:
    with pytest.raises(ValueError, match="no value"):
        IppMessage(0, 1, (Group(1, (Attribute("a", Tag.TEXT, ()),)),)).to_bytes()
    with pytest.raises(ValueError, match="32767"):
        IppMessage(0, 1, (Group(1, (Attribute("a", Tag.TEXT, ("x" * 40000,)),)),)).to_bytes()


@given(st.binary(max_size=400))
def test_any_bytes_are_read_or_malformed(data: bytes) -> None:
    assert isinstance(decode(data), IppMessage | Malformed)


@given(st.lists(st.tuples(st.integers(0, len(RESPONSE) - 1), st.integers(0, 255)), min_size=1, max_size=6))
def test_damaged_reply_is_read_or_malformed(damage: list[tuple[int, int]]) -> None:
    data = bytearray(RESPONSE)
    for position, value in damage:
        data[position] = value
    assert isinstance(decode(bytes(data)), IppMessage | Malformed)


_fields = st.builds(
    lambda tag, name, value: bytes([tag]) + len(name).to_bytes(2, "big") + name + len(value).to_bytes(2, "big") + value,
    st.sampled_from([*range(0x10, 0x4B), 0x7F]),
    st.binary(max_size=4),
    st.binary(max_size=12),
)


@given(st.lists(_fields, max_size=12))
def test_any_fields_are_read_or_malformed(fields: list[bytes]) -> None:
    data = b"\x02\x00\x00\x00\x00\x00\x00\x01\x04" + b"".join(fields) + b"\x03"
    assert isinstance(decode(data), IppMessage | Malformed)


_names = st.text(st.characters(codec="ascii", exclude_characters="\x00"), min_size=1, max_size=12)
_attributes = st.one_of(
    st.builds(
        Attribute, _names, st.just(Tag.INTEGER), st.lists(st.integers(-(2**31), 2**31 - 1), min_size=1).map(tuple)
    ),
    st.builds(Attribute, _names, st.just(Tag.NAME), st.lists(st.text(max_size=20), min_size=1).map(tuple)),
    st.builds(Attribute, _names, st.just(Tag.BOOLEAN), st.lists(st.booleans(), min_size=1).map(tuple)),
)


@given(st.lists(_attributes, max_size=8), st.integers(1, 2**31 - 1))
def test_what_is_written_is_read_back(attributes: list[Attribute], request_id: int) -> None:
    message = IppMessage(0x0002, request_id, (Group(GroupTag.OPERATION, tuple(attributes)),))
    assert read(message.to_bytes()) == message
