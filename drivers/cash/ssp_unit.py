"""Which SSP unit is on the line, and whether it is one that we can use."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from drivers.cash.port import Note
from drivers.cash.ssp_channel import SspChannel
from drivers.cash.ssp_messages import Command, Setup
from drivers.cash.ssp_settings import SspSettings
from drivers.link.stream import LinkLost


class UnitFault(LinkLost):
    """The unit speaks, but this driver cannot use it: a technician must come."""


@dataclass(frozen=True)
class SspUnit:
    """`channels`: the notes it takes, by the number it has for them."""

    identity: str
    channels: Mapping[int, Note]

    @property
    def notes(self) -> tuple[Note, ...]:
        """Cheapest first."""
        return tuple(sorted(set(self.channels.values()), key=lambda note: note.value))


async def recognise(channel: SspChannel, settings: SspSettings) -> SspUnit:
    """Ask the unit what it is. LinkLost; UnitFault if it is not what `settings` expect."""
    reply = await channel.ask(Command.SETUP_REQUEST)
    setup = Setup.from_data(reply.data) if reply.ok else None
    if setup is None:
        raise UnitFault("unit gives no set-up of a banknote validator")
    if setup.country != settings.currency:
        raise UnitFault(f"unit is set up for {setup.country}, not {settings.currency}")
    used = [each for each in setup.channels if each.value and each.currency == settings.currency]
    if not used:
        raise UnitFault(f"unit takes no {settings.currency}")
    for each in used:
        if each.value not in settings.denominations:
            raise UnitFault(f"channel {each.number} has the impossible value {each.value}")
    identity = f"ITL SSP unit type {setup.unit_type}, firmware {setup.firmware}"
    serial = await channel.ask(Command.SERIAL_NUMBER)
    if serial.ok and len(serial.data) == 4:
        identity += f", serial number {int.from_bytes(serial.data, 'big')}"
    return SspUnit(identity, {each.number: Note(each.value, each.currency) for each in used})
