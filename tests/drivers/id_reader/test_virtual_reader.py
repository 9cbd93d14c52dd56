"""The simulator against the protocol's own bytes; our codec is not used here."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from drivers.link.serial import SerialSettings, SerialStream, open_serial
from drivers.virtual.id_card import Chip
from drivers.virtual.id_reader import BOOT_S, FIND, ReaderFault, VirtualIdReader
from tests.drivers.id_reader import golden
from tests.drivers.link.waiting import PATIENCE_S

FIND_FRAME = bytes.fromhex(golden.REQUESTS["FIND_CARD"])
SELECT_FRAME = bytes.fromhex(golden.REQUESTS["SELECT_CARD"])
READ_FRAME = bytes.fromhex(golden.REQUESTS["READ_CARD"])
RESET_FRAME = bytes.fromhex(golden.REQUESTS["RESET_SAM"])


class Host:
    def __init__(self, stream: SerialStream) -> None:
        self.stream = stream

    async def ask(self, request: bytes, size: int) -> bytes:
        await self.stream.write(request)
        got = b""
        async with asyncio.timeout(PATIENCE_S):
            while len(got) < size:
                got += await self.stream.read(size - len(got))
        return got

    async def expect(self, request: bytes, reply: bytes) -> None:
        assert await self.ask(request, len(reply)) == reply


@pytest.fixture
async def reader(tmp_path: Path) -> AsyncIterator[VirtualIdReader]:
    device = VirtualIdReader(tmp_path / "dev" / "id_reader", speed=20)
    await device.start()
    yield device
    await device.stop()


@pytest.fixture
async def host(reader: VirtualIdReader) -> AsyncIterator[Host]:
    stream = await open_serial(SerialSettings(str(reader.pty.path)))
    yield Host(stream)
    await stream.close()


async def test_the_worked_session_byte_for_byte(reader: VirtualIdReader, host: Host) -> None:
    await host.expect(bytes.fromhex(golden.REQUESTS["SAM_STATUS"]), golden.OK)
    await host.expect(bytes.fromhex(golden.REQUESTS["READ_SAM_ID"]), golden.SAM_NUMBER_REPLY)
    await host.expect(FIND_FRAME, golden.NO_CARD)
    reader.lay_card(golden.golden_card())
    await host.expect(FIND_FRAME, golden.FOUND)
    await host.expect(SELECT_FRAME, golden.SELECTED)
    assert len(golden.READ_REPLY) == 1295
    await host.expect(READ_FRAME, golden.READ_REPLY)


async def test_find_fails_after_a_reading_until_lifted_or_reset(reader: VirtualIdReader, host: Host) -> None:
    reader.lay_card(golden.golden_card())
    for recover in ("lift", "reset"):
        await host.expect(FIND_FRAME, golden.FOUND)
        await host.expect(SELECT_FRAME, golden.SELECTED)
        await host.expect(READ_FRAME, golden.READ_REPLY)
        await host.expect(FIND_FRAME, golden.NO_CARD)
        if recover == "lift":
            reader.lift_card()
            await host.expect(FIND_FRAME, golden.NO_CARD)
            reader.lay_card(golden.golden_card())
        else:
            await host.expect(RESET_FRAME, golden.OK)
    await host.expect(FIND_FRAME, golden.FOUND)


@pytest.mark.parametrize(("size", "total"), [(1024, 2321), (512, 1809), (0, 1297)])
async def test_fingerprints(reader: VirtualIdReader, host: Host, size: int, total: int) -> None:
    reader.lay_card(golden.golden_card(fingerprint=bytes(size)))
    await host.expect(FIND_FRAME, golden.FOUND)
    await host.expect(SELECT_FRAME, golden.SELECTED)
    reply = await host.ask(golden.READ_WITH_FINGERPRINT, total)
    assert reply[14:16] == bytes([size >> 8, 0])
    if size == 1024:
        assert reply == golden.READ_FINGERPRINT_REPLY


async def test_settings_and_the_rest(reader: VirtualIdReader, host: Host) -> None:
    await host.expect(golden.SET_RF_FRAME, golden.OK)
    await host.expect(SELECT_FRAME, golden.SELECT_FAILED)  # nothing was found
    reader.lay_card(golden.golden_card())
    await host.expect(FIND_FRAME, golden.FOUND)
    await host.expect(SELECT_FRAME, golden.SELECTED)
    await host.expect(golden.READ_NEW_ADDRESS, golden.NO_ADDRESS)
    assert (await host.ask(golden.READ_CHIP_NUMBERS, 11))[9] == 0x21


async def test_an_appended_address(reader: VirtualIdReader, host: Host) -> None:
    assert (await host.ask(golden.READ_NEW_ADDRESS, 11))[9] == 0x21  # nothing is selected
    reader.lay_card(replace(golden.golden_card(), new_address=golden.NEW_ADDRESS_TEXT))
    await host.expect(FIND_FRAME, golden.FOUND)
    await host.expect(SELECT_FRAME, golden.SELECTED)
    await host.expect(READ_FRAME, golden.READ_REPLY)
    assert len(golden.NEW_ADDRESS_REPLY) == 81
    await host.expect(golden.READ_NEW_ADDRESS, golden.NEW_ADDRESS_REPLY)


async def test_a_reader_at_another_speed_is_not_understood(tmp_path: Path) -> None:
    device = VirtualIdReader(tmp_path / "r", speed=20, baud=19200)
    await device.start()
    status = bytes.fromhex(golden.REQUESTS["SAM_STATUS"])
    for baud, answer in ((9600, b"\x00\xf8\x80\xfe\x00"), (19200, golden.OK)):
        stream = await open_serial(SerialSettings(str(device.pty.path), baud=baud))
        await Host(stream).expect(status, answer)
        await stream.close()
    stream = await open_serial(SerialSettings(str(device.pty.path), baud=57600))
    await stream.write(status)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(stream.read(1), 0.2)
    await stream.close()
    stream = await open_serial(SerialSettings(str(device.pty.path), baud=19200))
    await Host(stream).expect(golden.SET_115200, golden.OK)  # at the old speed
    await stream.close()
    assert device.baud == 115200
    stream = await open_serial(SerialSettings(str(device.pty.path)))
    await Host(stream).expect(status, golden.OK)
    await stream.close()
    await device.stop()


async def test_ok_to_everything_and_nothing_done(reader: VirtualIdReader, host: Host) -> None:
    reader.inject(ReaderFault.OK_DOES_NOTHING)
    reader.lay_card(golden.golden_card())
    for name in ("READ_SAM_ID", "FIND_CARD", "SELECT_CARD", "READ_CARD"):
        await host.expect(bytes.fromhex(golden.REQUESTS[name]), golden.OK)


async def test_power_lost_while_sending(reader: VirtualIdReader, host: Host) -> None:
    reader.lay_card(golden.golden_card())
    reader.inject(ReaderFault.RESET_MIDWAY, times=1)
    await host.expect(FIND_FRAME, golden.FOUND)
    await host.expect(SELECT_FRAME, golden.SELECTED)
    assert await host.ask(READ_FRAME, 40) == golden.READ_REPLY[:40]
    await asyncio.sleep(BOOT_S / 20 * 3)
    await host.expect(SELECT_FRAME, golden.SELECT_FAILED)  # it has forgotten the card
    await host.expect(FIND_FRAME, golden.FOUND)


async def test_a_damaged_request_is_answered_so(host: Host) -> None:
    # a file that goes around has this wrong checksum for "find"
    await host.expect(golden.WRONG_FIND, golden.BAD_REQUEST)
    await host.expect(golden.ZERO_FIND, golden.BAD_REQUEST)


async def test_a_worn_card_and_a_refused_one(reader: VirtualIdReader, host: Host) -> None:
    reader.lay_card(Chip(golden.TEXT, worn=True))
    await host.expect(FIND_FRAME, golden.FOUND)
    await host.expect(SELECT_FRAME, golden.SELECTED)
    await host.expect(READ_FRAME, golden.READ_FAILED)
    reader.inject(ReaderFault.READER_REFUSES, times=1)
    await host.expect(FIND_FRAME, golden.FOUND)
    await host.expect(SELECT_FRAME, golden.SELECTED)
    await host.expect(READ_FRAME, golden.REFUSED)
    assert reader.faults == frozenset()


async def test_an_injected_fault_counts_and_keeps_to_its_command(reader: VirtualIdReader, host: Host) -> None:
    reader.inject(ReaderFault.SELF_TEST, times=2, on=FIND)
    await host.expect(RESET_FRAME, golden.OK)
    for _ in range(2):
        assert (await host.ask(FIND_FRAME, 11))[9] == 0x60
    await host.expect(FIND_FRAME, golden.NO_CARD)


async def test_events_show_nothing_of_the_person(tmp_path: Path) -> None:
    lines: list[str] = []
    device = VirtualIdReader(tmp_path / "r", speed=20, on_event=lines.append)
    await device.start()
    card = golden.golden_card()
    device.lay_card(card)
    stream = await open_serial(SerialSettings(str(device.pty.path)))
    host = Host(stream)
    await host.expect(FIND_FRAME, golden.FOUND)
    await host.expect(SELECT_FRAME, golden.SELECTED)
    await host.expect(READ_FRAME, golden.READ_REPLY)
    device.lift_card()
    await stream.close()
    await device.stop()
    assert lines == ["card laid on the reader", "card read", "card lifted"]
    assert repr(card) == "VirtualCard(kind=resident, …)"
    assert repr(card.chip()) == "Chip(…)"


def test_a_chip_of_the_wrong_size_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="256 bytes"):
        Chip(bytes(255))
    with pytest.raises(ValueError, match="70 bytes"):
        Chip(bytes(256), new_address=bytes(69))
