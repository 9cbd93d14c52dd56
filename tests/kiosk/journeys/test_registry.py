"""What this program cannot walk does not start, and says so on the home screen."""

from __future__ import annotations

from pathlib import Path

import pytest

from content.schema.service import Device, Kind
from drivers.manager import DeviceSet
from kiosk.availability import unavailable_reason
from kiosk.home import start_reason
from kiosk.journeys import registry
from kiosk.journeys import service_texts as texts
from tests.kiosk.journeys.office import Office
from tests.kiosk.journeys.sample_services import ALLOWANCE, PLAIN, service
from tests.kiosk.journeys.service_world import ServiceWorld


async def test_a_kind_without_a_journey(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with Office(tmp_path / "j.sqlite3", ServiceWorld()) as office:
        devices = office.terminal.devices
        assert start_reason(service(PLAIN), devices, True) is None
        monkeypatch.delitem(registry.JOURNEYS, Kind.APPLICATION)
        assert start_reason(service(PLAIN), devices, True) == texts.NO_JOURNEY


async def test_papers_to_scan_need_a_camera_whatever_the_content_says(tmp_path: Path) -> None:
    async with Office(tmp_path / "j.sqlite3", ServiceWorld()) as office:
        assert start_reason(service(ALLOWANCE), office.terminal.devices, True) == texts.NO_CAMERA


@pytest.mark.parametrize("device", list(Device))
def test_every_missing_device_has_its_sentence(device: Device) -> None:
    reason = unavailable_reason(service(ALLOWANCE, devices=[device.value]), DeviceSet(), True)
    assert reason is not None
    assert reason.en
