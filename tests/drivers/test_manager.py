"""devices.toml: what is wrong with it is said with the table's name; nothing is opened by reading it."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from drivers import manager
from drivers.manager import DeviceSet, DevicesFileError, read_devices
from drivers.status import DeviceState, DeviceStatus

GOOD = """
[id_reader]
driver = "sdt-serial"
path = "/dev/serial/by-path/reader"
baud = 9600
[receipt_printer]
driver = "escpos-serial"
path = "/dev/serial/by-path/slip"
profile = "epson-80"
[document_printer]
driver = "ipp"
uri = "ipp://127.0.0.1:9/ipp/print"
[code_scanner]
driver = "serial"
path = "/dev/serial/by-path/scanner"
family = "newland"
[camera]
driver = "opencv"
source = "/dev/v4l/by-path/camera"
"""


def _read(tmp_path: Path, text: str) -> object:
    file = tmp_path / "devices.toml"
    file.write_text(text, "utf-8")
    return read_devices(file)


async def test_everything_named(tmp_path: Path) -> None:
    file = tmp_path / "devices.toml"
    file.write_text(GOOD, "utf-8")
    devices = read_devices(file)
    assert devices.id_reader is not None
    assert devices.receipt_printer is not None
    assert devices.document_printer is not None
    assert devices.code_scanner is not None
    assert devices.camera is not None
    assert devices.camera.source == "/dev/v4l/by-path/camera"
    assert not devices.id_reader.status.ready, "unknown is never OK"
    await devices.close()


async def test_what_is_not_named_is_absent(tmp_path: Path) -> None:
    file = tmp_path / "devices.toml"
    file.write_text("", "utf-8")
    assert read_devices(file).id_reader is None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[id_reader]\ndriver = "nfc"\n', r"\[id_reader\] driver = 'nfc' is unknown"),
        ('[receipt_printer]\npath = "/dev/x"\n', r"\[receipt_printer\] driver is missing; known are"),
        ('[document_printer]\ndriver = "ipp"\n', r"\[document_printer\] uri"),
        ('[id_reader]\ndriver = "sdt-serial"\n', r"\[id_reader\] .*path"),
        ('[code_scanner]\ndriver = "serial"\npath = "/x"\nfamily = "abacus"\n', r"\[code_scanner\] family"),
        ('[id_reader]\ndriver = "sdt-serial"\npath = "/x"\nbauds = 9600\n', r"\[id_reader\] has no option 'bauds'"),
        ('id_reader = "sdt-serial"\n', r"\[id_reader\] is not a table"),
        ('[toaster]\ndriver = "bread"\n', "unknown device class 'toaster'"),
        ("[id_reader\n", "devices.toml"),
    ],
)
async def test_says_what_is_wrong(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(DevicesFileError, match=said):
        _read(tmp_path, text)


def test_no_file(tmp_path: Path) -> None:
    with pytest.raises(DevicesFileError, match="no-such-file"):
        read_devices(tmp_path / "no-such-file.toml")


class Broken:
    """A third party's driver with bugs."""

    status = DeviceStatus()
    opened = closed = False

    async def open(self) -> None:
        self.opened = True
        raise RuntimeError

    async def close(self) -> None:
        raise RuntimeError

    async def refresh(self) -> DeviceStatus:
        raise RuntimeError


class Sound(Broken):
    async def open(self) -> None:
        self.opened = True

    async def close(self) -> None:
        self.closed = True

    async def refresh(self) -> DeviceStatus:
        self.status = DeviceStatus(DeviceState.ONLINE)
        return self.status


async def test_a_buggy_driver_does_not_hold_up_the_others() -> None:
    broken, sound = Broken(), Sound()
    devices = DeviceSet(id_reader=broken, receipt_printer=sound)  # type: ignore[arg-type]
    await devices.open()
    assert sound.opened
    await devices.refresh()
    assert sound.status.ready
    assert not broken.status.ready
    await devices.close()
    assert sound.closed


async def test_a_driver_that_hangs_does_not_hold_up_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    class Hanging(Sound):
        async def refresh(self) -> DeviceStatus:
            await asyncio.Event().wait()
            return self.status

    monkeypatch.setattr(manager, "REFRESH_S", 0.05)
    sound = Sound()
    await DeviceSet(id_reader=Hanging(), receipt_printer=sound).refresh()  # type: ignore[arg-type]
    assert sound.status.ready
