"""The same printer on every kind of line, and what lines do."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import serial
from pydantic import ValidationError

from drivers.device import DeviceClass
from drivers.link.character_device import CharacterDeviceSettings
from drivers.link.serial import SerialSettings
from drivers.link.stream import LinkLost
from drivers.link.tcp import TcpSettings, open_tcp
from drivers.link.trace import Traced, Way, watch
from drivers.receipt_printer.driver import EscPosReceiptPrinter
from drivers.receipt_printer.lines import connector, seconds_on_the_wire
from drivers.receipt_printer.plugin import ESCPOS_SERIAL, ESCPOS_TCP, ESCPOS_USB
from drivers.receipt_printer.port import Line, Receipt, ReceiptOutcome
from drivers.receipt_printer.profile import EPSON_80, GB_80, GENERIC_80, PrinterProfile
from drivers.receipt_printer.render import render
from drivers.registry import DriverSpec, find_driver
from drivers.status import Action, DeviceState, SupplyState
from drivers.virtual.pty import Delivery
from drivers.virtual.raw_port import VirtualRawPort
from drivers.virtual.receipt_printer import Model, VirtualReceiptPrinter
from tests.drivers.link.waiting import until

from .conftest import FAST, Driver

SLIP = Receipt((Line("网络打印机上的一行"), Line("𠮷")))
QUICK = replace(FAST, reply_s=0.05, counter_s=0.3, watch_s=0.1)


@pytest.fixture
async def port() -> VirtualRawPort:
    return VirtualRawPort()


@pytest.fixture
async def networked(port: VirtualRawPort) -> AsyncIterator[VirtualReceiptPrinter]:
    device = VirtualReceiptPrinter(port, speed=20)
    await device.start()
    yield device
    await device.stop()


@pytest.fixture
async def printer(networked: VirtualReceiptPrinter, port: VirtualRawPort) -> AsyncIterator[EscPosReceiptPrinter]:
    printer = EscPosReceiptPrinter(TcpSettings("127.0.0.1", port.port), EPSON_80, timing=FAST)
    yield printer
    await printer.close()


# --- TCP ------------------------------------------------------------------------------------------------------------


async def test_slip_over_tcp(networked: VirtualReceiptPrinter, printer: EscPosReceiptPrinter) -> None:
    await printer.open()
    assert printer.status.ready
    assert await printer.print_receipt(SLIP) is ReceiptOutcome.PRINTED
    assert [slip.raw for slip in networked.slips] == [render(SLIP, EPSON_80)]
    assert printer.status.counters == {"slips": 1, "cuts": 1}
    assert printer.status.identity == "Menkou VP-80 519999"


async def test_line_is_opened_once_for_many_slips(
    networked: VirtualReceiptPrinter, port: VirtualRawPort, printer: EscPosReceiptPrinter
) -> None:
    for _ in range(3):
        assert await printer.print_receipt(SLIP) is ReceiptOutcome.PRINTED
        assert (await printer.refresh()).ready
    assert port.accepted == 1


async def test_half_open_after_an_idle_night(networked: VirtualReceiptPrinter, port: VirtualRawPort) -> None:
    timing = replace(QUICK, watch_s=3600.0, connect_s=5.0)
    printer = EscPosReceiptPrinter(TcpSettings("127.0.0.1", port.port), EPSON_80, timing=timing)
    try:
        await printer.open()
        await printer.refresh()  # behind the first look of the watch
        port.forget_client()
        assert await printer.print_receipt(SLIP) is ReceiptOutcome.PRINTED
        assert port.accepted == 2
        assert len(networked.slips) == 1
    finally:
        await printer.close()


async def test_printer_of_another_terminal_is_absent_until_it_is_free(
    networked: VirtualReceiptPrinter, port: VirtualRawPort, printer: EscPosReceiptPrinter
) -> None:
    other = await open_tcp(TcpSettings("127.0.0.1", port.port))
    await until(lambda: port.has_client)
    await printer.open()
    assert printer.status.device is DeviceState.OFFLINE
    assert await printer.print_receipt(SLIP) is ReceiptOutcome.OFFLINE
    assert port.refused >= 1
    await other.close()
    await until(lambda: printer.status.ready)
    assert await printer.print_receipt(SLIP) is ReceiptOutcome.PRINTED


async def test_second_connection_left_in_the_air(port: VirtualRawPort) -> None:
    port.second = "hang"
    device = VirtualReceiptPrinter(port, speed=20)
    await device.start()
    printer = EscPosReceiptPrinter(TcpSettings("127.0.0.1", port.port), EPSON_80, timing=QUICK)
    try:
        other = await open_tcp(TcpSettings("127.0.0.1", port.port))
        await until(lambda: port.has_client)
        await printer.open()
        assert printer.status.device is DeviceState.OFFLINE
        await other.close()
        await until(lambda: printer.status.ready)
    finally:
        await printer.close()
        await device.stop()


async def test_printer_that_accepts_and_never_reads(networked: VirtualReceiptPrinter, port: VirtualRawPort) -> None:
    printer = EscPosReceiptPrinter(
        TcpSettings("127.0.0.1", port.port), GENERIC_80, timing=replace(QUICK, write_s=0.2, settle_s=0.2)
    )
    try:
        await printer.open()
        assert printer.status.ready
        port.read_nothing()
        async with asyncio.timeout(15):
            assert await printer.print_receipt(SLIP) is ReceiptOutcome.OFFLINE
        assert networked.slips == []
    finally:
        await printer.close()


async def test_nobody_there() -> None:
    printer = EscPosReceiptPrinter(TcpSettings("127.0.0.1", 9), EPSON_80, timing=FAST)
    await printer.open()
    assert (printer.status.device, printer.status.action) == (DeviceState.OFFLINE, Action.RESET)
    await printer.close()
    await printer.close()


async def test_closed_and_opened_again(networked: VirtualReceiptPrinter, printer: EscPosReceiptPrinter) -> None:
    await printer.open()
    await printer.close()
    assert await printer.print_receipt(SLIP) is ReceiptOutcome.OFFLINE
    await printer.open()
    assert await printer.print_receipt(SLIP) is ReceiptOutcome.PRINTED


# --- USB: the kernel's printer device; a PTY is read and written alike ------------------------------------------------


async def test_slip_over_usb(device: VirtualReceiptPrinter) -> None:
    printer = EscPosReceiptPrinter(CharacterDeviceSettings(str(device.pty.path)), EPSON_80, timing=FAST)
    try:
        await printer.open()
        assert await printer.print_receipt(SLIP) is ReceiptOutcome.PRINTED
        device.pty.unplug()
        await until(lambda: printer.status.device is DeviceState.OFFLINE)
        device.pty.plug()
        await until(lambda: printer.status.ready)
        assert await printer.print_receipt(SLIP) is ReceiptOutcome.PRINTED
        assert len(device.slips) == 2
    finally:
        await printer.close()


# --- reports without being asked --------------------------------------------------------------------------------------


async def test_changes_reach_the_status_without_polling(device: VirtualReceiptPrinter, driver: Driver) -> None:
    printer = driver(timing=replace(FAST, watch_s=3600.0))
    await printer.open()
    await until(lambda: device.state()["automatic_status"])
    await device.open_cover()
    await until(lambda: printer.status.device is DeviceState.USER_ERROR)
    await device.repair()
    await until(lambda: printer.status.ready)
    await device.set_paper("low")
    await until(lambda: printer.status.supplies["paper"] is SupplyState.LOW)
    assert await printer.print_receipt(SLIP) is ReceiptOutcome.PRINTED
    await until(lambda: device.state()["automatic_status"])  # the slip's ESC @ had switched it off
    await device.set_paper("out")
    await until(lambda: printer.status.supplies["paper"] is SupplyState.OUT)


async def test_automatic_status_is_not_asked_of_a_model_without(device: VirtualReceiptPrinter, driver: Driver) -> None:
    printer = driver(GENERIC_80, timing=QUICK)
    await printer.open()
    assert await printer.print_receipt(SLIP) is ReceiptOutcome.PRINTED
    assert not device.state()["automatic_status"]


async def test_near_end_is_never_invented(device: VirtualReceiptPrinter, driver: Driver) -> None:
    """Clones without the sensor may have its bits set all the time."""
    await device.set_paper("low")
    assert (await driver(GENERIC_80).refresh()).supplies == {"paper": SupplyState.FULL}


async def test_idle_printer_is_watched(device: VirtualReceiptPrinter, driver: Driver) -> None:
    printer = driver(GENERIC_80, timing=QUICK)
    await printer.open()
    await device.go_silent()
    await until(lambda: printer.status.device is DeviceState.OFFLINE)
    await device.repair()
    await until(lambda: printer.status.ready)
    device.pty.unplug()
    await until(lambda: printer.status.device is DeviceState.OFFLINE)
    device.pty.plug()
    await until(lambda: printer.status.ready)


async def test_feed_button_is_nobodys_fault(device: VirtualReceiptPrinter, driver: Driver) -> None:
    printer = driver()
    await device.press_feed()
    status = await printer.refresh()
    assert (status.device, status.action) == (DeviceState.BUSY, Action.NONE)
    assert await printer.print_receipt(SLIP) is ReceiptOutcome.OFFLINE
    await device.press_feed(False)
    assert await printer.print_receipt(SLIP) is ReceiptOutcome.PRINTED


# --- within the slip ------------------------------------------------------------------------------------------------

MODELS: list[tuple[PrinterProfile, Model]] = [(EPSON_80, Model()), (GB_80, Model(process_id=False, counters=False))]


@pytest.mark.parametrize(("profile", "model"), MODELS, ids=["gs-h", "gs-r"])
async def test_slip_is_done_when_the_printer_says_so(
    device: VirtualReceiptPrinter, driver: Driver, profile: PrinterProfile, model: Model
) -> None:
    device.model = model
    printer = driver(profile, timing=replace(FAST, settle_s=600.0))
    async with asyncio.timeout(20):
        assert await printer.print_receipt(SLIP) is ReceiptOutcome.PRINTED
    assert len(device.slips) == 1


async def test_hot_head_cools_and_the_slip_goes_on(device: VirtualReceiptPrinter, driver: Driver) -> None:
    printer = driver()
    await printer.open()
    device.slow_down(0.5)
    task = asyncio.create_task(printer.print_receipt(SLIP))
    await until(lambda: device.state()["waiting_bytes"] > 20)
    await device.overheat(cools_after_s=0.15)  # 0.3 s at this speed
    device.slow_down(20)
    assert await task is ReceiptOutcome.PRINTED
    assert len(device.slips) == 1


@pytest.mark.parametrize("behind", [1, 2])
async def test_head_that_cools_between_two_answers(device: VirtualReceiptPrinter, driver: Driver, behind: int) -> None:
    """Offline without a reason, or an error without one: a picture put together of two moments is no fault."""
    printer = driver()
    await printer.open()
    device.slow_down(0.5)
    task = asyncio.create_task(printer.print_receipt(SLIP))
    await until(lambda: device.state()["waiting_bytes"] > 20)
    answer = device._real_time_status

    def cools(n: int) -> int:
        reply = answer(n)
        if n == behind:
            device._hot = False
        return reply

    device._real_time_status = cools  # type: ignore[method-assign]
    await device.overheat()
    device.slow_down(20)
    assert await task is ReceiptOutcome.PRINTED
    assert len(device.slips) == 1


async def test_says_ok_and_prints_nothing(device: VirtualReceiptPrinter, driver: Driver) -> None:
    await device.print_nothing()
    printer = driver()
    assert await printer.print_receipt(SLIP) is ReceiptOutcome.UNKNOWN
    assert printer.status.counters["slips"] == 0
    assert device.slips == []
    assert (printer.status.device, printer.status.action) == (DeviceState.HARDWARE_ERROR, Action.MAINTENANCE)
    assert not (await printer.refresh()).ready
    await device.repair()
    assert await printer.print_receipt(SLIP) is ReceiptOutcome.PRINTED
    assert printer.status.ready


@pytest.mark.parametrize("profile", [EPSON_80, GENERIC_80], ids=["confirming", "silent-about-jobs"])
async def test_power_cycle_within_the_slip_loses_it(
    device: VirtualReceiptPrinter, driver: Driver, profile: PrinterProfile
) -> None:
    printer = driver(profile, timing=replace(QUICK, returned_s=0.2, settle_s=2.0))
    await printer.open()
    before = await printer.cut_count()
    device.slow_down(1)
    task = asyncio.create_task(printer.print_receipt(SLIP))
    await until(lambda: device.state()["waiting_bytes"] > 20)
    await device.power(False)
    await asyncio.sleep(0.4)
    device.slow_down(20)
    await device.power(True)
    assert await task is ReceiptOutcome.UNKNOWN
    assert await printer.cut_count() == before, "the truth is in the printer's own counter"
    assert device.slips == []


async def test_buffer_lost_too_fast_to_be_seen(device: VirtualReceiptPrinter, driver: Driver) -> None:
    printer = driver(timing=replace(QUICK, confirm_s=0.6))
    await printer.open()
    device.slow_down(0.1)
    task = asyncio.create_task(printer.print_receipt(SLIP))
    await until(lambda: device.state()["waiting_bytes"] > 1500)
    await asyncio.sleep(0.4)  # all of it, with the question whether it is done
    await device.lose_buffer()
    device.slow_down(20)
    assert await task is ReceiptOutcome.UNKNOWN
    assert device.slips == []


# --- flow control ---------------------------------------------------------------------------------------------------

LONG = Receipt(tuple(Line("一二三四五六七八九十" * 4) for _ in range(20)))


async def test_nothing_is_sent_after_xoff(device: VirtualReceiptPrinter, driver: Driver) -> None:
    printer = driver(software_flow=True)
    await printer.open()
    await device.hold()
    await asyncio.sleep(0.05)
    task = asyncio.create_task(printer.print_receipt(LONG))
    await asyncio.sleep(0.4)
    assert not task.done()
    assert device.overrun <= 10, "only questions"
    await device.release()
    assert await task is ReceiptOutcome.PRINTED


async def test_xoff_for_ever_and_xoff_because_of_a_fault(device: VirtualReceiptPrinter, driver: Driver) -> None:
    printer = driver(timing=replace(QUICK, held_s=0.3), software_flow=True)
    await printer.open()
    await device.hold()
    await asyncio.sleep(0.05)
    assert await printer.print_receipt(SLIP) is ReceiptOutcome.UNKNOWN
    task = asyncio.create_task(printer.print_receipt(SLIP))
    await asyncio.sleep(0.1)
    await device.open_cover()
    assert await task is ReceiptOutcome.UNKNOWN
    assert printer.status.device is DeviceState.USER_ERROR
    assert device.slips == []


async def test_stray_xoff_means_nothing_without_flow_control(device: VirtualReceiptPrinter, driver: Driver) -> None:
    device.delivery = Delivery(glued=b"\x13")
    assert await driver().print_receipt(SLIP) is ReceiptOutcome.PRINTED


# --- arguments, trace -----------------------------------------------------------------------------------------------


def test_drivers_are_found_by_name() -> None:
    named = {"escpos-serial": ESCPOS_SERIAL, "escpos-tcp": ESCPOS_TCP, "escpos-usb": ESCPOS_USB}
    assert {name: find_driver(DeviceClass.RECEIPT_PRINTER, name) for name in named} == named
    made: tuple[tuple[DriverSpec[Any], dict[str, Any]], ...] = (
        (ESCPOS_TCP, {"host": "10.0.0.5"}),
        (ESCPOS_USB, {"path": "/dev/usb/lp0", "font": "gb2312", "near_end_sensor": True}),
    )
    for spec, options in made:
        assert spec.make(spec.options.model_validate(options)).status.device is DeviceState.UNKNOWN
    with pytest.raises(ValidationError):
        ESCPOS_TCP.options.model_validate({"host": "x", "port": 0})


def test_serial_arguments() -> None:
    options = ESCPOS_SERIAL.options.model_validate(
        {"path": "/dev/ttyS1", "baud": 19200, "parity": "E", "dsrdtr": True, "xonxoff": True, "profile": "gb-80"}
    )
    arguments = options.line().pyserial_arguments()
    assert arguments["parity"] == serial.PARITY_EVEN
    assert (arguments["baudrate"], arguments["stopbits"], arguments["dsrdtr"]) == (19200, 1, True)
    assert arguments["xonxoff"] is False, "the kernel would hold the status questions back too"
    assert options.model() == GB_80


async def test_each_line_is_opened_as_it_is_named(tmp_path: Path) -> None:
    for settings in (
        SerialSettings(str(tmp_path / "none")),
        CharacterDeviceSettings(str(tmp_path / "none")),
        TcpSettings("127.0.0.1", 9),
    ):
        with pytest.raises(LinkLost):
            await connector(settings)()
    assert seconds_on_the_wire(SerialSettings("x", baud=9600), 960) == pytest.approx(1.0)
    assert seconds_on_the_wire(TcpSettings("x", 9100), 960) == 0


async def test_trace_blanks_the_slip(device: VirtualReceiptPrinter, driver: Driver) -> None:
    printer = driver()
    seen: list[Traced] = []
    with watch(seen.append):
        await printer.print_receipt(Receipt((Line("李样本"),)))
    slips = [frame for frame in seen if frame.label == "slip"]
    assert slips
    assert all(octet is None for frame in slips for octet in frame.data)
    assert any(frame.label == "DLE EOT 2" and frame.data == (0x10, 0x04, 2) for frame in seen)
    assert any(frame.way is Way.IN and frame.data for frame in seen)
