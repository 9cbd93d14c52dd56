from __future__ import annotations

from collections.abc import Callable

from drivers.smart_card.port import SmartCardFault, SocialSecurityCard
from drivers.smart_card.trial import trial
from drivers.status import DeviceState, DeviceStatus
from drivers.trial import NOT_READY
from tests.drivers.technician.bilingual import english

CARD = SocialSecurityCard("519999199001010017", "张示范", "1", valid_to="20360101")


class Console:
    def __init__(self) -> None:
        self.said: list[str] = []

    def say(self, zh: str, en: str) -> None:
        self.said += [zh, english(zh, en)]

    async def ask(self, zh: str, en: str) -> bool:
        raise AssertionError("nothing to ask")


class Reader:
    def __init__(self, outcome: SocialSecurityCard | SmartCardFault, state: DeviceState = DeviceState.ONLINE) -> None:
        self.outcome = outcome
        self.status = DeviceStatus(state, identity="ACS ACR39U 00 00")

    async def open(self) -> None: ...

    async def close(self) -> None: ...

    async def refresh(self) -> DeviceStatus:
        return self.status

    async def read_card(
        self, timeout_s: float, on_found: Callable[[], None] | None = None
    ) -> SocialSecurityCard | SmartCardFault:
        if on_found is not None and isinstance(self.outcome, SocialSecurityCard):
            on_found()
        return self.outcome


async def test_a_card_is_shown_masked() -> None:
    console = Console()
    assert await trial(Reader(CARD), console)
    text = "\n".join(console.said)
    assert "张**, 51**************17" in text
    assert "sex, last day" in text
    assert CARD.number not in text
    assert "示范" not in text


async def test_every_fault_has_a_sentence() -> None:
    for fault in SmartCardFault:
        console = Console()
        assert not await trial(Reader(fault), console)
        assert len(console.said) == 4


async def test_no_reader() -> None:
    console = Console()
    assert not await trial(Reader(CARD, DeviceState.NO_DEVICE), console)
    assert console.said == [*NOT_READY]
