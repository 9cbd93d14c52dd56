"""The worked exchange of the protocol notes, byte for byte: our codec against it, and the virtual card against it."""

from __future__ import annotations

import pytest

from drivers.smart_card import records
from drivers.smart_card.apdu import Command, Response, read_by_identifier, read_by_number, select_by_name, select_file
from drivers.smart_card.card_layout import CardLayout
from drivers.smart_card.card_reading import CardReading
from drivers.smart_card.port import SocialSecurityCard
from drivers.virtual.social_security_card import Holder, social_security_card

SELECT_SSSE = "00A404000F7378312E73682EC9E7BBE1B1A3D5CF"
SELECT_EF05 = "00A4020002EF05"
SELECT_EF06 = "00A4020002EF06"
READ_NUMBER = "00B2080014"
READ_NAME = "00B2090020"
NUMBER_519999 = "0812 353139393939313939303031303130303137 9000"
NUMBER_SAMPLE = "0812 313130313035313934393132333130303258 9000"  # GB 11643's published example
NAME = "091E B2E2CAD4" + "00" * 26 + "9000"  # 测试

LAYOUT = CardLayout()


def test_commands() -> None:
    assert select_by_name(LAYOUT.environment).to_bytes() == bytes.fromhex(SELECT_SSSE)
    assert select_file(LAYOUT.holder_file).to_bytes() == bytes.fromhex(SELECT_EF06)
    assert select_file(LAYOUT.issuer_file).to_bytes() == bytes.fromhex(SELECT_EF05)
    assert read_by_identifier(LAYOUT.number.identifier, LAYOUT.number.le).to_bytes() == bytes.fromhex(READ_NUMBER)
    assert read_by_identifier(LAYOUT.name.identifier, LAYOUT.name.le).to_bytes() == bytes.fromhex(READ_NAME)
    assert read_by_number(1).to_bytes() == bytes.fromhex("00B2010400")


@pytest.mark.parametrize(
    ("answer", "number"), [(NUMBER_519999, "519999199001010017"), (NUMBER_SAMPLE, "11010519491231002X")]
)
def test_number(answer: str, number: str) -> None:
    response = Response.from_bytes(bytes.fromhex(answer))
    assert response.sw == 0x9000
    value = records.value_of(LAYOUT.number, response.data)
    assert value is not None
    assert records.citizen_number(value) == number


def test_name() -> None:
    value = records.value_of(LAYOUT.name, Response.from_bytes(bytes.fromhex(NAME)).data)
    assert value is not None
    assert len(value) == 30
    assert records.name(value) == "测试"


@pytest.mark.parametrize("number", [NUMBER_519999, NUMBER_SAMPLE])
async def test_whole_exchange(number: str) -> None:
    """The card of the notes: it knows these four commands and nothing else."""
    card = {SELECT_SSSE: "9000", SELECT_EF06: "9000", READ_NUMBER: number, READ_NAME: NAME}
    asked: list[str] = []

    async def transmit(command: Command) -> Response:
        asked.append(command.to_bytes().hex().upper())
        return Response.from_bytes(bytes.fromhex(card.get(asked[-1], "6A83")))

    read = await CardReading(transmit, LAYOUT).holder()
    assert isinstance(read, SocialSecurityCard)
    assert read.number == bytes.fromhex(number)[2:20].decode()
    assert (read.name, read.sex, read.nation, read.valid_to) == ("测试", "", "", "")
    order = [command for command in asked if command in card]
    assert order == [SELECT_SSSE, SELECT_EF06, READ_NUMBER, READ_NAME]


@pytest.mark.parametrize(
    ("number", "answer"), [("519999199001010017", NUMBER_519999), ("11010519491231002X", NUMBER_SAMPLE)]
)
def test_the_virtual_card_says_the_same(number: str, answer: str) -> None:
    chip = social_security_card(Holder(number, "测试", "1"), t0=False)
    chip.power_on()
    exchange = {SELECT_SSSE: "9000", SELECT_EF06: "9000", READ_NUMBER: answer, READ_NAME: NAME}
    for command, expected in exchange.items():
        assert chip.exchange(bytes.fromhex(command)) == bytes.fromhex(expected), command
