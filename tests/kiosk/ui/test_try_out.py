"""A screen is drawn where nobody sees it: what breaks the renderer breaks it there."""

from __future__ import annotations

from dataclasses import replace

import pytest

from content.load import load_pack
from content.schema.service import Door
from content.schema.text import Text
from kiosk.self_check import overviews, screens_of
from kiosk.ui.pump import Pump
from kiosk.ui.samples import samples
from tests.packs import SERVICES, small_pack

pytestmark = pytest.mark.ui


async def test_every_screen_of_a_pack_and_the_home_screen_stays(pump: Pump) -> None:
    pump.current.show(samples()["home"])
    pump.frames()
    surface = pump.current.surface
    builds, shown = surface.builds, surface.screen
    pack = load_pack(small_pack())
    tried = 0
    for screen in [*(each for name in SERVICES for each in screens_of(pack.services[name])), *overviews(pack, Door)]:
        await pump.current.try_out(screen)
        tried += 1
    assert tried > 10
    assert (surface.builds, surface.screen) == (builds, shown)


async def test_what_cannot_be_drawn_is_heard_of(pump: Pump) -> None:
    pump.current.show(samples()["home"])
    guide = samples()["guide"]
    with pytest.raises(Exception):  # noqa: B017 - whatever the renderer says to nonsense
        await pump.current.try_out(replace(guide, entries=(Text("不是条目", "no entry"),)))
    pump.frames()
