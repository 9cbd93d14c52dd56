"""Trying an ID card reader out: which SAM it is, and one card read and lifted."""

from __future__ import annotations

from drivers.id_reader.driver import SdtIdReader
from drivers.id_reader.port import IdCard, IdReader, ReadFault
from drivers.trial import Console

CARD_S = 30.0  # for laying a card on the reader
LOOK_S = 1.0  # for looking whether one still lies there
FAST_BAUD = 115200

_FAULTS = {
    ReadFault.NO_CARD: "no card was seen",
    ReadFault.CARD_REMOVED: "the card was taken away before it was read",
    ReadFault.UNREADABLE: "the card cannot be read, or what it says makes no sense",
    ReadFault.EXPIRED: "the card was read; it has expired",
    ReadFault.UNSUPPORTED: "a kind of card that this terminal is not set up for",
    ReadFault.READER_LOST: "the reader does not answer",
}


async def trial(device: IdReader, console: Console) -> bool:
    """See `drivers.trial`. Shows of the card what a technician needs to believe it was read, and no more."""
    status = await device.refresh()
    console.say(f"reader: {status.device.value}{', ' + status.detail if status.detail else ''}")
    if not status.ready:
        return False
    console.say(status.identity or "the reader does not say which it is")
    console.say(f"lay a card on the reader, within {CARD_S:.0f} seconds")
    outcome = await device.read_card(CARD_S, lambda: console.say("a card is there; reading it"))
    if isinstance(outcome, ReadFault):
        console.say(_FAULTS[outcome])
        return False
    for line in masked(outcome):
        console.say(line)
    if not await _lifted(device, console):
        return False
    return await _faster(device, console)


def masked(card: IdCard) -> list[str]:
    """What may be shown of a card: 王**, 519***********0017."""
    ends = 4 if len(card.number) == 18 else 2
    number = card.number[:3] + "*" * (len(card.number) - 3 - ends) + card.number[-ends:]
    validity = "no last day" if card.valid_to is None else "valid"
    read = [f"photo of {len(card.photo)} bytes"]
    if card.fingerprint:
        read.append(f"fingerprints of {len(card.fingerprint)} bytes")
    if card.new_address:
        read.append("a new address")
    return [f"{card.kind.value} card: {card.name[0]}**, {number}, {validity}", "read with it: " + ", ".join(read)]


async def _lifted(device: IdReader, console: Console) -> bool:
    if not await console.ask("Take the card off the reader. Is it off?"):
        console.say("a card must be lifted before the next one is read")
        return False
    outcome = await device.read_card(LOOK_S)
    if outcome is ReadFault.NO_CARD:
        console.say("the reader sees that the card is gone")
        return True
    console.say("the reader still sees a card" if isinstance(outcome, IdCard) else _FAULTS[outcome])
    return False


async def _faster(device: IdReader, console: Console) -> bool:
    """Offer to set a slow reader to the fastest speed: at 9600 a card takes over a second longer."""
    if not isinstance(device, SdtIdReader) or device.baud == FAST_BAUD:
        return True
    if not await console.ask(f"The reader speaks at {device.baud} baud. Set it to {FAST_BAUD}?"):
        return True
    if await device.set_speed(FAST_BAUD):
        console.say(f"the reader now speaks at {FAST_BAUD} baud")
    else:
        console.say(f"the reader stays at {device.baud} baud, at which it works too")
    return (await device.refresh()).ready
