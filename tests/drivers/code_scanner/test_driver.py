"""The driver on a simulated scanner."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
import structlog

from drivers.code_scanner.driver import ScannerSettings, ScannerTimings, SerialCodeScanner
from drivers.code_scanner.frames import Family
from drivers.code_scanner.port import CodeKind, ScanContext, ScannedCode
from drivers.link.serial import SerialSettings, open_serial
from drivers.link.supervise import Backoff
from drivers.link.trace import Traced, watch
from drivers.status import Action, DeviceState
from drivers.virtual.code_scanner import ScannerFault, VirtualCodeScanner
from drivers.virtual.pty import Delivery
from tests.drivers.link.replugging import number_taken
from tests.drivers.link.waiting import PATIENCE_S, until

ACCOUNT = "035012342718"
ALIPAY = "281234567890123456"
BILL, PAY = ScanContext.BILL_ACCOUNT, ScanContext.PAYMENT_CODE

TIMINGS = ScannerTimings(answer=1.0, idle_flush=0.25, repeat=60.0, retrigger=0.3, check_interval=0.4)


def driver_for(device: VirtualCodeScanner, family: Family, timings: ScannerTimings = TIMINGS) -> SerialCodeScanner:
    line = SerialSettings(str(device.pty.path), baud=9600)
    return SerialCodeScanner(ScannerSettings(line, family, timings=timings, backoff=Backoff(0.02, 0.1)))


@pytest.fixture(params=["honeywell", "newland", "presentation"])
async def device(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[VirtualCodeScanner]:
    virtual = VirtualCodeScanner(tmp_path / "dev" / "code_scanner", family=request.param, speed=20)
    await virtual.start()
    yield virtual
    await virtual.stop()


@pytest.fixture
async def scanner(device: VirtualCodeScanner) -> AsyncIterator[SerialCodeScanner]:
    driver = driver_for(device, Family(device._family))
    await driver.open()
    await until(lambda: driver.status.ready)
    yield driver
    await driver.close()


triggered_only = pytest.mark.parametrize("device", ["honeywell", "newland"], indirect=True)
honeywell_only = pytest.mark.parametrize("device", ["honeywell"], indirect=True)


async def scan(scanner: SerialCodeScanner, context: ScanContext = BILL) -> ScannedCode:
    async with asyncio.timeout(PATIENCE_S):
        return await scanner.scan(context)


async def test_a_code_held_there_while_we_ask(device: VirtualCodeScanner, scanner: SerialCodeScanner) -> None:
    scanning = asyncio.create_task(scan(scanner))
    await until(lambda: device.beam)
    device.present(ACCOUNT)
    code = await scanning
    assert (code.kind, code.text) == (CodeKind.BILL_ACCOUNT, ACCOUNT)


@triggered_only
async def test_a_code_that_lies_there_already(device: VirtualCodeScanner, scanner: SerialCodeScanner) -> None:
    device.present(ALIPAY)
    code = await scan(scanner, PAY)
    assert (code.kind, code.text) == (CodeKind.ALIPAY_PAYMENT, ALIPAY)


@triggered_only
async def test_the_beam_is_on_only_while_we_ask(device: VirtualCodeScanner, scanner: SerialCodeScanner) -> None:
    assert not device.beam
    scanning = asyncio.create_task(scan(scanner))
    await until(lambda: device.beam)
    scanning.cancel()
    await asyncio.gather(scanning, return_exceptions=True)
    await until(lambda: not device.beam)
    device.present(ACCOUNT)
    assert (await scan(scanner)).text == ACCOUNT
    await until(lambda: not device.beam)


async def test_an_unasked_code_answers_no_later_question(
    device: VirtualCodeScanner, scanner: SerialCodeScanner
) -> None:
    await device.burst(b"099999999999")
    await asyncio.sleep(0.2)
    scanning = asyncio.create_task(scan(scanner))
    await until(lambda: scanner._inbox._wanted is not None and device.beam)
    device.present(ACCOUNT)
    assert (await scanning).text == ACCOUNT


@honeywell_only
async def test_of_two_glued_codes_the_first_counts(device: VirtualCodeScanner, scanner: SerialCodeScanner) -> None:
    scanning = asyncio.create_task(scan(scanner))
    await until(lambda: device.beam)
    await device.burst(ACCOUNT.encode(), b"099999999999")
    assert (await scanning).text == ACCOUNT


@honeywell_only
async def test_the_same_code_again_at_once_is_the_same_presentation(
    device: VirtualCodeScanner, scanner: SerialCodeScanner
) -> None:
    device.present(ACCOUNT)
    await scan(scanner)
    scanning = asyncio.create_task(scan(scanner))
    await until(lambda: device.beam)
    with structlog.testing.capture_logs() as lines:
        await device.burst(ACCOUNT.encode())
        await until(lambda: any(line["event"] == "code_repeated" for line in lines))
    assert not scanning.done()
    assert scanner._inbox._last is not None
    fingerprint, at = scanner._inbox._last
    scanner._inbox._last = (fingerprint, at - TIMINGS.repeat)  # as if that time had passed
    device.present(ACCOUNT)
    assert (await scanning).text == ACCOUNT


async def test_a_scanner_without_suffix(device: VirtualCodeScanner, scanner: SerialCodeScanner) -> None:
    device.inject(ScannerFault.NO_SUFFIX)
    scanning = asyncio.create_task(scan(scanner))
    await until(lambda: device.beam)
    device.present(ACCOUNT)
    assert (await scanning).text == ACCOUNT


async def test_bytes_one_by_one(device: VirtualCodeScanner, scanner: SerialCodeScanner) -> None:
    device.inject(ScannerFault.SLOW_BYTES)
    scanning = asyncio.create_task(scan(scanner, PAY))
    await until(lambda: device.beam)
    device.present(ALIPAY)
    assert (await scanning).kind is CodeKind.ALIPAY_PAYMENT


@honeywell_only
async def test_old_encoding_rubbish_and_monsters(device: VirtualCodeScanner, scanner: SerialCodeScanner) -> None:
    scanning = asyncio.create_task(scan(scanner))
    await until(lambda: device.beam)
    await device.burst(b"9" * 5120)
    await device.burst(b"\xff\xfe\xff")
    await device.burst("户号".encode("gb18030"), how=Delivery(byte_by_byte=True))
    code = await scanning
    assert (code.kind, code.text) == (CodeKind.OTHER, "户号")


@triggered_only
async def test_a_scanner_that_refuses_manual_mode_still_scans(tmp_path: Path, device: VirtualCodeScanner) -> None:
    device.inject(ScannerFault.NAK)
    driver = driver_for(device, Family(device._family))
    await driver.open()
    await until(lambda: driver.status.ready)
    assert "refused" in driver.status.detail
    device.present(ACCOUNT)
    assert (await scan(driver)).text == ACCOUNT
    await driver.close()
    assert driver.status.device is DeviceState.OFFLINE


@triggered_only
async def test_a_silent_scanner_is_never_ready_until_it_speaks(tmp_path: Path, device: VirtualCodeScanner) -> None:
    device.inject(ScannerFault.SILENT)
    driver = driver_for(device, Family(device._family), ScannerTimings(answer=0.1, check_interval=0.4))
    await driver.open()
    await until(lambda: driver.status.device is DeviceState.OFFLINE)
    assert driver.status.action is Action.MAINTENANCE
    device.clear()
    await until(lambda: driver.status.ready)
    await driver.close()


@triggered_only
async def test_a_scanner_that_falls_silent_at_rest_is_noticed(
    device: VirtualCodeScanner, scanner: SerialCodeScanner
) -> None:
    device.inject(ScannerFault.SILENT)
    await until(lambda: scanner.status.device is DeviceState.OFFLINE)


async def test_unplugged_while_asked_and_back_under_another_terminal(
    device: VirtualCodeScanner, scanner: SerialCodeScanner
) -> None:
    scanning = asyncio.create_task(scan(scanner))
    await until(lambda: device.beam)
    before = device.pty.tty
    device.unplug()
    await until(lambda: scanner.status.device is DeviceState.OFFLINE)
    assert not scanning.done()
    with number_taken(before):
        device.replug()
        assert device.pty.tty != before
        await until(lambda: scanner.status.ready)
        await until(lambda: device.beam)
        device.present(ACCOUNT)
        assert (await scanning).text == ACCOUNT


@honeywell_only
async def test_asking_before_it_is_plugged_in(device: VirtualCodeScanner) -> None:
    device.unplug()
    driver = driver_for(device, Family.HONEYWELL)
    await driver.open()
    scanning = asyncio.create_task(scan(driver))
    await until(lambda: driver.status.device is DeviceState.OFFLINE)
    device.present(ACCOUNT)
    device.replug()
    assert (await scanning).text == ACCOUNT
    await driver.close()


@triggered_only
async def test_the_beam_comes_back_when_the_scanner_gave_up(
    device: VirtualCodeScanner, scanner: SerialCodeScanner
) -> None:
    scanning = asyncio.create_task(scan(scanner))
    await until(lambda: device.beam)
    device._beam = False  # its own time limit
    await until(lambda: device.beam)
    device.present(ACCOUNT)
    assert (await scanning).text == ACCOUNT


@honeywell_only
async def test_codes_reach_neither_log_nor_events(device: VirtualCodeScanner, scanner: SerialCodeScanner) -> None:
    events: list[str] = []
    device._on_event = events.append
    with structlog.testing.capture_logs() as lines:
        device.present(ALIPAY)
        await scan(scanner, PAY)
    assert [line["event"] for line in lines] == ["code_scanned"]
    assert "code read" in events
    assert "2812" not in repr(lines) + repr(events)


async def test_it_says_who_it_is(device: VirtualCodeScanner, scanner: SerialCodeScanner) -> None:
    known = {
        "honeywell": "Virtual Area-Imaging Scanner VH000001AAA",
        "newland": "NLS-VIRTUAL 1.00.001 V0000001",
        "presentation": "",
    }
    assert scanner.status.identity == known[device._family]
    assert scanner.status.counters["codes_read"] == 0


@triggered_only
@pytest.mark.parametrize(
    "fault", [ScannerFault.NAMELESS, ScannerFault.LATE, ScannerFault.SLOW_BYTES, ScannerFault.SLOW_SELF]
)
async def test_whatever_it_says_of_itself_is_no_code(device: VirtualCodeScanner, fault: ScannerFault) -> None:
    device.inject(fault)
    driver = driver_for(device, Family(device._family), replace(TIMINGS, answer=0.2, check_interval=60.0))
    await driver.open()
    scanning = asyncio.create_task(scan(driver))
    await until(lambda: device.beam)
    device.present(ACCOUNT)
    assert (await scanning).text == ACCOUNT
    assert driver.status.ready
    await driver.close()


@triggered_only
async def test_refresh_asks_one_that_rests(device: VirtualCodeScanner, scanner: SerialCodeScanner) -> None:
    device.commands.clear()
    assert (await scanner.refresh()).ready
    assert any(b"TRGMOD0" in command or b"SCNMOD0" in command for command in device.commands)
    device.inject(ScannerFault.NAK)
    assert "refused" in (await scanner.refresh()).detail
    assert scanner.status.action is Action.MAINTENANCE
    device.clear()
    assert (await scanner.refresh()).action is Action.NONE


@triggered_only
async def test_refresh_finds_a_silent_one_and_it_is_opened_anew(device: VirtualCodeScanner) -> None:
    driver = driver_for(device, Family(device._family), replace(TIMINGS, answer=0.1, check_interval=60.0))
    await driver.open()
    await until(lambda: driver.status.ready)
    device.inject(ScannerFault.SILENT)
    assert (await driver.refresh()).device is DeviceState.OFFLINE
    device.clear()
    await until(lambda: driver.status.ready)
    await driver.close()


@triggered_only
async def test_refresh_does_not_disturb_a_question(device: VirtualCodeScanner, scanner: SerialCodeScanner) -> None:
    scanning = asyncio.create_task(scan(scanner))
    await until(lambda: device.beam)
    device.commands.clear()
    assert (await scanner.refresh()).ready
    assert not device.commands
    device.present(ACCOUNT)
    await scanning


@triggered_only
async def test_a_line_of_another_speed(device: VirtualCodeScanner) -> None:
    device.inject(ScannerFault.GARBLED)
    driver = driver_for(device, Family(device._family), ScannerTimings(answer=0.1))
    await driver.open()
    await until(lambda: driver.status.device is DeviceState.OFFLINE)
    assert "silent" in driver.status.detail
    await driver.close()


async def test_held_by_another_program(device: VirtualCodeScanner) -> None:
    other = await open_serial(SerialSettings(str(device.pty.path)))
    driver = driver_for(device, Family(device._family))
    await driver.open()
    await until(lambda: driver.status.device is DeviceState.OFFLINE)
    await other.close()
    await until(lambda: driver.status.ready)
    await driver.close()


@honeywell_only
async def test_two_who_ask_get_an_answer_each(device: VirtualCodeScanner, scanner: SerialCodeScanner) -> None:
    both = [asyncio.create_task(scan(scanner)) for _ in range(2)]
    await until(lambda: device.beam)
    device.present(ACCOUNT)
    await until(lambda: any(task.done() for task in both))
    device.present("099999999999")
    assert {code.text for code in await asyncio.gather(*both)} == {ACCOUNT, "099999999999"}


@honeywell_only
async def test_codes_are_blank_in_the_trace(device: VirtualCodeScanner, scanner: SerialCodeScanner) -> None:
    frames: list[Traced] = []
    with watch(frames.append):
        await scanner.refresh()
        device.present(ALIPAY)
        await scan(scanner, PAY)
    assert ("TRGMOD0", bytes.fromhex("164D0D") + b"TRGMOD0!") in [
        (frame.label, bytes(byte or 0 for byte in frame.data)) for frame in frames
    ]
    (code,) = [frame for frame in frames if frame.label == "code"]
    assert code.data == (None,) * len(ALIPAY)


@honeywell_only
async def test_counters(device: VirtualCodeScanner, scanner: SerialCodeScanner) -> None:
    await device.burst(b"1")
    await until(lambda: scanner.status.counters["codes_unasked"] == 1)
    scanning = asyncio.create_task(scan(scanner))
    await until(lambda: device.beam)
    await device.burst(b"\xff\xfe\xff", ACCOUNT.encode())
    await scanning
    counters = scanner.status.counters
    assert (counters["codes_rejected"], counters["codes_read"]) == (1, 1)
