"""What proves that a slip came out, and what only looks like it."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from drivers.receipt_printer.port import Line, Receipt, ReceiptOutcome
from drivers.receipt_printer.profile import EPSON_80, GB_80, PrinterProfile
from drivers.virtual.receipt_printer import Model, VirtualReceiptPrinter
from tests.drivers.link.waiting import until

from .conftest import FAST, Driver

SLIP = Receipt(tuple(Line("一二三四五六七八九十") for _ in range(12)))
QUICK = replace(FAST, reply_s=0.1, confirm_s=1.0, returned_s=0.2)
BARE = Model(process_id=False, counters=False)


async def _all_received(device: VirtualReceiptPrinter) -> None:
    """The printer holds the whole slip, and still prints."""
    await until(lambda: device.state()["waiting_bytes"] > 200)
    await asyncio.sleep(0.2)


@pytest.mark.parametrize("stray", [b"", b"\x00", b"\x0c"], ids=["the break alone", "and a NUL", "and paper bits"])
async def test_line_break_at_power_loss_is_no_confirmation(
    device: VirtualReceiptPrinter, driver: Driver, stray: bytes
) -> None:
    """A UART reads the break of a dying line as 00, which is also the answer to GS r: paper is there."""
    device.model = BARE
    printer = driver(GB_80, timing=QUICK)
    await printer.open()
    device.slow_down(0.5)
    task = asyncio.create_task(printer.print_receipt(SLIP))
    await _all_received(device)
    await device.line.send(stray)
    await device.power(False)
    assert await task is ReceiptOutcome.UNKNOWN
    assert device.slips == []


async def test_stray_byte_within_the_slip_is_asked_about(device: VirtualReceiptPrinter, driver: Driver) -> None:
    """It is no proof, and no reason to doubt the slip that comes out a little later."""
    device.model = BARE
    printer = driver(GB_80, timing=replace(QUICK, confirm_s=30.0))
    await printer.open()
    device.slow_down(0.5)
    task = asyncio.create_task(printer.print_receipt(SLIP))
    await _all_received(device)
    await device.line.send(b"\x00")
    await asyncio.sleep(0.5)
    assert not task.done()
    device.slow_down(20)
    assert await task is ReceiptOutcome.PRINTED
    assert len(device.slips) == 1


async def test_printer_that_was_off_meanwhile_has_nothing_left_to_confirm(
    device: VirtualReceiptPrinter, driver: Driver
) -> None:
    """Back again and idle, it answers GS r at once: its buffer is empty because it has forgotten the slip."""
    device.model = BARE
    printer = driver(GB_80, timing=QUICK)
    await printer.open()
    device.slow_down(0.5)
    task = asyncio.create_task(printer.print_receipt(SLIP))
    await _all_received(device)
    await device.power(False)
    await asyncio.sleep(1.0)
    device.slow_down(20)
    await device.power(True)
    await device.line.send(b"\x00")
    assert await task is ReceiptOutcome.UNKNOWN
    assert device.slips == []


@pytest.mark.parametrize(
    ("profile", "model"),
    [(EPSON_80, Model(counters=False)), (GB_80, BARE)],
    ids=["confirms by id, counter not answered", "confirms by paper status"],
)
async def test_silent_right_after_the_confirmation_is_unknown(
    device: VirtualReceiptPrinter, driver: Driver, profile: PrinterProfile, model: Model
) -> None:
    device.model = model
    printer = driver(profile, timing=replace(QUICK, counter_s=0.1))
    await printer.open()
    send = device.line.send

    async def confirms_and_dies(data: bytes, *how: object) -> None:
        done = data.startswith(b"\x37\x22") or (data == b"\x00" and bool(device.slips))
        await send(data)
        if done:
            device._silent = True

    device.line.send = confirms_and_dies  # type: ignore[method-assign, assignment]
    assert await printer.print_receipt(SLIP) is ReceiptOutcome.UNKNOWN


# --- a slip that was given up must not come out later ---------------------------------------------------------------

HASTY = replace(FAST, reply_s=0.05, confirm_s=0.6, held_s=0.3, returned_s=0.2, counter_s=0.2, watch_s=0.1)


async def _nothing_comes_out(device: VirtualReceiptPrinter) -> None:
    device.slow_down(40)
    await asyncio.sleep(0.5)
    await until(lambda: device.state()["waiting_bytes"] == 0)
    assert device.slips == []


async def test_given_up_because_it_took_too_long(device: VirtualReceiptPrinter, driver: Driver) -> None:
    printer = driver(timing=HASTY)
    await printer.open()
    device.slow_down(0.1)
    assert await printer.print_receipt(SLIP) is ReceiptOutcome.UNKNOWN
    await _nothing_comes_out(device)


async def test_given_up_in_xoff(device: VirtualReceiptPrinter, driver: Driver) -> None:
    printer = driver(timing=HASTY, software_flow=True)
    await printer.open()
    device.slow_down(0.1)
    task = asyncio.create_task(printer.print_receipt(SLIP))
    await until(lambda: device.state()["waiting_bytes"] > 20)
    await device.hold()
    assert await task is ReceiptOutcome.UNKNOWN
    await device.release()
    await _nothing_comes_out(device)


@pytest.mark.parametrize("how", ["silent", "unplugged"])
async def test_given_up_while_it_was_not_listening(device: VirtualReceiptPrinter, driver: Driver, how: str) -> None:
    """Cleared as soon as it answers again."""
    printer = driver(timing=HASTY)
    await printer.open()
    device.slow_down(0.1)
    task = asyncio.create_task(printer.print_receipt(SLIP))
    await _all_received(device)
    if how == "silent":
        await device.go_silent()
    else:
        device.pty.unplug()
    assert await task is ReceiptOutcome.UNKNOWN
    assert device.state()["waiting_bytes"] > 0
    await device.repair()
    device.pty.plug()
    await until(lambda: printer.status.ready)
    await until(lambda: device.state()["waiting_bytes"] == 0)
    await _nothing_comes_out(device)
    assert await printer.cut_count() == 0
