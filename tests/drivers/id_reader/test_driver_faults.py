"""The driver when card, SAM or wire misbehave."""

from __future__ import annotations

import asyncio
import os
from dataclasses import replace
from pathlib import Path

import pytest

from drivers.id_reader.driver import SdtIdReader
from drivers.id_reader.port import IdCard, ReadFault
from drivers.status import Action, DeviceState
from drivers.virtual.id_card import VirtualCard
from drivers.virtual.id_reader import FIND, READ, SELECT, ReaderFault, VirtualIdReader
from tests.drivers.id_reader.conftest import TIMINGS, TODAY, settings
from tests.drivers.link.waiting import PATIENCE_S, until


async def read(reader: SdtIdReader, timeout_s: float = PATIENCE_S) -> IdCard | ReadFault:
    return await reader.read_card(timeout_s)


async def assert_reads(reader: SdtIdReader) -> None:
    assert isinstance(await read(reader), IdCard)


@pytest.mark.parametrize(
    "fault", [ReaderFault.NOISE, ReaderFault.SLOW_BYTES, ReaderFault.GLUED], ids=lambda fault: fault.value
)
async def test_a_bad_line_is_read_through(
    device: VirtualIdReader, reader: SdtIdReader, li: VirtualCard, fault: ReaderFault
) -> None:
    device.inject(fault)
    device.lay_card(li)
    await assert_reads(reader)
    assert reader.status.ready


@pytest.mark.parametrize(
    ("fault", "on"),
    [
        (ReaderFault.BAD_CHECKSUM, FIND),
        (ReaderFault.BAD_CHECKSUM, READ),
        (ReaderFault.BAD_LENGTH, READ),
        (ReaderFault.TRUNCATED, READ),
        (ReaderFault.TRUNCATED, SELECT),
        (ReaderFault.SILENT, SELECT),
    ],
    ids=lambda value: getattr(value, "value", None) or value.hex(),
)
async def test_one_spoiled_answer_is_asked_for_again(
    device: VirtualIdReader, reader: SdtIdReader, li: VirtualCard, fault: ReaderFault, on: bytes
) -> None:
    device.lay_card(li)
    device.inject(fault, times=1, on=on)
    await assert_reads(reader)
    assert device.faults == frozenset()
    assert reader.status.ready


@pytest.mark.parametrize("on", [FIND, SELECT, READ], ids=["find", "select", "read"])
async def test_a_late_answer_is_not_taken_for_the_next_questions(
    device: VirtualIdReader, reader: SdtIdReader, li: VirtualCard, on: bytes
) -> None:
    device.lay_card(li)
    device.inject(ReaderFault.LATE, times=1, on=on)
    await assert_reads(reader)


async def test_a_late_no_card_does_not_hide_the_card_that_came(
    device: VirtualIdReader, reader: SdtIdReader, li: VirtualCard
) -> None:
    device.inject(ReaderFault.LATE, times=1, on=FIND)  # it will say "no card" after we stopped waiting
    reading = asyncio.create_task(read(reader))
    await until(lambda: not device.faults)
    device.lay_card(li)
    assert isinstance(await reading, IdCard)


async def test_taken_away_while_being_read(device: VirtualIdReader, reader: SdtIdReader, li: VirtualCard) -> None:
    device.lay_card(li)
    device.inject(ReaderFault.REMOVED_MIDWAY, times=1)
    assert await read(reader) is ReadFault.CARD_REMOVED
    device.lay_card(li)
    await assert_reads(reader)


async def test_taken_away_between_find_and_select(
    device: VirtualIdReader, reader: SdtIdReader, li: VirtualCard
) -> None:
    device.lay_card(li)
    device.inject(ReaderFault.SELECT_FAILS, times=1)
    serve = device._select

    def lift_first() -> bytes:
        device.lift_card()
        return serve()

    device._select = lift_first  # type: ignore[method-assign]
    assert await read(reader) is ReadFault.CARD_REMOVED


async def test_a_card_that_could_not_be_selected_once_is_tried_again(
    device: VirtualIdReader, reader: SdtIdReader, li: VirtualCard
) -> None:
    device.lay_card(li)
    device.inject(ReaderFault.SELECT_FAILS, times=1)
    await assert_reads(reader)


@pytest.mark.parametrize(
    ("fault", "attempts"),
    [
        (ReaderFault.WORN_CARD, 2),
        (ReaderFault.NOT_VERIFIED, 2),
        (ReaderFault.NO_RANDOM, 2),
        (ReaderFault.CARD_REFUSES, 1),
        (ReaderFault.READER_REFUSES, 1),
        (ReaderFault.UNKNOWN_TYPE, 1),
        (ReaderFault.SELECT_FAILS, 0),
    ],
    ids=lambda value: getattr(value, "value", str(value)),
)
async def test_a_card_that_cannot_be_read(
    device: VirtualIdReader, reader: SdtIdReader, li: VirtualCard, fault: ReaderFault, attempts: int
) -> None:
    device.lay_card(li)
    device.inject(fault)
    assert await read(reader) is ReadFault.UNREADABLE
    assert list(device.commands).count(READ) == attempts
    assert reader.status.ready
    device.clear(fault)
    await assert_reads(reader)


async def test_a_reading_that_fails_once_succeeds_unnoticed(
    device: VirtualIdReader, reader: SdtIdReader, li: VirtualCard
) -> None:
    device.lay_card(li)
    device.inject(ReaderFault.WORN_CARD, times=1)
    await assert_reads(reader)


async def test_text_without_sense_is_unreadable(device: VirtualIdReader, reader: SdtIdReader, li: VirtualCard) -> None:
    device.lay_card(replace(li, name=""))
    assert await read(reader) is ReadFault.UNREADABLE


@pytest.mark.parametrize("fault", [ReaderFault.SELF_TEST, ReaderFault.NOT_AUTHORISED], ids=lambda fault: fault.value)
async def test_a_broken_sam_is_seen_at_rest_and_recovers(
    device: VirtualIdReader, reader: SdtIdReader, li: VirtualCard, fault: ReaderFault
) -> None:
    device.inject(fault)
    await until(lambda: reader.status.device is DeviceState.HARDWARE_ERROR)
    assert reader.status.action is Action.MAINTENANCE
    assert await read(reader) is ReadFault.READER_LOST
    device.clear(fault)
    await until(lambda: reader.status.ready)
    device.lay_card(li)
    await assert_reads(reader)


async def test_a_sam_broken_from_the_start_is_a_hardware_error(tmp_path: Path) -> None:
    virtual = VirtualIdReader(tmp_path / "r", speed=20)
    virtual.inject(ReaderFault.NOT_AUTHORISED)
    await virtual.start()
    driver = SdtIdReader(settings(virtual.pty.path), today=lambda: TODAY)
    await driver.open()
    await until(lambda: driver.status.device is DeviceState.HARDWARE_ERROR)
    virtual.clear()
    await until(lambda: driver.status.ready)
    await driver.close()
    await virtual.stop()


async def test_a_silent_reader_goes_offline_and_comes_back(
    device: VirtualIdReader, reader: SdtIdReader, li: VirtualCard
) -> None:
    device.inject(ReaderFault.SILENT)
    await until(lambda: reader.status.device is DeviceState.OFFLINE)
    device.clear()
    await until(lambda: reader.status.ready)
    device.lay_card(li)
    await assert_reads(reader)


async def test_a_reader_that_falls_silent_during_a_reading_is_lost(
    device: VirtualIdReader, reader: SdtIdReader, li: VirtualCard
) -> None:
    reading = asyncio.create_task(read(reader))
    await until(lambda: FIND in device.commands)
    device.inject(ReaderFault.SILENT)
    assert await reading is ReadFault.READER_LOST
    device.clear()
    device.lay_card(li)
    await assert_reads(reader)


async def test_unplugged_mid_read_and_back_under_another_terminal(
    device: VirtualIdReader, reader: SdtIdReader, li: VirtualCard
) -> None:
    device.lay_card(li)
    reading = asyncio.create_task(read(reader))
    await until(lambda: READ in device.commands)
    before = device.pty.tty
    device.unplug()
    assert await reading is ReadFault.READER_LOST
    await until(lambda: reader.status.device is DeviceState.OFFLINE)
    decoy = os.openpty()
    device.replug()
    assert device.pty.tty != before
    await until(lambda: reader.status.ready)
    await assert_reads(reader)
    os.close(decoy[0])
    os.close(decoy[1])


async def test_unplugged_at_rest_is_noticed_at_once(device: VirtualIdReader, reader: SdtIdReader) -> None:
    device.unplug()
    await until(lambda: reader.status.device is DeviceState.OFFLINE)
    assert not reader.status.ready
    assert reader.status.action is Action.MAINTENANCE


async def test_no_reader_at_all(tmp_path: Path) -> None:
    driver = SdtIdReader(settings(tmp_path / "absent", replace(TIMINGS, connect_grace=0.1)), today=lambda: TODAY)
    await driver.open()
    assert await read(driver) is ReadFault.READER_LOST
    assert driver.status.device is DeviceState.OFFLINE
    await driver.close()


async def test_a_damaged_request_is_sent_again(device: VirtualIdReader, reader: SdtIdReader, li: VirtualCard) -> None:
    device.lay_card(li)
    spoiled = 0
    serve = device._serve

    async def damage_one(request: bytes) -> None:
        nonlocal spoiled
        if request == SELECT and not spoiled:
            spoiled = 1
            request = b""
        await serve(request)

    device._serve = damage_one  # type: ignore[method-assign]
    await assert_reads(reader)
    assert spoiled
    assert list(device.commands).count(READ) == 1
