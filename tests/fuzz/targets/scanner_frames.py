"""A serial scanner's bytes, in any pieces: codes and answers, no exception, a bounded buffer."""

from __future__ import annotations

import unicodedata

from drivers.code_scanner.classify import CodeRules, classify
from drivers.code_scanner.frames import COMMANDS, MAX_CODE, Answer, Code, ScanParser
from drivers.code_scanner.identity import identity_of
from drivers.code_scanner.port import ScanContext

SEEDS: tuple[bytes, ...] = (
    b"\x08035012342718\r",
    b"\x03\x02281234567890123456\r\n035012342718\r",
    b"\x05TRGMOD0\x06!035012342718\r",
    b"\x20NONSENSE\x05.TRGMOD0\x15!",
    b"\x01\x02\x010000#SCNTRG1\x06;\x03134567890123456789\r",
    b"\x40\x02\x010000#QRYSYSProduct Name: NLS-1\nFirmware Version: 1.0\n\x06;\x03",
    b"\x0aProduct Name: X\r\nSoftware Revision: 1\r\nREVINF\x06.",
    b"\x07" + "户号035012342718".encode("gb18030") + b"\r",
    b"\x0f" + "\ufeff户号\u30001".encode() + b"\r",
    b"\xff" + b"9" * 5120 + b"\r",
    b"\x101.2.156.3005.2.11519999000000019R001.12519999MB0A00018J.2025000000001.001.Z\r",
    b"\x0bhttps://verify.example.test/v?i=abcdefghjkmn&t=tp1abc&s=AAAAAAAAAAAAAAAAAAAAAA\r",
    b"\x0c12519999MB0A00018J4002099001000202611220001\r109999199001010010\r",
)

RULES = CodeRules(ecny=True)


def one_input(data: bytes) -> None:
    """The first byte says in what pieces the rest comes, and where the screen asks and the line falls silent."""
    if not data:
        return
    step, rest = 1 + data[0] % 64, data[1:]
    parser = ScanParser()
    for at in range(0, len(rest), step):
        _look(parser.feed(rest[at : at + step]))
        assert len(parser._pending) <= MAX_CODE
        if data[0] & 0x40 and rest[at] % 7 == 0:
            parser.skip_begun()
        elif data[0] & 0x80 and rest[at] % 11 == 0:
            _look(parser.flush())
            assert not parser.waiting
    _look(parser.flush())
    assert [code.data for code in parser.feed(b"0350\r") if isinstance(code, Code)] == [b"0350"]


def _look(items: list[Code | Answer]) -> None:
    for item in items:
        if isinstance(item, Answer):
            identity_of(item.echo.splitlines())
            for commands in COMMANDS.values():
                assert commands is None or isinstance(item.to(commands.manual_mode), bool)
            continue
        assert 0 < len(item.data) <= MAX_CODE
        text = item.text()
        if text is None:
            continue
        assert not any(unicodedata.category(char) in ("Cc", "Cf", "Cs") for char in text if char != "\t")
        for context in ScanContext:
            assert classify(text, context, RULES).text.upper() == text.strip().upper()
