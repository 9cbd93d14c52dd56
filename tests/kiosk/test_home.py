"""The home screen of a large catalogue is made from briefs: no service is read, and not every brief is looked at."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest

from content.build import build
from content.calendar import LOCAL
from content.load import Pack
from content.schema.service import Door
from kiosk import availability, home
from kiosk.availability import Here
from kiosk.home import door_screen, home_screen
from kiosk.journeys import texts
from kiosk.journeys.context import Devices
from tests.content.samples import Sample
from tests.kiosk.journeys.fakes import World
from tests.kiosk.journeys.house import House

NOON = datetime(2026, 6, 1, 12, 0, tzinfo=LOCAL)


@pytest.fixture
def sample() -> Sample:
    sample = Sample()
    for number in range(30):
        sample.services[f"water-{number}"] = {**sample["water"], "id": f"water-{number}", "row": str(40 + number)}
    return sample


@pytest.fixture
def pack(sample: Sample, tmp_path: Path) -> Pack:
    pack = build(sample.write(tmp_path / "content"), tmp_path / "pack")
    for file in (pack.root / "objects").iterdir():
        file.unlink()  # whoever reads a service now fails
    return pack


@pytest.fixture
async def devices(tmp_path: Path) -> Devices:
    async with House(tmp_path / "j.sqlite3", World()) as house:
        return house.terminal.devices


def here(pack: Pack, at: datetime = NOON, division: str = "519999") -> Here:
    return Here(division, pack.working_days, lambda: at)


def reasons(pack: Pack, devices: Devices, where: Here) -> dict[str, str | None]:
    shown = home_screen(pack, devices, True, where)
    return {tile.id: tile.unavailable.zh if tile.unavailable else None for tile in shown.doors}


async def test_no_service_is_read(pack: Pack, devices: Devices) -> None:
    shown = home_screen(pack, devices, True, here(pack))
    assert [tile.id for tile in shown.frequent] == ["proof", "permit", "water", "water-0", "water-1", "water-2"]
    assert len(shown.search("水费")) == 31
    assert [tile.id for tile in shown.search("社保")] == ["proof"]
    assert len(door_screen(pack, Door.FEES, devices, True, here(pack)).tiles) == 31


async def test_one_look_for_all_with_the_same_needs(
    pack: Pack, devices: Devices, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks: list[str] = []
    real = availability.unavailable_reason

    def counted(service: object, *rest: object) -> object:
        looks.append(service.id)  # type: ignore[attr-defined]
        return real(service, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(home, "unavailable_reason", counted)
    home_screen(pack, devices, True, here(pack))
    assert len([name for name in looks if name.startswith("water")]) < 8  # the frequent ones, and one for the door


async def test_hours_and_places_are_said_before_anyone_starts(pack: Pack, devices: Devices) -> None:
    assert reasons(pack, devices, here(pack))["certificates"] is None
    night = NOON.replace(hour=23)
    assert reasons(pack, devices, here(pack, night))["certificates"] == "这件事的办理时间是：每天 07:00–22:00"
    assert reasons(pack, devices, here(pack, division="110101"))["certificates"] == texts.NOT_OFFERED_HERE.zh
    assert reasons(pack, devices, here(pack, night))["fees"] is None
    assert reasons(pack, devices, here(pack))["living"] == texts.DOOR_EMPTY.zh


async def test_dates_are_said(sample: Sample, devices: Devices, tmp_path: Path) -> None:
    sample["proof"]["effective"] = {"since": "2026-06-02"}
    sample["permit"]["effective"] = {"until": "2026-05-31"}
    pack = build(sample.write(tmp_path / "dated"), tmp_path / "dated-pack")
    said = reasons(pack, devices, here(pack))
    assert said["certificates"] == "这件事从 6 月 2 日起可以办"
    assert said["applications"] == texts.NO_LONGER_OFFERED.zh


async def test_without_a_place_only_the_devices_count(pack: Pack, devices: Devices) -> None:
    tile = home_screen(pack, devices, True).frequent[0]
    assert tile.unavailable is None
