"""Tokens: colours, type, measures. Pure data; the contrast of every pair used is tested."""

from __future__ import annotations

from dataclasses import dataclass, replace

from content.schema.text import Language

# Shares of the height (portrait). They add up to one.
HEADER, MESSAGE, BODY, ACTIONS, FOOT = 0.08, 0.14, 0.58, 0.14, 0.06
REFERENCE_WIDTH, REFERENCE_HEIGHT = 1080, 1920
REACH = 0.45  # low-reach mode: nothing to touch above this share of the height

RADIUS = 16
MARGIN = 48
FOCUS = 6  # width of each of the ring's two lines
TARGET = 72  # least side of anything touchable: 18 mm on the reference panel


@dataclass(frozen=True)
class Palette:
    """Each `x` / `on_x` pair is used as text on fill; contrast >= 4.5 (muted >= 4.5)."""

    paper: str
    surface: str
    ink: str
    muted: str
    line: str
    primary: str
    on_primary: str
    tint: str
    on_tint: str
    neutral: str
    on_neutral: str
    disabled: str
    on_disabled: str
    success: str
    on_success: str
    success_tint: str
    success_ink: str
    warning: str
    on_warning: str
    warning_tint: str
    warning_ink: str
    danger: str
    on_danger: str
    danger_tint: str
    danger_ink: str
    foot: str
    on_foot: str
    foot_muted: str
    foot_button: str
    scrim: tuple[float, float, float, float]
    focus: str  # the keypad's ring, and the line between it and what it surrounds
    focus_gap: str
    heavy_lines: bool = False


STANDARD = Palette(
    paper="#F6F8FB",
    surface="#FFFFFF",
    ink="#10243A",
    muted="#4A5B6E",
    line="#DBE3EC",
    primary="#0A4F8F",
    on_primary="#FFFFFF",
    tint="#E6F0FA",
    on_tint="#0A4F8F",
    neutral="#EDF2F7",
    on_neutral="#10243A",
    disabled="#E7ECF1",
    on_disabled="#5A6978",
    success="#0B6E4F",
    on_success="#FFFFFF",
    success_tint="#E5F3EE",
    success_ink="#0B6E4F",
    warning="#8A5A00",
    on_warning="#FFFFFF",
    warning_tint="#FDF3DF",
    warning_ink="#7A4F00",
    danger="#A3121F",
    on_danger="#FFFFFF",
    danger_tint="#FBEAEC",
    danger_ink="#A3121F",
    foot="#10243A",
    on_foot="#FFFFFF",
    foot_muted="#B4C1CF",
    foot_button="#22384F",
    scrim=(0.04, 0.09, 0.15, 0.62),
    focus="#B34700",
    focus_gap="#FFFFFF",
)

_Y, _K, _D = "#FFE14D", "#000000", "#1F1F1F"
HIGH_CONTRAST = Palette(
    paper=_K,
    surface=_K,
    ink=_Y,
    muted=_Y,
    line=_Y,
    primary=_Y,
    on_primary=_K,
    tint=_D,
    on_tint=_Y,
    neutral=_D,
    on_neutral=_Y,
    disabled=_D,
    on_disabled="#B3A25A",
    success=_Y,
    on_success=_K,
    success_tint=_D,
    success_ink=_Y,
    warning=_Y,
    on_warning=_K,
    warning_tint=_D,
    warning_ink=_Y,
    danger=_Y,
    on_danger=_K,
    danger_tint=_D,
    danger_ink=_Y,
    foot=_K,
    on_foot=_Y,
    foot_muted=_Y,
    foot_button=_D,
    scrim=(0.25, 0.25, 0.25, 0.85),
    focus="#FFFFFF",
    focus_gap=_K,
    heavy_lines=True,
)


@dataclass(frozen=True)
class TypeScale:
    """Reference pixels: at 0.248 mm a pixel, `small` has 4.8 mm capitals; large `body` 7.3 mm and more."""

    question: int
    title: int
    body: int
    small: int
    huge: int


STANDARD_TYPE = TypeScale(question=56, title=44, body=34, small=28, huge=104)
LARGE_TYPE = TypeScale(question=72, title=56, body=46, small=38, huge=124)


@dataclass(frozen=True)
class Prefs:
    """What a resident can change for the session; `KivyStage.reset()` restores the start."""

    language: Language = Language.ZH
    large: bool = False
    high_contrast: bool = False
    low_reach: bool = False

    def toggled(self, name: str) -> Prefs:
        return replace(self, **{name: not getattr(self, name)})

    @property
    def palette(self) -> Palette:
        return HIGH_CONTRAST if self.high_contrast else STANDARD

    @property
    def type(self) -> TypeScale:
        return LARGE_TYPE if self.large else STANDARD_TYPE


def luminance(colour: str) -> float:
    """Relative luminance of `#RRGGBB` (WCAG 2.1)."""

    def channel(value: int) -> float:
        c = value / 255
        return c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4

    r, g, b = (channel(int(colour[i : i + 2], 16)) for i in (1, 3, 5))
    return 0.2126 * r + 0.7152 * g + 0.0722 * b


def contrast(a: str, b: str) -> float:
    """Contrast ratio of two colours, 1 to 21 (WCAG 2.1)."""
    high, low = sorted((luminance(a), luminance(b)), reverse=True)
    return (high + 0.05) / (low + 0.05)
