"""Trying a smart card reader out: `menkou devices test smart_card`."""

from __future__ import annotations

from drivers.smart_card.port import SmartCardFault, SmartCardReader, SocialSecurityCard
from drivers.trial import NOT_READY, Console, in_brackets

PATIENCE_S = 20.0

_SAID = {
    SmartCardFault.NO_CARD: ("没有插卡", "No card was inserted"),
    SmartCardFault.CARD_REMOVED: ("卡拔早了", "The card was taken out too early"),
    SmartCardFault.UNREADABLE: (
        "读不出来：触点脏、卡插反或卡坏",
        "It cannot be read: dirty, the wrong way round, or broken",
    ),
    SmartCardFault.NOT_SUPPORTED: (
        "不是可直接读取的社保卡",
        "Not a social security card that can be read without keys",
    ),
    SmartCardFault.READER_LOST: ("读卡器没有反应", "The reader does not answer"),
}
_FIELDS = {
    "sex": ("性别", "sex"),
    "nation": ("民族", "nation"),
    "card_number": ("卡号", "card number"),
    "valid_to": ("有效期", "last day"),
}


async def trial(device: SmartCardReader, console: Console) -> bool:
    """Reads one card and shows it masked."""
    if not (await device.refresh()).ready:
        console.say(*NOT_READY)
        return False
    console.say(
        f"请在 {PATIENCE_S:.0f} 秒内插入一张社保卡，芯片朝上",
        f"Insert a social security card, chip up, within {PATIENCE_S:.0f} s",
    )
    outcome = await device.read_card(PATIENCE_S, lambda: console.say("正在读取", "Reading"))
    if isinstance(outcome, SmartCardFault):
        zh, en = _SAID[outcome]
        console.say(zh, en + in_brackets(device.status.detail))
        return False
    console.say(*_masked(outcome))
    return True


def _masked(card: SocialSecurityCard) -> tuple[str, str]:
    """Enough to see that it is this card, too little to know whose it is."""
    known = [words for name, words in _FIELDS.items() if getattr(card, name)]
    who = f"{card.name[:1]}{'*' * (len(card.name) - 1)}, {card.number[:2]}{'*' * 14}{card.number[-2:]}"
    return (
        f"读到了：{who}；还有：{'、'.join(zh for zh, _ in known) or '无'}",
        f"Read: {who}; also: {', '.join(en for _, en in known) or 'nothing'}",
    )
