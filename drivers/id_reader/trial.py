"""Trying an ID card reader out: which SAM it is, and one card read and lifted."""

from __future__ import annotations

from drivers.id_reader.driver import SdtIdReader
from drivers.id_reader.port import CardKind, IdCard, IdReader, ReadFault
from drivers.trial import NOT_READY, Console

CARD_S = 30.0  # for laying a card on the reader
LOOK_S = 1.0  # for looking whether one still lies there
FAST_BAUD = 115200

_FAULTS = {
    ReadFault.NO_CARD: ("没有看到卡", "No card was seen"),
    ReadFault.CARD_REMOVED: ("没读完卡就拿走了", "The card was taken away before it was read"),
    ReadFault.UNREADABLE: ("卡读不出来，或内容不对", "The card cannot be read, or what it says makes no sense"),
    ReadFault.EXPIRED: ("读到了，但卡已过期", "The card was read; it has expired"),
    ReadFault.UNSUPPORTED: ("本机没有设成收这种卡", "A kind of card that this terminal is not set up for"),
    ReadFault.READER_LOST: ("读卡器没有反应", "The reader does not answer"),
}
_KINDS = {
    CardKind.RESIDENT: "居民身份证",
    CardKind.HMT_RESIDENCE: "港澳台居民居住证",
    CardKind.FOREIGNER_2017: "外国人永久居留身份证（2017 版）",
    CardKind.FOREIGNER_2023: "外国人永久居留身份证（2023 版）",
}


async def trial(device: IdReader, console: Console) -> bool:
    """See `drivers.trial`. Shows of the card what a technician needs to believe it was read, and no more."""
    if not (await device.refresh()).ready:
        console.say(*NOT_READY)
        return False
    console.say(f"请在 {CARD_S:.0f} 秒内放上一张身份证", f"Lay a card on the reader within {CARD_S:.0f} s")
    outcome = await device.read_card(CARD_S, lambda: console.say("看到卡了，正在读", "A card is there; reading it"))
    if isinstance(outcome, ReadFault):
        console.say(*_FAULTS[outcome])
        return False
    for zh, en in masked(outcome):
        console.say(zh, en)
    if not await _lifted(device, console):
        return False
    return await _faster(device, console)


def masked(card: IdCard) -> list[tuple[str, str]]:
    """What may be shown of a card: 王**, 519***********0017."""
    ends = 4 if len(card.number) == 18 else 2
    number = card.number[:3] + "*" * (len(card.number) - 3 - ends) + card.number[-ends:]
    who = f"{card.name[0]}**, {number}"
    zh, en = [f"照片 {len(card.photo)} 字节"], [f"photo of {len(card.photo)} bytes"]
    if card.fingerprint:
        zh.append(f"指纹 {len(card.fingerprint)} 字节")
        en.append(f"fingerprints of {len(card.fingerprint)} bytes")
    if card.new_address:
        zh.append("追加住址")
        en.append("a new address")
    lasts = ("长期有效", "no last day") if card.valid_to is None else ("有效", "valid")
    return [
        (f"{_KINDS[card.kind]}：{who}, {lasts[0]}", f"{card.kind.value.capitalize()} card: {who}, {lasts[1]}"),
        (f"一起读到：{'、'.join(zh)}", f"Read with it: {', '.join(en)}"),
    ]


async def _lifted(device: IdReader, console: Console) -> bool:
    if not await console.ask("请把卡拿走。拿走了吗？", "Take the card off the reader. Is it off?"):
        console.say("要先拿走卡，才能读下一张", "A card must be lifted before the next one is read")
        return False
    outcome = await device.read_card(LOOK_S)
    if outcome is ReadFault.NO_CARD:
        console.say("读卡器看到卡已拿走", "The reader sees that the card is gone")
        return True
    if isinstance(outcome, IdCard):
        console.say("读卡器仍看到卡", "The reader still sees a card")
    else:
        console.say(*_FAULTS[outcome])
    return False


async def _faster(device: IdReader, console: Console) -> bool:
    """Offer to set a slow reader to the fastest speed: at 9600 a card takes over a second longer."""
    if not isinstance(device, SdtIdReader) or device.baud == FAST_BAUD:
        return True
    if not await console.ask(
        f"读卡器波特率是 {device.baud}。改成 {FAST_BAUD} 吗？",
        f"The reader speaks at {device.baud} baud. Set it to {FAST_BAUD}?",
    ):
        return True
    if await device.set_speed(FAST_BAUD):
        console.say(f"波特率已改成 {FAST_BAUD}", f"The reader now speaks at {FAST_BAUD} baud")
    else:
        console.say(
            f"波特率仍是 {device.baud}，也能用", f"The reader stays at {device.baud} baud, at which it works too"
        )
    return (await device.refresh()).ready
