"""The driver on a healthy reader."""

from __future__ import annotations

import asyncio
import random
from dataclasses import replace
from datetime import date, datetime, timedelta, timezone

import pytest
import structlog

from drivers.id_reader.driver import SdtIdReader, today_in_china
from drivers.id_reader.frames import Command
from drivers.id_reader.port import CardKind, IdCard, ReadFault
from drivers.id_reader.timings import SdtTimings
from drivers.link.serial import SerialSettings
from drivers.status import DeviceState
from drivers.virtual.id_card import VirtualCard
from drivers.virtual.id_reader import FIND, READ, RESET, SAM_ID, SELECT, STATUS, VirtualIdReader
from tests.drivers.id_reader import golden
from tests.drivers.id_reader.conftest import TIMINGS, TODAY, settings
from tests.drivers.link.waiting import PATIENCE_S, until


async def good(reader: SdtIdReader, timeout_s: float = PATIENCE_S) -> IdCard:
    outcome = await reader.read_card(timeout_s)
    assert isinstance(outcome, IdCard), outcome
    return outcome


async def test_connecting_asks_how_the_sam_is_and_which_it_is(device: VirtualIdReader, reader: SdtIdReader) -> None:
    assert list(device.commands)[:2] == [STATUS, SAM_ID]
    assert reader.sam_number == golden.SAM_NUMBER
    assert reader.status.device is DeviceState.ONLINE


async def test_a_card_that_comes_while_we_wait_is_read(
    device: VirtualIdReader, reader: SdtIdReader, li: VirtualCard
) -> None:
    reading = asyncio.create_task(good(reader))
    await until(lambda: list(device.commands).count(FIND) >= 3)
    device.lay_card(li)
    card = await reading
    assert (card.kind, card.name, card.number) == (CardKind.RESIDENT, "李样本", "519999199001010025")
    assert card.photo == li.photo
    assert list(device.commands)[-3:] == [FIND, SELECT, READ]


async def test_no_card_within_the_time(reader: SdtIdReader) -> None:
    assert await reader.read_card(0.1) is ReadFault.NO_CARD


async def test_a_card_still_lying_there_is_read_again_after_one_reset(
    device: VirtualIdReader, reader: SdtIdReader, li: VirtualCard
) -> None:
    device.lay_card(li)
    await good(reader)
    device.commands.clear()
    await good(reader)
    asked = [command for command in device.commands if command != STATUS]
    assert asked == [RESET, FIND, SELECT, READ]


async def test_waiting_resets_once_not_at_every_poll(device: VirtualIdReader, reader: SdtIdReader) -> None:
    await reader.read_card(0.3)
    assert list(device.commands).count(RESET) == 1
    assert list(device.commands).count(FIND) >= 2


async def test_the_next_persons_card_after_the_first_was_lifted(
    device: VirtualIdReader, reader: SdtIdReader, li: VirtualCard
) -> None:
    device.lay_card(li)
    assert (await good(reader)).name == "李样本"
    device.lift_card()
    assert await reader.read_card(0.1) is ReadFault.NO_CARD
    device.lay_card(replace(li, name="张示范", sex="1", number="519999199001010017"))
    assert (await good(reader)).name == "张示范"


async def test_the_card_is_valid_on_its_last_day_and_expired_the_day_after(
    device: VirtualIdReader, reader: SdtIdReader, li: VirtualCard
) -> None:
    device.lay_card(replace(li, valid_to=TODAY))
    await good(reader)
    device.lay_card(replace(li, valid_to=TODAY - timedelta(days=1)))
    assert await reader.read_card(PATIENCE_S) is ReadFault.EXPIRED
    device.lay_card(replace(li, valid_to=None))
    assert (await good(reader)).valid_to is None


def test_today_is_chinas() -> None:
    china = timezone(timedelta(hours=8))
    before = datetime.now(china).date()
    today = today_in_china()
    assert before <= today <= datetime.now(china).date()


async def test_the_kinds_of_cards(device: VirtualIdReader, reader: SdtIdReader, li: VirtualCard) -> None:
    device.lay_card(replace(li, kind=CardKind.HMT_RESIDENCE, number="810000199001010019"))
    assert (await good(reader)).kind is CardKind.HMT_RESIDENCE
    device.lay_card(replace(li, kind=CardKind.FOREIGNER_2017, number="FRA519990010101", issuer="5199"))
    assert (await good(reader)).kind is CardKind.FOREIGNER_2017
    specimen = replace(li, kind=CardKind.FOREIGNER_2023, number="932682198501010017", birth=date(1985, 1, 1))
    device.lay_card(specimen)
    assert await reader.read_card(PATIENCE_S) is ReadFault.UNSUPPORTED
    await reader.close()
    allowing = SdtIdReader(settings(device.pty.path, allow_foreigner_2023=True), today=lambda: TODAY)
    await allowing.open()
    assert (await good(allowing)).kind is CardKind.FOREIGNER_2023
    await allowing.close()


async def test_reading_right_after_opening_waits_for_the_connection(device: VirtualIdReader, li: VirtualCard) -> None:
    device.lay_card(li)
    driver = SdtIdReader(settings(device.pty.path), today=lambda: TODAY)
    await driver.open()
    assert not driver.status.ready
    await good(driver)
    await driver.close()
    assert driver.status.device is DeviceState.OFFLINE
    await driver.open()
    await good(driver)
    await driver.close()


async def test_cancelling_anywhere_leaves_the_reader_usable(
    device: VirtualIdReader, reader: SdtIdReader, li: VirtualCard
) -> None:
    device.lay_card(li)
    moments = random.Random(20261122)
    for _ in range(25):
        reading = asyncio.create_task(reader.read_card(PATIENCE_S))
        await asyncio.sleep(moments.uniform(0, 0.06))
        reading.cancel()
        await asyncio.gather(reading, return_exceptions=True)
    assert (await good(reader)).name == "李样本"
    assert reader.status.ready


async def test_two_readings_take_turns(device: VirtualIdReader, reader: SdtIdReader, li: VirtualCard) -> None:
    device.lay_card(li)
    first, second = await asyncio.gather(good(reader), good(reader))
    assert first == second
    asked = [command for command in device.commands if command in (SELECT, READ)]
    assert asked == [SELECT, READ, SELECT, READ]


async def test_nothing_of_the_person_reaches_the_log(
    device: VirtualIdReader, reader: SdtIdReader, li: VirtualCard
) -> None:
    with structlog.testing.capture_logs() as lines:
        for card in (li, replace(li, sex="7"), replace(li, valid_to=TODAY - timedelta(days=1))):
            device.lay_card(card)
            await reader.read_card(PATIENCE_S)
    written = repr(lines)
    assert "id_card_read" in written
    assert "unreadable" in written
    for secret in ("李样本", "519999", "1990", "示范"):
        assert secret not in written


@pytest.mark.parametrize("baud", [115200, 9600])
def test_time_outs_allow_for_the_lines_speed(baud: int) -> None:
    line = SerialSettings("/dev/x", baud=baud)
    timings = SdtTimings()
    assert timings.answer(Command.READ_CARD, line) == pytest.approx(timings.read_card + (10 + 1295) * 10 / baud)
    assert timings.answer(Command.FIND_CARD, line) < timings.find_card + 0.1


def test_every_command_has_a_time_out() -> None:
    for command in Command:
        assert TIMINGS.answer(command, SerialSettings("/dev/x")) > 0
    assert TIMINGS.scaled(2).find_card == 2 * TIMINGS.find_card
