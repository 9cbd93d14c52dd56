"""Trying a smart card reader out: `menkou devices test smart_card`."""

from __future__ import annotations

from drivers.smart_card.port import SmartCardFault, SmartCardReader, SocialSecurityCard
from drivers.trial import Console

PATIENCE_S = 20.0

_SAID = {
    SmartCardFault.NO_CARD: "没有插卡 no card was inserted",
    SmartCardFault.CARD_REMOVED: "卡拔早了 the card was taken out too early",
    SmartCardFault.UNREADABLE: "读不出来：触点脏、卡插反或卡坏 cannot be read: dirty, the wrong way round, or broken",
    SmartCardFault.NOT_SUPPORTED: "不是可直接读取的社保卡 not a social security card that can be read without keys",
    SmartCardFault.READER_LOST: "读卡器没有反应 the reader does not answer",
}


async def trial(device: SmartCardReader, console: Console) -> bool:
    """Reads one card and shows it masked."""
    status = await device.refresh()
    if not status.ready:
        console.say(f"读卡器不可用 the reader cannot be used: {status.device.value} {status.detail}")
        return False
    console.say(f"读卡器 reader: {status.identity}")
    console.say("请插入一张社保卡，芯片朝上 Please insert a social security card, chip up")
    outcome = await device.read_card(PATIENCE_S, lambda: console.say("正在读取 reading"))
    if isinstance(outcome, SmartCardFault):
        status = device.status
        console.say(f"{_SAID[outcome]} {status.detail}".rstrip())
        return False
    console.say(_masked(outcome))
    return True


def _masked(card: SocialSecurityCard) -> str:
    """Enough to see that it is this card, too little to know whose it is."""
    known = [name for name in ("sex", "nation", "card_number", "valid_to") if getattr(card, name)]
    return (
        f"读到了 read: {card.name[:1]}{'*' * (len(card.name) - 1)}, {card.number[:2]}{'*' * 14}{card.number[-2:]}; "
        f"还有 also: {', '.join(known) or '-'}"
    )
