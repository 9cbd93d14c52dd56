"""The driver against the virtual printer over a PTY."""

from __future__ import annotations

import asyncio
import io
import os
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from PIL import Image

from drivers.link.serial import SerialSettings
from drivers.link.stream import ReceiveBuffer
from drivers.receipt_printer.driver import EscPosReceiptPrinter
from drivers.receipt_printer.port import Heading, Line, Pair, Qr, Receipt, ReceiptOutcome, Rule
from drivers.receipt_printer.profile import EPSON_80, GENERIC_80
from drivers.receipt_printer.render import render
from drivers.status import DeviceState, SupplyState
from drivers.virtual.pty import Delivery
from drivers.virtual.receipt_printer import VirtualReceiptPrinter

from .conftest import FAST, Driver

RECEIPT = Receipt(
    (
        Heading("水费缴费凭条"),
        Rule(),
        Pair("户号", "12****89"),
        Line("含有生僻字𠮷的一行"),
        Pair("合计", "￥128.50", large=True),
        Qr("TEST-0001", "扫码查验"),
    )
)


async def within_the_slip(device: VirtualReceiptPrinter) -> None:
    async with asyncio.timeout(20):
        while device.state()["waiting_bytes"] < 20:
            await asyncio.sleep(0.001)


PROFILES = pytest.mark.parametrize("profile", [EPSON_80, GENERIC_80], ids=["confirming", "silent-about-jobs"])


@PROFILES
async def test_slip_comes_out(device: VirtualReceiptPrinter, driver: Driver, profile: Any) -> None:
    printer = driver(profile)
    await printer.open()
    assert printer.status.ready
    assert await printer.print_receipt(RECEIPT) is ReceiptOutcome.PRINTED
    [slip] = device.slips
    assert slip.raw == render(RECEIPT, profile)
    lines = slip.text.splitlines()
    assert lines[0] == "水费缴费凭条"
    assert lines[2].split() == ["户号", "12****89"]
    assert "[image 576x30]" in lines
    assert "[QR TEST-0001]" in lines
    assert lines[-1] == "扫码查验"


async def test_picture_is_a_slip_with_ink(device: VirtualReceiptPrinter, driver: Driver) -> None:
    await driver().print_receipt(RECEIPT)
    picture = np.asarray(Image.open(io.BytesIO(device.slips[0].png)).convert("L"))
    assert picture.shape[1] == 640
    assert picture.shape[0] > 400
    assert (picture < 100).mean() > 0.02
    assert (picture > 200).mean() > 0.7


async def test_two_slips_are_two(device: VirtualReceiptPrinter, driver: Driver) -> None:
    printer = driver()
    outcomes = await asyncio.gather(printer.print_receipt(RECEIPT), printer.print_receipt(RECEIPT), printer.refresh())
    assert list(outcomes[:2]) == [ReceiptOutcome.PRINTED, ReceiptOutcome.PRINTED]
    assert [slip.raw for slip in device.slips] == [render(RECEIPT, EPSON_80)] * 2


async def test_cut_count(device: VirtualReceiptPrinter, driver: Driver) -> None:
    printer = driver()
    before = await printer.cut_count()
    assert before == 0
    await printer.print_receipt(RECEIPT)
    assert await printer.cut_count() == 1
    assert await driver(GENERIC_80).cut_count() is None


# --- before the slip ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fault", "outcome", "state"),
    [
        ("open_cover", ReceiptOutcome.COVER_OPEN, DeviceState.USER_ERROR),
        ("overheat", ReceiptOutcome.HARDWARE_ERROR, DeviceState.BUSY),
        ("break_down", ReceiptOutcome.HARDWARE_ERROR, DeviceState.HARDWARE_ERROR),
    ],
)
async def test_fault_before_the_slip_sends_nothing(
    device: VirtualReceiptPrinter, driver: Driver, fault: str, outcome: ReceiptOutcome, state: DeviceState
) -> None:
    await getattr(device, fault)()
    printer = driver()
    assert (await printer.refresh()).device is state
    assert await printer.print_receipt(RECEIPT) is outcome
    await device.repair()
    assert (await printer.refresh()).ready
    assert device.slips == []
    assert await printer.print_receipt(RECEIPT) is ReceiptOutcome.PRINTED
    assert len(device.slips) == 1


async def test_paper_out_and_low(device: VirtualReceiptPrinter, driver: Driver) -> None:
    printer = driver()
    await device.set_paper("out")
    assert (await printer.refresh()).supplies == {"paper": SupplyState.OUT}
    assert not printer.status.ready
    assert await printer.print_receipt(RECEIPT) is ReceiptOutcome.PAPER_OUT
    await device.set_paper("low")
    assert (await printer.refresh()).supplies == {"paper": SupplyState.LOW}
    assert await printer.print_receipt(RECEIPT) is ReceiptOutcome.PRINTED


# --- within the slip ------------------------------------------------------------------------------------------------


@PROFILES
async def test_paper_ends_within_the_slip(device: VirtualReceiptPrinter, driver: Driver, profile: Any) -> None:
    await device.set_paper(12.0)
    printer = driver(profile)
    assert await printer.print_receipt(RECEIPT) is ReceiptOutcome.UNKNOWN, "only refusals are sure"
    assert printer.status.supplies == {"paper": SupplyState.OUT}
    assert device.slips == []


async def test_roll_that_ends_with_the_slip_is_no_slip_refused(device: VirtualReceiptPrinter, driver: Driver) -> None:
    """The slip is out and cut when the sensor falls dry; the printer, offline now, confirms nothing any more."""
    printer = driver()
    await printer.open()

    def dry(event: dict[str, Any]) -> None:
        if event["event"] == "slip":
            device._paper_mm = 0.0

    device._on_event = dry
    outcome = await printer.print_receipt(RECEIPT)
    assert len(device.slips) == 1
    assert outcome in (ReceiptOutcome.UNKNOWN, ReceiptOutcome.PRINTED)


async def test_slip_cut_short_does_not_go_on_after_the_repair(device: VirtualReceiptPrinter, driver: Driver) -> None:
    printer = driver()
    await device.set_paper(12.0)
    await printer.print_receipt(RECEIPT)
    await device.set_paper("full")
    assert await printer.print_receipt(RECEIPT) is ReceiptOutcome.PRINTED
    assert [slip.raw for slip in device.slips] == [render(RECEIPT, EPSON_80)]


@PROFILES
async def test_cutter_jams(device: VirtualReceiptPrinter, driver: Driver, profile: Any) -> None:
    await device.jam_cutter()
    printer = driver(profile)
    assert await printer.print_receipt(RECEIPT) is ReceiptOutcome.CUTTER_ERROR
    assert device.slips == []
    assert printer.status.device is DeviceState.HARDWARE_ERROR


async def test_printer_that_falls_silent_within_the_slip_is_unknown(
    device: VirtualReceiptPrinter, driver: Driver
) -> None:
    printer = driver(timing=replace(FAST, confirm_s=0.5, reply_s=0.1))
    task = asyncio.create_task(printer.print_receipt(RECEIPT))
    await within_the_slip(device)
    await device.go_silent()
    assert await task is ReceiptOutcome.UNKNOWN
    assert printer.status.device is DeviceState.OFFLINE


async def test_printer_that_never_confirms_is_unknown(device: VirtualReceiptPrinter, driver: Driver) -> None:
    device.model = replace(device.model, process_id=False)
    printer = driver(timing=replace(FAST, confirm_s=1.0))
    assert await printer.print_receipt(RECEIPT) is ReceiptOutcome.UNKNOWN


async def test_unplugged_within_the_slip_is_unknown(device: VirtualReceiptPrinter, driver: Driver) -> None:
    printer = driver()
    task = asyncio.create_task(printer.print_receipt(RECEIPT))
    await within_the_slip(device)
    device.pty.unplug()
    assert await task is ReceiptOutcome.UNKNOWN


async def test_cancelled_caller_leaves_no_half_slip(device: VirtualReceiptPrinter, driver: Driver) -> None:
    printer = driver()
    task = asyncio.create_task(printer.print_receipt(RECEIPT))
    await within_the_slip(device)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await printer.print_receipt(RECEIPT) is ReceiptOutcome.PRINTED
    assert [slip.raw for slip in device.slips] == [render(RECEIPT, EPSON_80)] * 2


# --- the line -------------------------------------------------------------------------------------------------------


async def test_silent_printer_is_never_ok(device: VirtualReceiptPrinter, driver: Driver) -> None:
    await device.go_silent()
    printer = driver(timing=replace(FAST, reply_s=0.05))
    status = await printer.refresh()
    assert status.device is DeviceState.OFFLINE
    assert status.supplies == {"paper": SupplyState.UNKNOWN}
    assert not status.ready
    assert await printer.print_receipt(RECEIPT) is ReceiptOutcome.OFFLINE
    await device.repair()
    assert (await driver().refresh()).ready


async def test_powered_off_and_on(device: VirtualReceiptPrinter, driver: Driver) -> None:
    printer = driver(timing=replace(FAST, reply_s=0.1))
    await device.power(False)
    assert (await printer.refresh()).device is DeviceState.OFFLINE
    await device.power(True)
    assert await printer.print_receipt(RECEIPT) is ReceiptOutcome.PRINTED


async def test_unplugged_and_plugged_in_elsewhere(device: VirtualReceiptPrinter, driver: Driver) -> None:
    printer = driver()
    await printer.open()
    device.pty.unplug()
    assert (await printer.refresh()).device is DeviceState.OFFLINE
    assert await printer.print_receipt(RECEIPT) is ReceiptOutcome.OFFLINE
    device.pty.plug()
    assert await printer.print_receipt(RECEIPT) is ReceiptOutcome.PRINTED


async def test_absent_printer_is_a_status(device: VirtualReceiptPrinter, driver: Driver) -> None:
    device.pty.unplug()
    printer = driver()
    await printer.open()
    assert printer.status.device is DeviceState.OFFLINE
    assert await printer.cut_count() is None


@pytest.mark.parametrize(
    "delivery",
    [Delivery(noise=b"\x00\xff\x81"), Delivery(noise=b"\x11", glued=b"\x13"), Delivery(byte_by_byte=True)],
    ids=["noise", "flow-control", "byte-by-byte"],
)
async def test_rough_lines(device: VirtualReceiptPrinter, driver: Driver, delivery: Delivery) -> None:
    device.delivery = delivery
    # A loaded machine is late as well: no answer is asked for twice because of that.
    printer = driver(timing=replace(FAST, reply_s=10.0, counter_s=10.0))
    assert await printer.print_receipt(RECEIPT) is ReceiptOutcome.PRINTED
    assert len(device.slips) == 1


async def test_automatic_status_in_between_does_not_disturb(device: VirtualReceiptPrinter, driver: Driver) -> None:
    printer = driver()
    device.delivery = Delivery(noise=bytes.fromhex("10000000"))
    assert (await printer.refresh()).ready
    assert await printer.print_receipt(RECEIPT) is ReceiptOutcome.PRINTED


class EagerPrinter:
    """A line whose printer confirms the slip just before it answers a status request."""

    connected = True

    def __init__(self) -> None:
        self._received = ReceiveBuffer()
        self._confirmation = b""

    async def write(self, data: bytes) -> None:
        _, asked, identifier = data.partition(b"\x1d\x28\x48\x06\x00\x30\x30")
        if asked:
            self._confirmation = b"\x37\x22" + identifier[:4] + b"\x00"
        elif data.startswith(b"\x10\x04"):
            self._received.feed(self._confirmation + b"\x12")
            self._confirmation = b""

    async def read(self, n: int) -> bytes:
        return await self._received.take(n)

    def drain_input(self) -> int:
        return self._received.drain()

    async def wait_lost(self) -> None:
        await asyncio.Event().wait()

    async def close(self) -> None:
        self._received.end()


async def test_confirmation_amid_status_answers_is_not_lost() -> None:
    async def connect() -> EagerPrinter:
        return EagerPrinter()

    timing = replace(FAST, confirm_s=1.0, counter_s=0.02)
    printer = EscPosReceiptPrinter(SerialSettings("unused"), EPSON_80, timing=timing, connect=connect)
    assert await printer.print_receipt(Receipt((Line("x"),))) is ReceiptOutcome.PRINTED
    await printer.close()


async def test_late_answer_is_not_taken_for_the_next_question(device: VirtualReceiptPrinter, driver: Driver) -> None:
    """Open cover is bit 2 of answer 2; as answer 3 the same byte would mean another fault."""
    printer = driver(timing=replace(FAST, reply_s=0.1, tries=3))
    await device.open_cover()
    device.delivery = Delivery(late_s=0.15)
    for _ in range(2):
        status = await printer.refresh()
        assert status.device is not DeviceState.HARDWARE_ERROR
        assert not status.ready
    device.delivery = Delivery()
    await asyncio.sleep(0.5)
    await printer.refresh()
    assert (await printer.refresh()).detail == "cover-open, offline"


async def test_status_is_answered_within_a_job(device: VirtualReceiptPrinter) -> None:
    """The simulator itself: real-time requests overtake what waits to be printed, even inside an image."""
    handle = os.open(device.pty.path, os.O_RDWR | os.O_NOCTTY)
    os.set_blocking(handle, False)
    try:
        await device.open_cover()
        os.write(handle, b"\x1b\x40text\n\x1d\x76\x30\x00\x01\x00\xff\x00" + b"\x10\x04\x02" + b"\x00" * 20)
        reply = b""
        async with asyncio.timeout(10):
            while not reply:
                await asyncio.sleep(0.01)
                try:
                    reply = os.read(handle, 16)
                except BlockingIOError:
                    continue
        assert reply == b"\x16"
    finally:
        os.close(handle)
