"""What is read besides text and photo, and what devices.toml may say."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest
from pydantic import ValidationError

from drivers.id_reader.driver import SdtIdReader
from drivers.id_reader.plugin import SDT_SERIAL, SdtOptions
from drivers.id_reader.port import CardKind, IdCard, ReadFault
from drivers.id_reader.reading import Wanted
from drivers.virtual.id_card import VirtualCard
from drivers.virtual.id_reader import (
    READ,
    READ_FINGERPRINT,
    READ_NEW_ADDRESS,
    RESET,
    SET_RF_FRAME,
    ReaderFault,
    VirtualIdReader,
)
from tests.drivers.id_reader import golden
from tests.drivers.id_reader.conftest import TODAY, settings
from tests.drivers.link.waiting import PATIENCE_S

Making = Callable[..., Any]


@pytest.fixture
def made(device: VirtualIdReader) -> Making:
    @asynccontextmanager
    async def make(**more: Any) -> AsyncIterator[SdtIdReader]:
        driver = SdtIdReader(settings(device.pty.path, **more), today=lambda: TODAY)
        await driver.open()
        yield driver
        await driver.close()

    return make


async def good(driver: SdtIdReader) -> IdCard:
    outcome = await driver.read_card(PATIENCE_S)
    assert isinstance(outcome, IdCard), outcome
    return outcome


async def test_by_default_no_more_than_needed_is_read(
    device: VirtualIdReader, reader: SdtIdReader, li: VirtualCard
) -> None:
    device.lay_card(replace(li, fingerprint=bytes(1024), new_address="样本路20号"))
    card = await good(reader)
    assert (card.fingerprint, card.new_address) == (b"", "")
    assert not {READ_FINGERPRINT, READ_NEW_ADDRESS, SET_RF_FRAME} & set(device.commands)


@pytest.mark.parametrize("size", [0, 512, 1024])
async def test_fingerprints(device: VirtualIdReader, made: Making, li: VirtualCard, size: int) -> None:
    async with made(wanted=Wanted(fingerprint=True)) as driver:
        device.lay_card(replace(li, fingerprint=b"\x43" * size))
        card = await good(driver)
        assert (card.name, card.photo, card.fingerprint) == ("李样本", li.photo, b"\x43" * size)
        assert READ not in device.commands


async def test_the_newest_appended_address(device: VirtualIdReader, made: Making, li: VirtualCard) -> None:
    async with made(wanted=Wanted(new_address=True)) as driver:
        device.lay_card(replace(li, new_address=golden.NEW_ADDRESS_TEXT))
        card = await good(driver)
        assert (card.address, card.new_address) == (li.address, golden.NEW_ADDRESS_TEXT)
        device.lay_card(li)
        assert (await good(driver)).new_address == "", "91: the card has none"


async def test_a_new_address_is_cleaned_as_every_text(device: VirtualIdReader, made: Making, li: VirtualCard) -> None:
    async with made(wanted=Wanted(new_address=True)) as driver:
        device.lay_card(replace(li, new_address="样本路\u202e20\x00号\ud800"))
        assert (await good(driver)).new_address == "样本路20号"


async def test_a_new_address_that_cannot_be_read_fails_the_card(
    device: VirtualIdReader, made: Making, li: VirtualCard
) -> None:
    """Else the old address would pass for the newest."""
    async with made(wanted=Wanted(new_address=True)) as driver:
        device.lay_card(li)
        device.inject(ReaderFault.WORN_CARD, on=READ_NEW_ADDRESS)
        assert await driver.read_card(PATIENCE_S) is ReadFault.UNREADABLE
        device.inject(ReaderFault.WORN_CARD, times=1, on=READ_NEW_ADDRESS)
        await good(driver)
        device.inject(ReaderFault.SILENT, times=1, on=READ_NEW_ADDRESS)
        await good(driver)


async def test_a_reader_without_appended_addresses_still_reads(
    device: VirtualIdReader, made: Making, li: VirtualCard
) -> None:
    async with made(wanted=Wanted(new_address=True)) as driver:
        device._new_address = lambda: bytes.fromhex("AAAAAA9669 0004 000021 25")  # type: ignore[method-assign]
        device.lay_card(li)
        assert (await good(driver)).new_address == ""


async def test_foreigners_cards_have_no_address(device: VirtualIdReader, made: Making, li: VirtualCard) -> None:
    async with made(wanted=Wanted(new_address=True)) as driver:
        device.lay_card(replace(li, kind=CardKind.FOREIGNER_2017, number="FRA519990010101", issuer="5199"))
        await good(driver)
        assert READ_NEW_ADDRESS not in device.commands


async def test_the_rf_frame_is_set_after_every_reset(device: VirtualIdReader, made: Making, li: VirtualCard) -> None:
    heard: list[bytes] = []
    serve = device._serve

    async def listen(request: bytes) -> None:
        heard.append(request)
        await serve(request)

    device._serve = listen  # type: ignore[method-assign]
    async with made(rf_frame_bytes=80) as driver:
        device.lay_card(li)
        await good(driver)
        await good(driver)
    for place in [index for index, request in enumerate(heard) if request == RESET]:
        assert heard[place + 1] == SET_RF_FRAME + b"\x50"
    assert heard.count(RESET) == 2


def test_the_options_and_their_defaults() -> None:
    options = SdtOptions(path="/dev/serial/by-path/reader")
    made = SDT_SERIAL.make(options)
    assert isinstance(made, SdtIdReader)
    assert made._settings.wanted == Wanted(fingerprint=False, new_address=False)
    assert made._settings.probe_bauds == (115200, 57600, 38400, 19200, 9600)
    assert (made._settings.rf_frame_bytes, made._settings.allow_foreigner_2023) == (None, False)
    chosen = SdtOptions.model_validate(
        {"path": "/x", "probe_bauds": [9600], "read_fingerprint": True, "read_new_address": True, "rf_frame_bytes": 80}
    )
    made = SDT_SERIAL.make(chosen)
    assert isinstance(made, SdtIdReader)
    assert made._settings.wanted == Wanted(fingerprint=True, new_address=True)
    assert (made._settings.probe_bauds, made._settings.rf_frame_bytes) == ((9600,), 80)


@pytest.mark.parametrize("wrong", [{"probe_bauds": [4800]}, {"rf_frame_bytes": 0}, {"rf_frame_bytes": 256}])
def test_what_the_protocol_does_not_have_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        SdtOptions.model_validate({"path": "/x", **wrong})


def test_the_line_is_8n1_without_flow_control() -> None:
    """A PTY cannot show a wrong one."""
    assert SdtOptions(path="/dev/x").line().pyserial_arguments() == {
        "port": "/dev/x",
        "baudrate": 115200,
        "bytesize": 8,
        "parity": "N",
        "stopbits": 1,
        "rtscts": False,
        "dsrdtr": False,
        "xonxoff": False,
        "exclusive": True,
    }
