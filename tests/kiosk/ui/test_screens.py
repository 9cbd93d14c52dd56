"""Every screen in both languages and all looks: nothing clipped, crowded, too small or out of reach."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from content.schema.text import Language
from kiosk.ui.gallery import VARIANTS, names, show
from kiosk.ui.pump import Pump
from kiosk.ui.samples import samples
from kiosk.ui.theme import Prefs
from tests.kiosk.ui.geometry import faults

pytestmark = pytest.mark.ui

_KEYS = frozenset("），。")


@pytest.mark.parametrize("language", list(Language), ids=str)
@pytest.mark.parametrize("variant", list(VARIANTS))
def test_layout_has_no_faults(window: Pump, variant: str, language: Language) -> None:
    found = {}
    # High contrast has the standard's geometry: a few screens show that it does.
    for name in ("home", "keypad", "pay", "access") if variant == "high-contrast" else names():
        stage = show(window, name, Prefs(language=language, **VARIANTS[variant]))
        if problems := faults(stage.surface):
            found[name] = problems
    assert not found


@pytest.fixture
def other_size(window: Pump, request: pytest.FixtureRequest) -> Iterator[Pump]:
    """The same window in another size; afterwards in its own again."""
    before = window.width, window.height
    window.resize(*request.param)
    yield window
    window.resize(*before)


@pytest.mark.parametrize("other_size", [(768, 1366), (1920, 1080)], ids="{0[0]}x{0[1]}".format, indirect=True)
def test_layout_has_no_faults_in_other_windows(other_size: Pump) -> None:
    """The English text is the longer one, and large type with low reach the tightest."""
    found = {}
    for name in names():
        for prefs in (Prefs(), Prefs(language=Language.EN, large=True, low_reach=True)):
            surface = show(other_size, name, prefs).surface
            assert (surface.width, surface.height) == (other_size.width, other_size.height)
            if problems := faults(surface):
                found[name, prefs.large] = problems
    assert not found


def test_the_check_sees_a_fault(window: Pump) -> None:
    from kiosk.ui.board import Box

    stage = show(window, "review", Prefs())
    board = stage.surface.visible_boards()[0]
    board.text("太长的一句话放不进这么小的地方", Box(100, 1200, 60, 30), size=34)
    board.button("tiny", "", Box(100, 1300, 40, 40), lambda: None)
    board.button("beside", "", Box(1040, 1500, 120, 120), lambda: None)
    kinds = {fault.split(":")[0] for fault in faults(stage.surface)}
    assert {"clipped", "too small", "target outside"} <= kinds


def test_no_line_on_any_screen_begins_with_punctuation(window: Pump) -> None:
    from kiosk.ui import paint

    for name in names():
        show(window, name, Prefs())
    for text, *_ in paint._textures:
        for line in text.split("\n"):
            if text in _KEYS:
                continue  # a key that writes the sign
            assert line[:1] not in set("、，。；：？！）》”"), text


def test_every_kind_of_screen_has_a_sample() -> None:
    from kiosk.ui.bodies import _BODIES

    assert {type(screen) for screen in samples().values()} == set(_BODIES)


def test_pixels_are_drawn(window: Pump) -> None:
    show(window, "home", Prefs())
    image = window.screenshot()
    assert image.size == (1080, 1920)
    assert image.getpixel((540, 1900)) == (0x10, 0x24, 0x3A)  # the foot
    assert image.getpixel((600, 20)) == (255, 255, 255)  # the header
