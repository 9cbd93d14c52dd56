from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from drivers.receipt_printer.layout import Align, Row
from drivers.receipt_printer.port import Heading, Line, Pair, Qr, Receipt, ReceiptPart, Rule
from drivers.receipt_printer.profile import GENERIC_58, GENERIC_80, PrinterProfile
from drivers.receipt_printer.raster import draw_row, font_path, raster_command
from drivers.receipt_printer.render import render
from drivers.status import DeviceError

QR_TEST_0001 = bytes.fromhex(
    "1d286b0400314132001d286b03003143061d286b03003145311d286b0c00315030544553542d303030311d286b0300315130"
)


def rendered(*parts: ReceiptPart, profile: PrinterProfile = GENERIC_80) -> bytes:
    return render(Receipt(parts), profile)


def test_chinese_mode_and_two_byte_text() -> None:
    slip = rendered(Line("测试"))
    assert slip.startswith(b"\x1b\x40\x1c\x26")
    assert b"\xb2\xe2\xca\xd4\n" in slip
    assert slip.endswith(b"\x1b\x64\x06\x1d\x56\x00")


def test_partial_cut() -> None:
    assert rendered(Line("x"), profile=PrinterProfile(partial_cut=True)).endswith(b"\x1d\x56\x01")


@pytest.mark.parametrize("text", ["（，。《》）", "plain ASCII", "￥“”…"])
def test_punctuation_alone_does_not_become_question_marks(text: str) -> None:
    slip = rendered(Line(text))
    assert text.encode("gb18030") + b"\n" in slip
    assert b"\x1b\x74" not in slip


@pytest.mark.parametrize("name", ["𠮷", "䶮", "张㛃"])
def test_rare_characters_are_drawn(name: str) -> None:
    slip = rendered(Line(name))
    assert b"\x1d\x76\x30\x00\x48\x00\x1e\x00" in slip  # 72 bytes across, 30 dots high
    assert name.encode("gb18030") not in slip


def test_only_the_line_with_the_rare_character_is_drawn() -> None:
    slip = rendered(Line("姓名"), Line("𠮷"), Line("电话"))
    assert slip.count(b"\x1d\x76\x30") == 1
    assert "姓名".encode("gb18030") in slip
    assert "电话".encode("gb18030") in slip


def test_qr_by_the_printer() -> None:
    slip = rendered(Qr("TEST-0001", "扫码查验"))
    before, _, after = slip.partition(QR_TEST_0001)
    assert before.endswith(b"\x1b\x61\x01\n")
    assert "扫码查验".encode("gb18030") in after


def test_qr_too_large_for_the_paper_has_smaller_modules() -> None:
    assert b"\x1d\x28\x6b\x03\x00\x31\x43\x06" not in rendered(Qr("x" * 600), profile=GENERIC_58)


def test_qr_as_image_where_the_printer_has_none() -> None:
    slip = rendered(Qr("TEST-0001"), profile=PrinterProfile(native_qr=False))
    assert b"\x1d\x28\x6b" not in slip
    assert b"\x1d\x76\x30\x00\x48\x00" in slip


def test_large_pair_and_bold() -> None:
    slip = rendered(Pair("合计", "￥1.00", large=True), Line("注意", bold=True))
    assert b"\x1d\x21\x11" in slip
    assert b"\x1b\x45\x01" in slip


def test_drawn_row_is_aligned_and_has_ink() -> None:
    left = np.asarray(draw_row(Row("𠮷"), 48))
    right = np.asarray(draw_row(Row("𠮷", align=Align.RIGHT), 48))
    assert left.shape == (30, 576)
    assert not left[:, :24].all()
    assert left[:, 24:].all()
    assert not right[:, -24:].all()
    assert right[:, :-24].all()


def test_every_drawn_character_differs() -> None:
    boxes = {draw_row(Row(c), 48).tobytes() for c in "𠮷䶮㛃"}
    assert len(boxes) == 3  # a font without them would draw the same empty box


@given(st.lists(st.sampled_from([0x10, 0x04, 0x05, 0x14, 0x00]), min_size=16, max_size=16))
def test_dots_never_look_like_a_real_time_command(dots: list[int]) -> None:
    image = Image.frombytes("1", (64, 2), bytes(b ^ 0xFF for b in dots))
    command = raster_command(image)
    assert len(command) == 8 + 16
    assert not any(bytes((0x10, second)) in command[8:] for second in (0x04, 0x05, 0x14))


_texts = st.text(st.one_of(st.characters(codec="utf-8"), st.sampled_from("测试\x10\x04\x1b㛃")), max_size=30)
_parts = st.one_of(
    st.builds(Heading, _texts), st.builds(Line, _texts, st.booleans()), st.builds(Pair, _texts, _texts), st.just(Rule())
)


@given(st.lists(_parts, max_size=5))
def test_no_receipt_holds_a_real_time_command(parts: list[ReceiptPart]) -> None:
    slip = rendered(*parts)
    assert not any(bytes((0x10, second)) in slip for second in (0x04, 0x05, 0x14))


def test_missing_font_is_a_device_error(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("MENKOU_FONT", str(tmp_path / "absent.ttc"))
    with pytest.raises(DeviceError, match="font"):
        font_path()


def test_line_separators_and_invisible_characters_never_reach_the_font() -> None:
    """U+2029 alone stopped the shaper; a right-to-left override would print an amount backwards."""
    render(Receipt((Heading("\u2029"), Line("a\u2028b"), Pair("\u202e户号", "12\u200b34"))), GENERIC_80)


def test_importing_leaves_nothing_in_the_temporary_folder(tmp_path: Path) -> None:
    code = "import drivers.receipt_printer.render"
    environment = os.environ | {"TMPDIR": str(tmp_path)}
    subprocess.run([sys.executable, "-c", code], env=environment, check=True, timeout=60)
    assert list(tmp_path.iterdir()) == []
