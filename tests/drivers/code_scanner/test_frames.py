"""Commands as the vendors print them, and codes out of any stream."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.code_scanner.frames import COMMANDS, MAX_CODE, Answer, Code, Command, Family, Mark, ScanParser


def codes(items: list[Code | Answer]) -> list[bytes]:
    return [item.data for item in items if isinstance(item, Code)]


def test_commands_byte_for_byte() -> None:
    honeywell, newland = COMMANDS[Family.HONEYWELL], COMMANDS[Family.NEWLAND]
    assert honeywell is not None
    assert newland is not None
    assert honeywell.trigger.data == bytes.fromhex("16540D")
    assert honeywell.untrigger.data == bytes.fromhex("16550D")
    assert honeywell.manual_mode.data == bytes.fromhex("164D0D") + b"TRGMOD0!"
    assert honeywell.identity.data == bytes.fromhex("164D0D") + b"REVINF."
    assert newland.trigger.data == bytes.fromhex("7E01303030302353434E545247313B03")
    assert newland.untrigger.data == bytes.fromhex("7E01303030302353434E545247303B03")
    assert newland.manual_mode.data == bytes.fromhex("7E01303030302353434E4D4F44303B03")
    assert newland.identity.data == bytes.fromhex("7E01303030302351525953 59533B03")
    assert COMMANDS[Family.PRESENTATION] is None


def test_the_worked_payment_code() -> None:
    (code,) = ScanParser().feed(bytes.fromhex("3133343536373839303132333435363738390D"))
    assert isinstance(code, Code)
    assert code.text() == "134567890123456789"


@pytest.mark.parametrize("end", [b"\r", b"\n", b"\r\n"])
@pytest.mark.parametrize("prefix", [b"", b"\x02"])
def test_suffixes_and_the_prefix(prefix: bytes, end: bytes) -> None:
    assert codes(ScanParser().feed((prefix + b"035012342718" + end) * 2)) == [b"035012342718"] * 2


def test_without_a_suffix_silence_ends_the_code() -> None:
    parser = ScanParser()
    assert parser.feed(b"0350") == []
    assert parser.waiting
    assert parser.feed(b"12342718") == []
    assert codes(parser.flush()) == [b"035012342718"]
    assert not parser.waiting
    assert parser.flush() == []


def test_too_long_a_code_is_dropped_whole() -> None:
    parser = ScanParser()
    assert parser.feed(b"x" * 3000) == []
    assert parser.feed(b"x" * 3000) == []
    assert codes(parser.feed(b"x" * 3000 + b"\r035012342718\r")) == [b"035012342718"]
    assert parser.dropped == 1
    assert codes(parser.feed(b"y" * MAX_CODE + b"\r")) == [b"y" * MAX_CODE]
    parser.feed(b"z" * (MAX_CODE + 1))
    assert parser.flush() == []
    assert codes(parser.feed(b"1\r")) == [b"1"]


def test_a_code_begun_before_the_question_is_skipped_to_its_end() -> None:
    parser = ScanParser()
    parser.feed(b"0350123")
    parser.skip_begun()
    assert parser.feed(b"42718") == []
    assert codes(parser.feed(b"\r281234567890123456\r")) == [b"281234567890123456"]
    parser.skip_begun()
    assert codes(parser.feed(b"1\r")) == [b"1"]


@pytest.mark.parametrize(
    ("raw", "answer"),
    [
        (b"TRGMOD0\x06!", Answer(Mark.OK, "TRGMOD0")),
        (b"TRGMOD0\x06.", Answer(Mark.OK, "TRGMOD0")),
        (b"CBRENA1\x06.", Answer(Mark.OK, "CBRENA1")),
        (b"TRGMOD9\x15!", Answer(Mark.REFUSED, "TRGMOD9")),
        (b"NONSENSE\x05!", Answer(Mark.UNKNOWN, "NONSENSE")),
        (b"\x06", Answer(Mark.OK)),
        (bytes.fromhex("02013030303023 53434E54524731 06 3B03"), Answer(Mark.OK, "SCNTRG1")),
        (bytes.fromhex("02013030303023 53434E4D4F4439 15 3B03"), Answer(Mark.REFUSED, "SCNMOD9")),
        (bytes.fromhex("02013030303023 58595A 05 3B03"), Answer(Mark.UNKNOWN, "XYZ")),
        (
            bytes.fromhex("02013030303023 515259535953") + b"A: 1\nB: 2\n\x06;\x03",
            Answer(Mark.OK, "QRYSYSA: 1\nB: 2\n"),
        ),
    ],
)
def test_answers_are_no_codes(raw: bytes, answer: Answer) -> None:
    assert ScanParser().feed(raw + b"0350\r") == [answer, Code(b"0350")]
    parser = ScanParser()
    found = [item for byte in raw + b"0350\r" for item in parser.feed(bytes([byte]))]
    assert [item for item in found if isinstance(item, Answer)] == [answer]
    assert codes(found) == [b"0350"]


def test_a_code_may_begin_with_the_mark_of_an_answer() -> None:
    parser = ScanParser()
    assert parser.feed(b"TRGMOD0\x06") == [Answer(Mark.OK, "TRGMOD0")]
    assert parser.waiting
    assert parser.flush() == []  # the line has fallen silent: no mark is to come
    assert codes(parser.feed(b".5\r")) == [b".5"]


def test_an_answer_cut_short_is_no_code() -> None:
    parser = ScanParser()
    parser.feed(bytes.fromhex("02013030303023 53434E"))
    assert parser.flush() == []


def test_an_answer_cut_short_hides_no_code() -> None:
    parser = ScanParser()
    assert codes(parser.feed(bytes.fromhex("02013030303023 53434E") + b"\r0350\r")) == [b"0350"]


def test_what_is_asked_for_and_a_code_slipped_in_before_an_answer() -> None:
    command = Command(b"", "TRGMOD0")
    assert Answer(Mark.OK, "trgmod0").to(command)
    assert Answer(Mark.OK).to(command)
    assert not Answer(Mark.OK, "REVINF").to(command)
    assert not Answer(Mark.OK, "035012342718TRGMOD0").to(command)
    assert "0350" not in repr(Answer(Mark.OK, "035012342718TRGMOD0"))


@pytest.mark.parametrize("hostile", ["\x00", "\x1b[2J", "a\x7f", "\u202e12", "a\u0085"])
def test_control_characters_are_no_text(hostile: str) -> None:
    assert Code(f"0350{hostile}".encode()).text() is None


def test_marks_and_wide_blanks_are_text() -> None:
    assert Code("\ufeff户号\u3000１\t2".encode()).text() == "户号\u3000１\t2"


def test_old_bills_speak_gb18030() -> None:
    (code,) = ScanParser().feed("户号035012342718".encode("gb18030") + b"\r")
    assert isinstance(code, Code)
    assert code.text() == "户号035012342718"
    assert Code("户号".encode()).text() == "户号"
    assert Code(b"\xff\xff").text() is None


def test_a_code_does_not_show() -> None:
    assert repr(Code(b"134567890123456789")) == "Code(18 bytes)"


plain = st.binary(min_size=1, max_size=60).filter(
    lambda data: not set(data) & set(b"\r\n\x05\x06\x15") and data.strip() and data[0] not in b"\x02.!"
)


@settings(deadline=None)
@given(st.lists(st.tuples(plain, st.sampled_from([b"\r", b"\n", b"\r\n"]))), st.data())
def test_any_split_gives_the_codes(items: list[tuple[bytes, bytes]], data: st.DataObject) -> None:
    stream = b"".join(code + end for code, end in items)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=10)))
    parser, found = ScanParser(), []
    for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True):
        found += parser.feed(stream[start:end])
    assert codes(found) == [code for code, _ in items]


@settings(deadline=None)
@given(st.lists(st.binary(max_size=300), max_size=20))
def test_no_bytes_break_the_parser(chunks: list[bytes]) -> None:
    parser = ScanParser()
    for chunk in chunks:
        parser.feed(chunk)
    parser.flush()
    assert codes(parser.feed(b"0350\r")) == [b"0350"]
