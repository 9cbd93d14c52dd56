"""`menkou devices test receipt_printer` with a scripted technician."""

from __future__ import annotations

import pytest

from drivers.receipt_printer.trial import trial
from drivers.virtual.receipt_printer import VirtualReceiptPrinter
from tests.drivers.technician.bilingual import english

from .conftest import Driver


class Technician:
    def __init__(self, *answers: bool) -> None:
        self.said: list[str] = []
        self.asked: list[str] = []
        self._answers = list(answers)

    def say(self, zh: str, en: str) -> None:
        self.said.append(english(zh, en))

    async def ask(self, zh: str, en: str) -> bool:
        self.asked.append(english(zh, en))
        return self._answers.pop(0)


async def test_good_slip(device: VirtualReceiptPrinter, driver: Driver) -> None:
    technician = Technician(True, True)
    assert await trial(driver(), technician)
    assert technician.said == [
        "Test slip: printed",
        "Cuts so far: 1",
    ]
    [slip] = device.slips
    assert "测试凭条" in slip.text
    assert "生僻字" not in slip.text, "rare characters come out as dots"
    assert slip.text.count("[image 576x30]") == 1


@pytest.mark.parametrize("answers", [(False,), (True, False)])
async def test_bad_slip(device: VirtualReceiptPrinter, driver: Driver, answers: tuple[bool, ...]) -> None:
    assert not await trial(driver(), Technician(*answers))


async def test_open_cover(device: VirtualReceiptPrinter, driver: Driver) -> None:
    await device.open_cover()
    technician = Technician()
    assert not await trial(driver(), technician)
    assert technician.said[-1] == "Test slip: cover-open (cover-open, offline)"
