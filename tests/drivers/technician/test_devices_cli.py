"""`menkou devices`, as a technician types it, against simulated devices."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import serial
import structlog
import typer
from typer.testing import CliRunner

from drivers.technician.address import without_secrets
from drivers.technician.cli import IN_USE, Terminal, app
from drivers.trial import NOT_READY
from drivers.virtual.code_scanner import VirtualCodeScanner
from drivers.virtual.id_reader import VirtualIdReader
from drivers.words import both

runner = CliRunner()


@pytest.fixture(autouse=True)
def log_as_before() -> Iterator[None]:
    """The command silences the log of its whole process: the tests after these want theirs."""
    before = structlog.get_config()
    yield
    structlog.configure(**before)


@pytest.fixture
def devices(tmp_path: Path) -> Iterator[Path]:
    """devices.toml of a terminal with an ID card reader and a scanner, both simulated in a thread."""
    reader, scanner = VirtualIdReader(tmp_path / "reader", speed=20), VirtualCodeScanner(tmp_path / "scanner")
    file = tmp_path / "devices.toml"
    file.write_text(
        f'[id_reader]\ndriver = "sdt-serial"\npath = "{tmp_path / "reader"}"\n'
        f'[code_scanner]\ndriver = "serial"\npath = "{tmp_path / "scanner"}"\n',
        "utf-8",
    )
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    for device in (reader, scanner):
        asyncio.run_coroutine_threadsafe(device.start(), loop).result(10)
    yield file
    for device in (reader, scanner):
        asyncio.run_coroutine_threadsafe(device.stop(), loop).result(10)
    loop.call_soon_threadsafe(loop.stop)
    thread.join(10)
    loop.close()


def test_list(devices: Path) -> None:
    result = runner.invoke(app, ["list", "--devices", str(devices)])
    assert result.exit_code == 0
    first, second = result.stdout.splitlines()
    assert "身份证读卡器" in first
    assert "sdt-serial" in first
    assert "扫码器" in second


def test_list_shows_no_password(tmp_path: Path) -> None:
    file = tmp_path / "devices.toml"
    file.write_text(
        '[camera]\ndriver = "opencv"\nsource = "http://admin:hunter2@192.0.2.5:81/video?key=hunter3"\n'
        '[document_printer]\ndriver = "ipp"\nuri = "ipps://user:hunter2@printer.example/ipp/print"\n',
        "utf-8",
    )
    shown = runner.invoke(app, ["list", "--devices", str(file)]).stdout
    assert "hunter" not in shown
    assert "http://192.0.2.5:81/video\n" in shown
    assert "ipps://printer.example/ipp/print\n" in shown


@pytest.mark.parametrize(
    ("place", "shown"),
    [
        ("/dev/ttyUSB0", "/dev/ttyUSB0"),
        ("ipp://localhost:39763/ipp/print", "ipp://localhost:39763/ipp/print"),
        ("rtsp://admin:pw@[2001:db8::1]:554/ch1?token=pw#pw", "rtsp://[2001:db8::1]:554/ch1"),
        ("rtsp://admin:pw/pw@192.0.2.5/ch1", "rtsp://…"),
        ("rtsp://admin:pw#pw@192.0.2.5/ch1", "rtsp://…"),
        ("http://admin:pw?pw@192.0.2.5/ch1", "http://…"),
        ("http://192.0.2.5/ch1?login=admin@pw", "http://…"),
    ],
)
def test_what_of_an_address_is_shown(place: str, shown: str) -> None:
    assert without_secrets(place) == shown


def test_a_trial_is_told_in_both_languages(devices: Path) -> None:
    absent = devices.read_text("utf-8").replace("/scanner", "/no-such-scanner")
    devices.write_text(absent, "utf-8")
    result = runner.invoke(app, ["test", "code_scanner", "--patience", "0.3", "--devices", str(devices)])
    assert result.exit_code == 1
    assert result.stdout.splitlines()[0].startswith("扫码器 code_scanner: 离线 offline")
    assert result.stdout.splitlines()[-2:] == [both(*NOT_READY), "没有通过 / Failed"]


def test_who_has_the_device_is_asked_only_when_somebody_has_it(devices: Path) -> None:
    absent = runner.invoke(
        app,
        ["status", "cash", "--devices", str(_with(devices, f'[cash]\ndriver = "itl-ssp"\npath = "{devices}.no"\n'))],
    )
    assert "not plugged in" in absent.stdout
    assert both(*IN_USE) not in absent.output
    path = devices.parent / "scanner"
    with serial.Serial(str(path), exclusive=True):
        taken = runner.invoke(app, ["status", "code_scanner", "--patience", "1", "--devices", str(devices)])
    assert "held by another program" in taken.stdout
    assert both(*IN_USE) in taken.output


def _with(devices: Path, table: str) -> Path:
    devices.write_text(devices.read_text("utf-8") + table, "utf-8")
    return devices


@pytest.mark.parametrize(("yes", "answer"), [(True, ""), (False, "y\n")])
def test_a_question_is_asked_in_both_languages(yes: bool, answer: str) -> None:
    app = typer.Typer()

    @app.command()
    def question() -> None:
        assert asyncio.run(Terminal(yes).ask("灯灭了吗？", "Is the lamp out?"))

    result = runner.invoke(app, [], input=answer)
    assert result.exit_code == 0
    assert result.stdout.startswith("灯灭了吗？ / Is the lamp out? [")


def test_drivers_lists_every_installed_one() -> None:
    result = runner.invoke(app, ["drivers"])
    assert result.exit_code == 0
    assert "sdt-serial" in result.stdout
    assert "cannot be loaded" not in result.stdout


def test_status_of_all(devices: Path) -> None:
    result = runner.invoke(app, ["status", "--devices", str(devices)])
    assert result.exit_code == 0, result.stdout
    assert "✓ 身份证读卡器 id_reader: 正常 online" in result.stdout


def test_status_for_programs(devices: Path) -> None:
    result = runner.invoke(app, ["status", "--json", "--devices", str(devices)])
    assert json.loads(result.stdout)["id_reader"]["device"] == "online"


def test_one_that_is_missing_is_named_and_fails(devices: Path) -> None:
    text = devices.read_text("utf-8").replace("/scanner", "/no-such-scanner")
    devices.write_text(text, "utf-8")
    result = runner.invoke(app, ["status", "--patience", "0.3", "--devices", str(devices)])
    assert result.exit_code == 1
    assert "✗ 扫码器 code_scanner: 离线 offline" in result.stdout
    assert "✓ 身份证读卡器" in result.stdout


def test_trace_shows_frames(devices: Path) -> None:
    result = runner.invoke(app, ["trace", "id_reader", "--seconds", "1.5", "--devices", str(devices)])
    assert result.exit_code == 0
    assert "> SAM_STATUS" in result.stdout
    assert "AA AA AA 96 69 00 03 11 FF ED" in result.stdout


@pytest.mark.parametrize("command", [["test", "cash"], ["trace", "cash"], ["status", "cash"]])
def test_a_device_that_is_not_there(devices: Path, command: list[str]) -> None:
    result = runner.invoke(app, [*command, "--devices", str(devices)])
    assert result.exit_code == 2
    assert "id_reader" in result.stderr


def test_no_devices_file(tmp_path: Path) -> None:
    result = runner.invoke(app, ["list", "--devices", str(tmp_path / "none.toml")])
    assert result.exit_code == 2
    assert "none.toml" in result.stderr
