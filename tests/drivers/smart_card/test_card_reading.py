"""The conversation with cards of all kinds, without reader and pcscd."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from drivers.smart_card.apdu import Command, Response
from drivers.smart_card.card_layout import CardLayout, Item
from drivers.smart_card.card_reading import CardReading
from drivers.smart_card.port import SmartCardFault, SocialSecurityCard
from drivers.virtual.social_security_card import (
    ATR_T0,
    ATR_T1,
    Holder,
    Record,
    VirtualChip,
    bank_card,
    ef05,
    ef06,
    social_security_card,
    third_generation_card,
)

HOLDER = Holder("519999199001010025", "李样本", "2", nation="42", card_number="Z87654321", expiry="20351231")
WHOLE = SocialSecurityCard("519999199001010025", "李样本", "2", "42", "Z87654321", "20351231")


async def read(
    chip: VirtualChip, layout: CardLayout | None = None, sent: list[Command] | None = None
) -> SocialSecurityCard | SmartCardFault:
    async def transmit(command: Command) -> Response:
        if sent is not None:
            sent.append(command)
        return Response.from_bytes(chip.exchange(command.to_bytes()))

    chip.power_on()
    return await CardReading(transmit, layout or CardLayout()).holder()


async def scripted(*answers: str) -> tuple[SocialSecurityCard | SmartCardFault, str, int]:
    """The last answer again and again. Returns the outcome, the refusal and how much was asked."""
    script: Iterator[str] = iter(answers)
    asked = 0
    last = ""

    async def transmit(command: Command) -> Response:
        nonlocal asked, last
        asked += 1
        last = next(script, last)
        return Response.from_bytes(bytes.fromhex(last))

    reading = CardReading(transmit, CardLayout())
    return await reading.holder(), reading.refusal, asked


@pytest.mark.parametrize("t0", [True, False])
async def test_everything_that_is_free(t0: bool) -> None:
    assert await read(social_security_card(HOLDER, t0=t0)) == WHOLE


async def test_a_card_that_knows_records_by_order_only() -> None:
    chip = replace(social_security_card(HOLDER, t0=False), by_number_only=True)
    assert await read(chip) == WHOLE
    assert chip.answers < 40, "each file is gone through once"


async def test_t0_wants_the_right_length() -> None:
    """6Cxx: asked again with xx, as when a region's name has another length."""
    records = tuple(Record(r.identifier, r.value[:8]) if r.identifier == 9 else r for r in ef06(HOLDER))
    sent: list[Command] = []
    card = await read(VirtualChip({0xEF06: records}, atr=ATR_T0, t0=True), sent=sent)
    assert isinstance(card, SocialSecurityCard)
    assert card.name == HOLDER.name
    assert [command.le for command in sent if command.p1 == 9] == [32, 10]


async def test_a_card_without_issuer_data_names_its_holder() -> None:
    chip = VirtualChip({0xEF06: ef06(HOLDER)}, atr=ATR_T1)
    assert await read(chip) == replace(WHOLE, card_number="", valid_to="")


async def test_missing_items_are_empty() -> None:
    chip = VirtualChip({0xEF05: ef05(HOLDER), 0xEF06: ef06(HOLDER)[:2]}, atr=ATR_T1)
    assert await read(chip) == replace(WHOLE, sex="", nation="")


async def test_a_region_with_other_identifiers() -> None:
    moved = tuple(Record(r.identifier + 0x20, r.value) for r in ef06(HOLDER))
    chip = VirtualChip({0xEF05: ef05(HOLDER), 0xEF06: moved}, atr=ATR_T1)
    assert await read(chip) is SmartCardFault.NOT_SUPPORTED
    layout = CardLayout(number=Item(0x28, 18), name=Item(0x29, 30), sex=Item(0x2A, 1), nation=Item(0x2B, 1))
    assert await read(chip, layout) == WHOLE


@pytest.mark.parametrize("chip", [bank_card(), third_generation_card(HOLDER), VirtualChip({0xEF05: ef05(HOLDER)})])
async def test_other_cards(chip: VirtualChip) -> None:
    assert await read(chip) is SmartCardFault.NOT_SUPPORTED


@pytest.mark.parametrize("sw", ["6982", "6985", "6A82", "6A83", "6D00", "6E00", "6283"])
async def test_refusals_of_another_kind_of_card(sw: str) -> None:
    assert await scripted(sw) == (SmartCardFault.NOT_SUPPORTED, sw, 1)


@pytest.mark.parametrize("sw", ["6F00", "6581", "6400", "6999"])
async def test_a_card_in_trouble(sw: str) -> None:
    assert await scripted(sw) == (SmartCardFault.UNREADABLE, sw, 1)


async def test_a_card_that_always_has_more_to_say() -> None:
    outcome, refusal, asked = await scripted("00" * 250 + "61FF")
    assert outcome is SmartCardFault.UNREADABLE
    assert refusal == "61FF"
    assert asked < 12


async def test_a_card_that_always_wants_another_length() -> None:
    outcome, _, asked = await scripted("6C10")
    assert outcome is SmartCardFault.UNREADABLE
    assert asked < 6


async def test_a_card_with_endless_records() -> None:
    """Whatever is asked, there is one more record, and never ours."""
    outcome, _, asked = await scripted("4004DEADBEEF9000")
    assert outcome is SmartCardFault.NOT_SUPPORTED
    assert asked < 60


def test_nothing_of_the_person_in_a_repr() -> None:
    chip = social_security_card(HOLDER)
    for thing in (WHOLE, HOLDER, chip, ef06(HOLDER), Response(b"519999199001010025", 0x9000)):
        shown = repr(thing)
        assert "519999" not in shown
        assert "李" not in shown
