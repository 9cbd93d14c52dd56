"""Every screen in both languages and all looks: nothing clipped, crowded, too small or out of reach."""

from __future__ import annotations

import pytest

from content.schema.text import Language
from kiosk.ui.gallery import VARIANTS, names, show
from kiosk.ui.pump import Pump
from kiosk.ui.samples import samples
from kiosk.ui.theme import Prefs
from tests.kiosk.ui.geometry import faults

pytestmark = pytest.mark.ui


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


def test_the_check_sees_a_fault(window: Pump) -> None:
    from kiosk.ui.board import Box

    stage = show(window, "review", Prefs())
    board = stage.surface.visible_boards()[0]
    board.text("太长的一句话放不进这么小的地方", Box(100, 1200, 60, 30), size=34)
    board.button("tiny", "", Box(100, 1300, 40, 40), lambda: None)
    kinds = {fault.split(":")[0] for fault in faults(stage.surface)}
    assert {"clipped", "too small"} <= kinds


def test_no_line_on_any_screen_begins_with_punctuation(window: Pump) -> None:
    from kiosk.ui import paint

    for name in names():
        show(window, name, Prefs())
    for text, *_ in paint._textures:
        for line in text.split("\n"):
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
