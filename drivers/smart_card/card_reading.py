"""The conversation with a social security card, over anything that carries command and response units."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from drivers.smart_card import records
from drivers.smart_card.apdu import (
    Command,
    Response,
    Sw,
    get_response,
    read_by_identifier,
    read_by_number,
    select_by_name,
    select_file,
)
from drivers.smart_card.card_layout import CardLayout, Item
from drivers.smart_card.port import SmartCardFault, SocialSecurityCard

Transmit = Callable[[Command], Awaitable[Response]]

MOST_CHAINED = 8  # 61xx in a row: a card that always has more to say is none of ours
MOST_RECORDS = 16  # read by number in one file

_OTHER_CARD = frozenset(
    {
        Sw.SECURITY_STATUS,
        Sw.AUTHENTICATION_BLOCKED,
        Sw.CONDITIONS,
        Sw.FUNCTION_NOT_SUPPORTED,
        Sw.FILE_NOT_FOUND,
        Sw.RECORD_NOT_FOUND,
        Sw.WRONG_P1_P2,
        Sw.INS_NOT_SUPPORTED,
        Sw.CLA_NOT_SUPPORTED,
        0x6283,  # the file, or the card, was shut down
        0x6285,
    }
)
_NOT_BY_IDENTIFIER = frozenset(
    {
        Sw.FUNCTION_NOT_SUPPORTED,
        Sw.RECORD_NOT_FOUND,
        Sw.WRONG_P1_P2,
        Sw.REFERENCE_NOT_FOUND,
        Sw.OFFSET_OUTSIDE,
    }
)


class _Refused(Exception):
    """The card said no; `sw` says why."""

    def __init__(self, sw: int) -> None:
        super().__init__(f"{sw:04X}")
        self.sw = sw


class CardReading:
    """Reads one card once. Whatever `transmit` raises passes through."""

    def __init__(self, transmit: Transmit, layout: CardLayout) -> None:
        self._transmit = transmit
        self._layout = layout
        self._by_number: dict[int, bytes] | None = None  # of the file that is selected
        self.refusal = ""  # the status word that ended it, for the technician

    async def holder(self) -> SocialSecurityCard | SmartCardFault:
        layout = self._layout
        try:
            await self._select(select_by_name(layout.environment))
            issuer = await self._issuer()
            await self._select(select_file(layout.holder_file))
            number = await self._item(layout.number)
            name = await self._item(layout.name)
            sex = await self._item(layout.sex, must=False)
            nation = await self._item(layout.nation, must=False)
        except _Refused as refused:
            self.refusal = f"{refused.sw:04X}"
            return SmartCardFault.NOT_SUPPORTED if refused.sw in _OTHER_CARD else SmartCardFault.UNREADABLE
        card = SocialSecurityCard(
            number=records.citizen_number(number),
            name=records.name(name),
            sex=records.sex(sex),
            nation=records.nation(nation),
            card_number=records.card_number(issuer.get(layout.card_number, b"")),
            valid_to=records.day(issuer.get(layout.valid_to, b"")),
        )
        return card if card.number and card.name else SmartCardFault.UNREADABLE

    async def _issuer(self) -> dict[Item, bytes]:
        """Of the card itself; a card that keeps it shut still names its holder."""
        layout = self._layout
        try:
            await self._select(select_file(layout.issuer_file))
        except _Refused:
            return {}
        return {item: await self._item(item, must=False) for item in (layout.valid_to, layout.card_number)}

    async def _select(self, command: Command) -> None:
        self._by_number = None
        response = await self._ask(command)
        if not response.fine:
            raise _Refused(response.sw)

    async def _item(self, item: Item, *, must: bool = True) -> bytes:
        """The item's value, by its identifier, else from all records of the file; empty when it may be missing."""
        response = await self._ask(read_by_identifier(item.identifier, item.le))
        if response.fine and (value := records.value_of(item, response.data)) is not None:
            return value
        if response.fine or response.sw in _NOT_BY_IDENTIFIER:
            value = (await self._all_records()).get(item.identifier)
            if value is not None:
                return value
        if must:
            raise _Refused(Sw.RECORD_NOT_FOUND if response.fine else response.sw)
        return b""

    async def _all_records(self) -> dict[int, bytes]:
        if self._by_number is None:
            self._by_number = {}
            for number in range(1, MOST_RECORDS + 1):
                response = await self._ask(read_by_number(number))
                if not response.fine:
                    break
                for identifier, value in records.parse_records(response.data).items():
                    self._by_number.setdefault(identifier, value)
        return self._by_number

    async def _ask(self, command: Command) -> Response:
        """The whole answer. T=0 cards say 61xx when they hold it ready and 6Cxx when they want to be asked for xx."""
        response = await self._transmit(command)
        if response.sw1 == 0x6C:
            response = await self._transmit(_with_le(command, response.sw2))
        elif response.sw == Sw.WRONG_LENGTH and command.le is not None:
            response = await self._transmit(_with_le(command, 0))
        data = response.data
        for _ in range(MOST_CHAINED):
            if response.sw1 != 0x61:
                break
            response = await self._transmit(get_response(response.sw2))
            if response.sw1 == 0x6C:
                response = await self._transmit(get_response(response.sw2))
            data += response.data
        return Response(data, response.sw)


def _with_le(command: Command, le: int) -> Command:
    return Command(command.ins, command.p1, command.p2, command.data, le or 256)
