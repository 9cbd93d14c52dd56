"""Drivers are found by entry point, third parties' like ours: the how-to guide's promise."""

from __future__ import annotations

import sys
from importlib.metadata import entry_points
from pathlib import Path

import pytest

from drivers.device import DeviceClass
from drivers.manager import DevicesFileError, read_devices
from drivers.registry import GROUP, DriverOptions, DriverSpec, UnknownDriverError, driver_names, find_driver

MODULE = """
from drivers.registry import DriverOptions, DriverSpec
from drivers.status import DeviceState, DeviceStatus


class Options(DriverOptions):
    port: int = 1


class Reader:
    def __init__(self, port):
        self.port = port
        self.status = DeviceStatus()

    async def open(self):
        self.status = DeviceStatus(DeviceState.ONLINE)

    async def close(self):
        self.status = DeviceStatus(DeviceState.OFFLINE)

    async def refresh(self):
        return self.status

    async def read_card(self, timeout_s, on_found=None):
        raise NotImplementedError


SPEC = DriverSpec(Options, lambda options: Reader(options.port), "a reader of our town")
NOT_A_SPEC = 7
"""


@pytest.fixture
def third_party(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package somebody else has installed, as the metadata of any wheel describes it."""
    site = tmp_path / "site"
    info = site / "town_reader-1.0.dist-info"
    info.mkdir(parents=True)
    (site / "town_reader.py").write_text(MODULE, "utf-8")
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: town-reader\nVersion: 1.0\n", "utf-8")
    (info / "entry_points.txt").write_text(
        f"[{GROUP}]\nid_reader.town = town_reader:SPEC\nid_reader.seven = town_reader:NOT_A_SPEC\n"
        "id_reader.missing = town_reader:NOBODY\n",
        "utf-8",
    )
    monkeypatch.syspath_prepend(str(site))
    monkeypatch.delitem(sys.modules, "town_reader", raising=False)
    return tmp_path


def _toml(folder: Path, text: str) -> Path:
    file = folder / "devices.toml"
    file.write_text(text, "utf-8")
    return file


async def test_a_third_partys_driver_is_used(third_party: Path) -> None:
    devices = read_devices(_toml(third_party, '[id_reader]\ndriver = "town"\nport = 3\n'))
    assert "town" in driver_names(DeviceClass.ID_READER)
    assert devices.id_reader is not None
    await devices.open()
    assert devices.id_reader.status.ready
    await devices.close()


@pytest.mark.parametrize(
    ("name", "said"), [("seven", "is no DriverSpec"), ("missing", "cannot be loaded"), ("nobody", "known are")]
)
def test_one_that_does_not_work_is_told(third_party: Path, name: str, said: str) -> None:
    with pytest.raises(DevicesFileError, match=rf"\[id_reader\].*{said}"):
        read_devices(_toml(third_party, f'[id_reader]\ndriver = "{name}"\n'))


def test_two_packages_with_the_same_name(third_party: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = third_party / "other"
    info = other / "twin-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: twin\nVersion: 1.0\n", "utf-8")
    (info / "entry_points.txt").write_text(f"[{GROUP}]\nid_reader.town = twin:SPEC\n", "utf-8")
    monkeypatch.syspath_prepend(str(other))
    with pytest.raises(UnknownDriverError, match="offered twice"):
        find_driver(DeviceClass.ID_READER, "town")


@pytest.mark.parametrize("entry", sorted(entry_points(group=GROUP), key=lambda entry: entry.name), ids=lambda e: e.name)
def test_every_driver_of_ours_loads(entry: object) -> None:
    """None is forgotten, and each says what it is for."""
    device_class, _, name = entry.name.partition(".")  # type: ignore[attr-defined]
    spec = find_driver(DeviceClass(device_class), name)
    assert isinstance(spec, DriverSpec)
    assert issubclass(spec.options, DriverOptions)
    assert len(spec.about) > 10


def test_every_class_has_a_driver() -> None:
    assert [device_class for device_class in DeviceClass if not driver_names(device_class)] == []
