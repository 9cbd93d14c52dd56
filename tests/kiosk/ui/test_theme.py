from __future__ import annotations

import pytest

from kiosk.ui import theme
from kiosk.ui.theme import HIGH_CONTRAST, STANDARD, Palette, contrast

PAIRS = [
    ("ink", "paper"),
    ("ink", "surface"),
    ("muted", "paper"),
    ("muted", "surface"),
    ("on_primary", "primary"),
    ("on_tint", "tint"),
    ("on_tint", "surface"),
    ("on_tint", "paper"),
    ("on_neutral", "neutral"),
    ("on_disabled", "disabled"),
    ("muted", "neutral"),
    ("on_success", "success"),
    ("success_ink", "success_tint"),
    ("success_ink", "surface"),
    ("on_warning", "warning"),
    ("warning_ink", "warning_tint"),
    ("warning_ink", "paper"),
    ("on_danger", "danger"),
    ("danger_ink", "danger_tint"),
    ("danger_ink", "surface"),
    ("on_foot", "foot"),
    ("on_foot", "foot_button"),
    ("foot_muted", "foot"),
]


@pytest.mark.parametrize("palette", [STANDARD, HIGH_CONTRAST], ids=["standard", "high-contrast"])
def test_every_pair_is_readable(palette: Palette) -> None:
    for text, fill in PAIRS:
        assert contrast(getattr(palette, text), getattr(palette, fill)) >= 4.5, (text, fill)


@pytest.mark.parametrize("palette", [STANDARD, HIGH_CONTRAST], ids=["standard", "high-contrast"])
def test_one_of_the_rings_two_lines_stands_out_from_whatever_is_around_it(palette: Palette) -> None:
    assert contrast(palette.focus, palette.focus_gap) >= 3
    for around in ("paper", "surface", "primary", "foot", "foot_button", "tint", "disabled", "neutral"):
        lines = (contrast(colour, getattr(palette, around)) for colour in (palette.focus, palette.focus_gap))
        assert max(lines) >= 3, around
    assert theme.FOCUS >= 6


def test_contrast_is_the_standards() -> None:
    assert contrast("#000000", "#FFFFFF") == pytest.approx(21)
    assert contrast("#FFE14D", "#000000") == pytest.approx(16.1, abs=0.2)


def test_zones_add_up_and_large_type_is_larger() -> None:
    assert sum((theme.HEADER, theme.MESSAGE, theme.BODY, theme.ACTIONS, theme.FOOT)) == pytest.approx(1)
    for name in ("question", "title", "body", "small"):
        assert getattr(theme.LARGE_TYPE, name) > getattr(theme.STANDARD_TYPE, name) >= 28
