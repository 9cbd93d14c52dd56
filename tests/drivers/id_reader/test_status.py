"""What the driver says of itself: identity, counters, who has to come."""

from __future__ import annotations

import asyncio
import fcntl
import os
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import structlog

from drivers.id_reader.driver import SdtIdReader
from drivers.id_reader.frames import SET_UART, Command
from drivers.id_reader.port import ReadFault
from drivers.id_reader.timings import SdtTimings
from drivers.link.serial import SerialSettings
from drivers.status import Action, DeviceState
from drivers.virtual.id_card import VirtualCard
from drivers.virtual.id_reader import SAM_ID, STATUS, ReaderFault, VirtualIdReader
from tests.drivers.id_reader import golden
from tests.drivers.id_reader.conftest import TIMINGS, TODAY, settings
from tests.drivers.link.waiting import PATIENCE_S, until


async def test_identity_is_the_sams_number_and_the_speed(reader: SdtIdReader) -> None:
    assert reader.status.identity == f"SAM {golden.SAM_NUMBER} at 115200 baud"
    assert reader.status.as_dict() == {
        "device": "online",
        "action": "none",
        "identity": f"SAM {golden.SAM_NUMBER} at 115200 baud",
    }


async def test_readings_are_counted_by_what_came_of_them(
    device: VirtualIdReader, reader: SdtIdReader, li: VirtualCard
) -> None:
    for card in (li, li, replace(li, sex="7"), replace(li, valid_to=TODAY - timedelta(days=1))):
        device.lay_card(card)
        await reader.read_card(PATIENCE_S)
    device.lift_card()
    assert await reader.read_card(0.05) is ReadFault.NO_CARD
    expected = {"cards_read": 2, "reads_failed": 2, "failed_unreadable": 1, "failed_expired": 1}
    assert reader.status.counters == expected
    device.unplug()
    await until(lambda: reader.status.device is DeviceState.OFFLINE)
    assert reader.status.counters == {**expected, "connections_lost": 1}
    device.replug()
    await until(lambda: reader.status.ready)
    await reader.close()
    await reader.open()
    assert reader.status.counters == {}


async def test_refresh_asks_the_reader(device: VirtualIdReader, reader: SdtIdReader) -> None:
    device.commands.clear()
    assert (await reader.refresh()).ready
    assert STATUS in device.commands
    device.inject(ReaderFault.NOT_AUTHORISED)
    assert (await reader.refresh()).device is DeviceState.HARDWARE_ERROR
    device.clear()
    device.inject(ReaderFault.SILENT)
    status = await reader.refresh()
    assert (status.device, status.detail) == (DeviceState.OFFLINE, "reader silent")
    device.clear()
    await until(lambda: reader.status.ready)


async def test_refresh_waits_its_time_and_no_longer(tmp_path: Path) -> None:
    device = VirtualIdReader(tmp_path / "r", speed=20)
    await device.start()
    slow = replace(TIMINGS.scaled(100), refresh=0.1, find_interval=0.02)
    reader = SdtIdReader(settings(device.pty.path, slow), today=lambda: TODAY)
    await reader.open()
    await until(lambda: reader.status.ready)
    device.inject(ReaderFault.SILENT)
    async with asyncio.timeout(PATIENCE_S):
        status = await reader.refresh()
    assert (status.device, status.ready) == (DeviceState.UNKNOWN, False), "what was known a while ago counts no more"
    await reader.close()
    await device.stop()


async def test_a_silent_reader_never_passes_as_ready_with_the_real_timings(tmp_path: Path) -> None:
    device = VirtualIdReader(tmp_path / "r", speed=20)
    await device.start()
    reader = SdtIdReader(settings(device.pty.path, replace(SdtTimings(), status_interval=3600)), today=lambda: TODAY)
    await reader.open()
    await until(lambda: reader.status.ready)
    device.inject(ReaderFault.SILENT)
    status = await reader.refresh()
    assert (status.device, status.detail) == (DeviceState.OFFLINE, "reader silent")
    await reader.close()
    await device.stop()


@pytest.mark.parametrize("baud", SET_UART)
def test_refresh_takes_longer_than_all_its_questions(baud: int) -> None:
    timings, line = SdtTimings(), SerialSettings("tty", baud)
    unanswered = timings.answer(Command.SAM_STATUS, line) + 2 * timings.answer(Command.READ_SAM_ID, line)
    assert timings.refresh > unanswered


async def test_refresh_lets_a_reading_alone(device: VirtualIdReader, reader: SdtIdReader) -> None:
    reading = asyncio.create_task(reader.read_card(PATIENCE_S))
    await until(lambda: device.commands.count(b"\x20\x01") > 2)
    asked = device.commands.count(STATUS)
    assert (await reader.refresh()).ready
    assert device.commands.count(STATUS) == asked
    reading.cancel()
    await asyncio.gather(reading, return_exceptions=True)


async def test_refresh_of_a_closed_reader(tmp_path: Path) -> None:
    reader = SdtIdReader(settings(tmp_path / "absent"), today=lambda: TODAY)
    assert (await reader.refresh()).device is DeviceState.UNKNOWN


async def test_a_change_is_logged_once(tmp_path: Path) -> None:
    with structlog.testing.capture_logs() as lines:
        reader = SdtIdReader(settings(tmp_path / "absent"), today=lambda: TODAY)
        await reader.open()
        await until(lambda: reader.status.device is DeviceState.OFFLINE)
        await asyncio.sleep(0.3)  # several attempts
        await reader.close()
    told = [(line["device"], line["detail"]) for line in lines if line["event"] == "id_reader_status"]
    assert told == [("starting", ""), ("offline", f"not plugged in: {tmp_path / 'absent'}"), ("offline", "closed")]


async def test_a_line_held_by_another_program_is_said_so(device: VirtualIdReader) -> None:
    other = os.open(device.pty.path, os.O_RDWR | os.O_NOCTTY)
    fcntl.flock(other, fcntl.LOCK_EX)
    reader = SdtIdReader(settings(device.pty.path), today=lambda: TODAY)
    await reader.open()
    await until(lambda: reader.status.device is DeviceState.OFFLINE)
    assert reader.status.detail == f"held by another program: {device.pty.path}"
    assert reader.status.action is Action.MAINTENANCE
    os.close(other)
    await until(lambda: reader.status.ready)
    await reader.close()


@pytest.mark.parametrize(
    ("fault", "detail"),
    [(ReaderFault.SELF_TEST, "SAM out of order, SW3 60"), (ReaderFault.NOT_AUTHORISED, "SAM out of order, SW3 66")],
)
async def test_a_sam_out_of_order_says_which_way(
    device: VirtualIdReader, reader: SdtIdReader, fault: ReaderFault, detail: str
) -> None:
    device.inject(fault)
    assert (await reader.refresh()).detail == detail


async def test_a_sam_mended_after_the_start_is_asked_for_its_number(tmp_path: Path) -> None:
    device = VirtualIdReader(tmp_path / "r", speed=20)
    device.inject(ReaderFault.SELF_TEST)
    await device.start()
    reader = SdtIdReader(settings(device.pty.path), today=lambda: TODAY)
    await reader.open()
    await until(lambda: reader.status.device is DeviceState.HARDWARE_ERROR)
    assert reader.status.identity == ""
    device.clear()
    await until(lambda: reader.status.ready)
    assert golden.SAM_NUMBER in reader.status.identity
    await reader.close()
    await device.stop()


async def test_a_damaged_number_is_asked_for_again(tmp_path: Path) -> None:
    device = VirtualIdReader(tmp_path / "r", speed=20)
    device.inject(ReaderFault.BAD_CHECKSUM, times=1, on=SAM_ID)
    await device.start()
    reader = SdtIdReader(settings(device.pty.path), today=lambda: TODAY)
    await reader.open()
    await until(lambda: reader.status.ready)
    assert golden.SAM_NUMBER in reader.status.identity
    await reader.close()
    await device.stop()


async def test_ok_to_everything_is_never_ready(tmp_path: Path) -> None:
    device = VirtualIdReader(tmp_path / "r", speed=20)
    device.inject(ReaderFault.OK_DOES_NOTHING)
    await device.start()
    reader = SdtIdReader(settings(device.pty.path, TIMINGS.scaled(0.3)), today=lambda: TODAY)
    seen: set[DeviceState] = set()
    await reader.open()

    def note() -> bool:
        seen.add(reader.status.device)
        return device.commands.count(STATUS) >= 3  # three connections

    await until(note)
    assert DeviceState.ONLINE not in seen
    device.clear()
    await until(lambda: reader.status.ready)
    await reader.close()
    await device.stop()
