"""`menkou devices test id_reader`, with a technician who answers from a script."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from drivers.device import DeviceClass
from drivers.id_reader import trial as module
from drivers.id_reader.driver import SdtIdReader
from drivers.id_reader.port import CardKind, IdCard
from drivers.id_reader.reading import Wanted
from drivers.trial import NOT_READY, find_trial
from drivers.virtual.id_card import VirtualCard
from drivers.virtual.id_reader import ReaderFault, VirtualIdReader
from tests.drivers.id_reader.conftest import TODAY, settings
from tests.drivers.link.waiting import until
from tests.drivers.technician.bilingual import english

trial = find_trial(DeviceClass.ID_READER)


class Technician:
    """`does` gets every line said and asked, and returns the answer."""

    def __init__(self, does: Callable[[str], bool | None]) -> None:
        self.does = does
        self.heard: list[str] = []
        self.heard_in_chinese: list[str] = []

    def say(self, zh: str, en: str) -> None:
        self._hear(zh, en)
        self.does(en)

    async def ask(self, zh: str, en: str) -> bool:
        self._hear(zh, en)
        return self.does(en) is not False

    def _hear(self, zh: str, en: str) -> None:
        self.heard.append(english(zh, en))
        self.heard_in_chinese.append(zh)


@pytest.fixture(autouse=True)
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LOOK_S", 0.1)


def hands(device: VirtualIdReader, card: VirtualCard, *, lifts: bool = True) -> Callable[[str], bool | None]:
    def does(text: str) -> bool | None:
        if text.startswith("Lay a card"):
            device.lay_card(card)
        if text.startswith("Take the card off") and lifts:
            device.lift_card()
        return None

    return does


async def test_a_card_read_masked_and_lifted(device: VirtualIdReader, li: VirtualCard) -> None:
    wanted = Wanted(fingerprint=True, new_address=True)
    driver = SdtIdReader(settings(device.pty.path, wanted=wanted), today=lambda: TODAY)
    await driver.open()
    await until(lambda: driver.status.ready)
    someone = Technician(hands(device, replace(li, fingerprint=bytes(512), new_address="样本路20号")))
    assert await trial(driver, someone)
    await driver.close()
    assert someone.heard == [
        "Lay a card on the reader within 30 s",
        "A card is there; reading it",
        "Resident card: 李**, 519***********0025, valid",
        "Read with it: photo of 1024 bytes, fingerprints of 512 bytes, a new address",
        "Take the card off the reader. Is it off?",
        "The reader sees that the card is gone",
    ]
    shown = "".join(someone.heard_in_chinese)
    assert "居民身份证：李**, 519***********0025, 有效" in shown
    assert li.number not in shown
    assert li.name not in shown


async def test_a_card_left_lying(device: VirtualIdReader, reader: SdtIdReader, li: VirtualCard) -> None:
    someone = Technician(hands(device, li, lifts=False))
    assert not await trial(reader, someone)
    assert someone.heard[-1] == "The reader still sees a card"
    stays = Technician(lambda text: not text.startswith("Take"))
    assert not await trial(reader, stays)
    assert someone.heard[:2] == stays.heard[:2]


@pytest.mark.parametrize(
    ("fault", "said"),
    [(ReaderFault.WORN_CARD, "cannot be read"), (ReaderFault.REMOVED_MIDWAY, "taken away before")],
)
async def test_a_card_that_is_not_read(
    device: VirtualIdReader, reader: SdtIdReader, li: VirtualCard, fault: ReaderFault, said: str
) -> None:
    device.inject(fault)
    someone = Technician(hands(device, li))
    assert not await trial(reader, someone)
    assert said in someone.heard[-1]


async def test_nobody_lays_a_card(reader: SdtIdReader, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "CARD_S", 0.1)
    someone = Technician(lambda text: None)
    assert not await trial(reader, someone)
    assert someone.heard[-1] == "No card was seen"


async def test_a_reader_out_of_order_is_not_given_a_card(device: VirtualIdReader, reader: SdtIdReader) -> None:
    device.inject(ReaderFault.NOT_AUTHORISED)
    someone = Technician(lambda text: None)
    assert not await trial(reader, someone)
    assert someone.heard == [NOT_READY[1]]


@pytest.mark.parametrize("wants", [True, False])
async def test_a_slow_reader_may_be_set_faster(tmp_path: Path, li: VirtualCard, wants: bool) -> None:
    device = VirtualIdReader(tmp_path / "r", speed=20, baud=9600)
    await device.start()
    driver = SdtIdReader(settings(device.pty.path, probe_bauds=(9600,)), today=lambda: TODAY)
    await driver.open()
    await until(lambda: driver.status.ready)
    does = hands(device, li)
    someone = Technician(lambda text: wants if "baud. Set it" in text else does(text))
    assert await trial(driver, someone)
    assert device.baud == (115200 if wants else 9600)
    last = "The reader now speaks at 115200 baud" if wants else "The reader speaks at 9600 baud. Set it to 115200?"
    assert someone.heard[-1] == last
    await driver.close()
    await device.stop()


def test_masking() -> None:
    card = IdCard(
        kind=CardKind.FOREIGNER_2017,
        name="样本",
        sex="1",
        nation="",
        birth=date(1990, 1, 1),
        address="",
        number="FRA519990010101",
        issuer="5199",
        valid_from=date(2021, 1, 1),
        valid_to=None,
    )
    assert module.masked(card)[0] == (
        "外国人永久居留身份证（2017 版）：样**, FRA**********01, 长期有效",
        "Foreigner-2017 card: 样**, FRA**********01, no last day",
    )
