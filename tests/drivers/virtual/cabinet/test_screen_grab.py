from __future__ import annotations

import io
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
import segno
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from drivers.virtual.cabinet.screen_grab import NoScreenError, grab, parse_xwd, read_qr

from .xwd import xwd

LINK = "https://qr.alipay.com/bax00000000000000000000000000000"


def screen_with_qr(text: str) -> np.ndarray:
    png = io.BytesIO()
    segno.make(text, error="m").save(png, kind="png", scale=8, border=4)
    screen = Image.new("RGB", (1080, 1920), (246, 248, 251))
    screen.paste(Image.open(png).convert("RGB"), (120, 900))
    return np.asarray(screen, np.uint8)


@pytest.mark.parametrize("msb_first", [False, True])
@pytest.mark.parametrize("colours", [0, 256])
def test_pixels_survive(msb_first: bool, colours: int) -> None:
    rgb = np.random.default_rng(1).integers(0, 256, (7, 5, 3), np.uint8)
    assert np.array_equal(parse_xwd(xwd(rgb, msb_first=msb_first, colours=colours)), rgb[:, :, ::-1])


def test_code_on_a_full_screen_is_read() -> None:
    assert read_qr(parse_xwd(xwd(screen_with_qr(LINK)))) == LINK


def test_screen_without_code() -> None:
    assert read_qr(np.full((1920, 1080, 3), 240, np.uint8)) is None


@given(st.binary(max_size=400), st.integers(0, 120))
def test_rubbish_is_refused_not_crashed_on(rubbish: bytes, keep: int) -> None:
    for data in (rubbish, xwd(np.zeros((2, 2, 3), np.uint8), colours=0)[:keep] + rubbish):
        try:
            parse_xwd(data)
        except NoScreenError:
            continue


def test_cut_file_is_refused() -> None:
    with pytest.raises(NoScreenError):
        parse_xwd(xwd(np.zeros((4, 4, 3), np.uint8))[:-1])


def test_nothing_to_look_at(tmp_path: Path) -> None:
    for display, fbdir in ((None, None), (None, tmp_path), (":987", None)):
        with pytest.raises(NoScreenError):
            grab(display, fbdir)


@pytest.mark.skipif(shutil.which("Xvfb") is None, reason="Xvfb is not installed")
def test_frame_buffer_and_display_of_a_real_server(tmp_path: Path) -> None:
    argv = ["Xvfb", "-displayfd", "1", "-screen", "0", "300x200x24", "-nolisten", "tcp", "-fbdir", str(tmp_path)]
    server = subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    try:
        assert server.stdout is not None
        display = f":{server.stdout.readline().strip().decode()}"
        by_file, by_client = grab(None, tmp_path), grab(display, None)
    finally:
        server.terminate()
        server.wait(20)
    assert by_file.shape == (200, 300, 3)
    assert np.array_equal(by_file, by_client)
