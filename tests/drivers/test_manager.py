"""devices.toml: what is wrong with it is said with the table's name; nothing is opened by reading it."""

from __future__ import annotations

from pathlib import Path

import pytest

from drivers.manager import DevicesFileError, read_devices

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
        ('[receipt_printer]\npath = "/dev/x"\n', r"\[receipt_printer\] driver = None is unknown"),
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
