"""What a technician sees of the line, and what he does not."""

from __future__ import annotations

from dataclasses import replace

from drivers.id_reader.driver import SdtIdReader
from drivers.id_reader.port import IdCard
from drivers.id_reader.reading import Wanted
from drivers.link.trace import Traced, Way, watch
from drivers.virtual.id_card import VirtualCard
from drivers.virtual.id_reader import FIND, READ, ReaderFault, VirtualIdReader
from tests.drivers.id_reader import golden
from tests.drivers.id_reader.conftest import TODAY, settings
from tests.drivers.link.waiting import PATIENCE_S, until


async def traced(device: VirtualIdReader, card: VirtualCard) -> list[Traced]:
    lines: list[Traced] = []
    with watch(lines.append):
        wanted = Wanted(fingerprint=True, new_address=True)
        driver = SdtIdReader(settings(device.pty.path, wanted=wanted), today=lambda: TODAY)
        await driver.open()
        await until(lambda: driver.status.ready)
        device.lay_card(card)
        assert isinstance(await driver.read_card(PATIENCE_S), IdCard)
        await driver.close()
    return lines


async def test_every_frame_with_the_person_blanked(device: VirtualIdReader, li: VirtualCard) -> None:
    card = replace(li, fingerprint=b"\x43" * 1024, new_address=golden.NEW_ADDRESS_TEXT)
    lines = await traced(device, card)
    assert {line.device for line in lines} == {"id_reader"}
    sent = [(line.label, line.hex()) for line in lines if line.way is Way.OUT]
    assert sent[0] == ("SAM_STATUS", "AA AA AA 96 69 00 03 11 FF ED")
    assert [label for label, _ in sent][-4:] == [
        *("FIND_CARD", "SELECT_CARD", "READ_CARD_WITH_FINGERPRINT", "READ_NEW_ADDRESS")
    ]
    got = {line.label: line for line in lines if line.way is Way.IN}
    assert bytes(byte for byte in got["READ_SAM_ID 90"].data if byte is not None) == golden.SAM_NUMBER_REPLY
    for label, size in (
        ("READ_CARD_WITH_FINGERPRINT 90", 2321),
        ("READ_NEW_ADDRESS 90", 81),
        ("SELECT_CARD 90", 19),  # the chip's own number follows its holder
        ("FIND_CARD 9F", 15),
    ):
        shown = got[label].data
        assert len(shown) == size
        assert None not in shown[:10]
        assert set(shown[10:]) == {None}
    notes = [line.label for line in lines if line.way is Way.NOTE]
    assert f"connected at 115200 baud, SAM {golden.SAM_NUMBER}" in notes


async def test_an_answer_out_of_turn_is_blanked_too(
    device: VirtualIdReader, reader: SdtIdReader, li: VirtualCard
) -> None:
    device.lay_card(li)
    device.inject(ReaderFault.LATE, times=1, on=READ)
    lines: list[Traced] = []
    with watch(lines.append):
        assert isinstance(await reader.read_card(PATIENCE_S), IdCard)
    (late,) = [line for line in lines if line.label == "not an answer to READ_SAM_ID 90"]
    assert len(late.data) == 1295
    assert set(late.data[10:]) == {None}
    assert "no answer to READ_CARD, 0 damaged frames" in [line.label for line in lines]


async def test_nobody_watches(device: VirtualIdReader, reader: SdtIdReader) -> None:
    lines: list[Traced] = []
    with watch(lines.append):
        pass
    await reader.refresh()
    assert lines == []
    assert FIND not in device.commands
