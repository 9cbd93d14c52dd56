"""The reader's speed is found, remembered and, for a technician, changed."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from drivers.id_reader.driver import SdtIdReader
from drivers.id_reader.frames import SET_UART
from drivers.id_reader.port import IdCard
from drivers.id_reader.speed_search import SpeedSearch
from drivers.id_reader.timings import SdtTimings
from drivers.link.serial import SerialSettings
from drivers.link.stream import LinkLost
from drivers.status import DeviceState
from drivers.virtual.id_card import VirtualCard
from drivers.virtual.id_reader import STATUS, ReaderFault, VirtualIdReader
from tests.drivers.id_reader import golden
from tests.drivers.id_reader.conftest import TIMINGS, TODAY, settings
from tests.drivers.link.waiting import PATIENCE_S, until

ALL = tuple(SET_UART)


def driver_for(virtual: VirtualIdReader, bauds: tuple[int, ...] = ALL) -> SdtIdReader:
    return SdtIdReader(settings(virtual.pty.path, probe_bauds=bauds), today=lambda: TODAY)


@pytest.mark.parametrize("baud", [57600, 9600])
async def test_found_at_its_own_speed_and_remembered(tmp_path: Path, li: VirtualCard, baud: int) -> None:
    virtual = VirtualIdReader(tmp_path / "r", speed=20, baud=baud)
    await virtual.start()
    driver = driver_for(virtual)
    await driver.open()
    await until(lambda: driver.status.ready)
    assert driver.status.identity == f"SAM {golden.SAM_NUMBER} at {baud} baud"
    virtual.lay_card(li)
    assert isinstance(await driver.read_card(PATIENCE_S), IdCard)
    virtual.unplug()
    await until(lambda: driver.status.device is DeviceState.OFFLINE)
    virtual.commands.clear()
    virtual.replug()
    await until(lambda: driver.status.ready)
    assert driver.baud == baud
    await driver.close()
    await virtual.stop()


async def test_the_remembered_speed_is_tried_first(tmp_path: Path) -> None:
    search = SpeedSearch(SerialSettings(str(tmp_path / "r")), ALL, TIMINGS)
    search.prefer(19200)
    assert search.line.baud == 19200
    virtual = VirtualIdReader(tmp_path / "r", speed=20, baud=19200)
    await virtual.start()
    stream = await search.connect()
    assert list(virtual.commands) == [STATUS], "at no other speed was it asked"
    await stream.close()
    await virtual.stop()


async def test_a_complaint_is_a_sign_of_life(tmp_path: Path) -> None:
    virtual = VirtualIdReader(tmp_path / "r", speed=20)
    virtual.inject(ReaderFault.NOT_AUTHORISED)
    await virtual.start()
    search = SpeedSearch(SerialSettings(str(virtual.pty.path)), ALL, TIMINGS)
    await (await search.connect()).close()
    assert search.line.baud == 115200
    await virtual.stop()


async def test_one_damaged_answer_does_not_send_us_elsewhere(tmp_path: Path) -> None:
    virtual = VirtualIdReader(tmp_path / "r", speed=20)
    virtual.inject(ReaderFault.BAD_CHECKSUM, times=1)
    await virtual.start()
    search = SpeedSearch(SerialSettings(str(virtual.pty.path)), ALL, TIMINGS)
    await (await search.connect()).close()
    assert (search.line.baud, list(virtual.commands)) == (115200, [STATUS, STATUS])
    await virtual.stop()


async def test_nobody_at_any_speed(tmp_path: Path) -> None:
    virtual = VirtualIdReader(tmp_path / "r", speed=20, baud=38400)
    await virtual.start()
    search = SpeedSearch(SerialSettings(str(virtual.pty.path)), (9600,), TIMINGS.scaled(0.2))
    with pytest.raises(LinkLost, match="no answer at 115200, 9600 baud"):
        await search.connect()
    assert search.line.baud == 9600, "the next round begins with another"
    await virtual.stop()


async def test_a_search_that_is_cancelled_leaves_the_line_free(tmp_path: Path) -> None:
    virtual = VirtualIdReader(tmp_path / "r", speed=20)
    virtual.inject(ReaderFault.SILENT)
    await virtual.start()
    line = SerialSettings(str(virtual.pty.path))
    searching = asyncio.create_task(SpeedSearch(line, ALL, TIMINGS).connect())
    await until(lambda: virtual.commands)
    searching.cancel()
    await asyncio.gather(searching, return_exceptions=True)
    virtual.clear()
    await (await SpeedSearch(line, (), TIMINGS).connect()).close()  # open_serial takes an exclusive lock
    await virtual.stop()


async def test_the_technician_sets_another_speed(tmp_path: Path, li: VirtualCard) -> None:
    virtual = VirtualIdReader(tmp_path / "r", speed=20, baud=9600)
    await virtual.start()
    only_9600 = replace(settings(virtual.pty.path), line=SerialSettings(str(virtual.pty.path), baud=9600))
    driver = SdtIdReader(only_9600, today=lambda: TODAY)
    await driver.open()
    await until(lambda: driver.status.ready)
    assert await driver.set_speed(115200)
    assert (virtual.baud, driver.baud) == (115200, 115200)
    virtual.lay_card(li)
    assert isinstance(await driver.read_card(PATIENCE_S), IdCard)
    with pytest.raises(ValueError, match="no such speed: 4800"):
        await driver.set_speed(4800)
    await driver.close()
    await virtual.stop()


async def test_a_reader_that_stays_at_its_speed_is_found_again(tmp_path: Path) -> None:
    virtual = VirtualIdReader(tmp_path / "r", speed=20)
    virtual.inject(ReaderFault.WRONG_BAUD)  # whatever it is told
    await virtual.start()
    driver = driver_for(virtual, (9600,))
    await driver.open()
    await until(lambda: driver.status.ready)
    assert not await driver.set_speed(115200)
    assert (driver.baud, driver.status.ready) == (9600, True)
    await driver.close()
    await virtual.stop()


@pytest.mark.parametrize("baud", [115200, 9600])
def test_the_wait_for_a_sign_of_life(baud: int) -> None:
    line, timings = SerialSettings("/dev/x", baud=baud), SdtTimings()
    assert timings.knock(line, expected=True) == pytest.approx(timings.sam_status + 640 / baud)
    assert timings.knock(line, expected=False) == pytest.approx(timings.probe + 640 / baud)
