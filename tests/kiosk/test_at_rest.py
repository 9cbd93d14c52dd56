"""Screen and sound while nobody is there, and for the next one who comes."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from pydantic import ValidationError

from content.build import CATALOGUE, build
from kiosk.at_rest import AtRest
from kiosk.loudness import Loudness
from kiosk.settings import KioskSettings
from tests.kiosk.cabinets import BrokenCabinet, FakeCabinet
from tests.kiosk.journeys.fakes import Wait
from tests.kiosk.test_guide_lights import WATER, house_with
from tests.kiosk.test_reception import _end, _reception, _until


class Hall:
    """A terminal's hall, with a clock of its own."""

    def __init__(self, cabinet: FakeCabinet | None = None, *, dim_after_s: float = 300) -> None:
        self.now, self.home, self.touched = 1000.0, True, 0.0
        self.cabinet = cabinet or FakeCabinet()
        self.loudness = Loudness(self.cabinet, 60)
        self.rest = AtRest(
            self.cabinet,
            self.loudness,
            dim_after_s=dim_after_s,
            dim_percent=30,
            at_home=lambda: self.home,
            last_touch=lambda: self.touched,
            clock=lambda: self.now,
        )

    async def after(self, seconds: float) -> None:
        self.now += seconds
        self.rest.look()
        await self.rest.settled()
        await self.loudness.settled()

    @property
    def backlight(self) -> list[int]:
        return [told[1] for told in self.cabinet.told if told[0] == "backlight"]


async def test_dims_after_a_while_and_is_bright_on_a_touch() -> None:
    hall = Hall()
    await hall.after(0)
    await hall.after(299)
    assert hall.backlight == [100]
    await hall.after(1)
    await hall.after(1000)
    assert hall.backlight == [100, 30]
    hall.touched = hall.now
    await hall.after(0.1)
    assert hall.backlight == [100, 30, 100]
    await hall.after(299)
    assert hall.backlight == [100, 30, 100]
    await hall.after(1)
    assert hall.backlight == [100, 30, 100, 30]


async def test_bright_while_somebody_stands_there_and_in_a_session() -> None:
    hall = Hall()
    await hall.after(0)
    await hall.after(301)
    hall.cabinet.somebody(True)
    await hall.after(1)
    assert hall.backlight == [100, 30, 100]
    await hall.after(900)
    assert hall.backlight == [100, 30, 100]
    hall.cabinet.somebody(False)
    await hall.after(301)
    assert hall.backlight[-1] == 30
    hall.home = False
    await hall.after(1)
    assert hall.backlight[-1] == 100
    await hall.after(900)
    assert hall.backlight[-1] == 100


async def test_zero_is_never() -> None:
    hall = Hall(dim_after_s=0)
    await hall.after(0)
    await hall.after(10_000)
    assert hall.backlight == [100]


async def test_a_broken_backlight_is_survived() -> None:
    hall = Hall(BrokenCabinet())
    for _ in range(3):
        await hall.after(301)
    task = asyncio.create_task(hall.rest.run())
    await asyncio.sleep(0.05)
    assert not task.done()
    task.cancel()


async def test_louder_and_quieter_have_ends_and_reset() -> None:
    cabinet = FakeCabinet()
    loudness = Loudness(cabinet, 60)
    loudness.louder()
    await loudness.settled()
    assert cabinet.told == [("volume", 70)]
    for _ in range(9):
        loudness.louder()
    assert loudness.percent == 100
    for _ in range(20):
        loudness.quieter()
    assert loudness.percent == 10
    await loudness.settled()
    assert cabinet.told[-1] == ("volume", 10)  # never silent by a key
    loudness.reset()
    await loudness.settled()
    assert cabinet.told[-1] == ("volume", 60)


async def test_without_a_cabinet_keys_of_the_volume_do_nothing() -> None:
    loudness = Loudness(None, 60)
    loudness.louder()
    await loudness.settled()
    assert loudness.changed


async def test_who_made_it_louder_and_walked_away_leaves_the_default() -> None:
    hall = Hall()
    hall.loudness.louder()
    hall.touched = hall.now
    await hall.after(59)
    assert hall.loudness.percent == 70
    await hall.after(1)
    assert hall.loudness.percent == 60
    assert ("volume", 60) in hall.cabinet.told


async def test_the_default_again_after_a_session_and_home_is_known(tmp_path: Path) -> None:
    pack = build(CATALOGUE, tmp_path / "pack")
    async with house_with(tmp_path, FakeCabinet(), Home=[WATER, Wait()], Keypad=Wait()) as house:
        reception = _reception(house, pack)
        task = asyncio.create_task(reception.run())
        await _until(lambda: "Keypad" in house.stage.kinds())
        assert not reception.at_home
        loudness = reception._terminal.loudness
        loudness.louder()
        reception.leave()
        await _until(lambda: reception.at_home)
        await loudness.settled()
        assert house.cabinet.told[-1] == ("volume", 60)
        await _end(task)


@pytest.mark.parametrize("wrong", [{"dim_percent": 0}, {"dim_after_s": -1}, {"volume": 101}])
def test_settings_that_make_no_sense_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValidationError):
        KioskSettings(**wrong)  # type: ignore[arg-type]
