"""Trying a card terminal out: `menkou devices test card_terminal`."""

from __future__ import annotations

from drivers.card_terminal.port import CardOutcome, CardPrompt, CardTerminal, Diagnosable
from drivers.status import DeviceState
from drivers.trial import NOT_READY, Console

FEN = 1  # the smallest payment there is

_PROMPTS = {
    CardPrompt.INSERT_CARD: ("请插卡或挥卡", "insert or hold the card"),
    CardPrompt.ENTER_PIN: ("请输密码", "enter the PIN"),
    CardPrompt.WRONG_PIN: ("密码不对", "wrong PIN"),
    CardPrompt.REMOVE_CARD: ("请取卡", "take the card"),
    CardPrompt.WAIT: ("正在问银行", "the terminal asks the bank"),
    CardPrompt.APPROVED: ("银行同意", "approved"),
    CardPrompt.DECLINED: ("银行拒绝", "declined"),
}
_OUTCOMES = {
    CardOutcome.APPROVED: "成功",
    CardOutcome.DECLINED: "银行拒绝",
    CardOutcome.ABORTED: "已取消",
    CardOutcome.NOT_POSSIBLE: "做不了",
    CardOutcome.UNKNOWN: "不明",
}


async def trial(device: CardTerminal, console: Console) -> bool:
    """The way to the bank; if the technician agrees, 0.01 yuan are taken and given back."""
    status = await device.refresh()
    if status.device is not DeviceState.ONLINE:
        console.say(*NOT_READY)
        return False
    if isinstance(device, Diagnosable):
        if not await device.diagnose():
            console.say("卡机连不上银行", "The terminal did not reach its bank")
            return False
        console.say("卡机连上了银行", "The terminal reached its bank")
    if not await console.ask(
        "用您手里的卡扣 0.01 元，再退回，可以吗？", "Take 0.01 yuan from a card that you hold, and give it back?"
    ):
        console.say("没有试扣款", "No payment tried")
        return True
    return await _pay_and_give_back(device, console)


async def _pay_and_give_back(device: CardTerminal, console: Console) -> bool:
    def prompted(prompt: CardPrompt) -> None:
        zh, en = _PROMPTS[prompt]
        console.say(f"卡机：{zh}", f"Terminal: {en}")

    paid = await device.pay(FEN, prompted)
    console.say(f"扣款：{_OUTCOMES[paid.outcome]}", f"Payment: {paid.outcome.value}")
    if paid.outcome is CardOutcome.UNKNOWN:
        found = await device.last_result()
        if found is None:
            console.say("又问了一次：卡机说不清", "Asked again: the terminal cannot tell")
            console.say(
                "请核对卡机自己的凭条：可能扣了 0.01 元",
                "Compare the terminal's own slips: 0.01 yuan may have been taken",
            )
            return False
        console.say(f"又问了一次：{_OUTCOMES[found.outcome]}", f"Asked again: {found.outcome.value}")
        paid = found
    if paid.outcome in (CardOutcome.ABORTED, CardOutcome.DECLINED):
        return True  # nothing was taken, and the terminal said so
    if paid.outcome is not CardOutcome.APPROVED or paid.receipt is None:
        return False
    back = await device.reverse(paid.receipt)
    console.say(
        f"退回：{_OUTCOMES[back.outcome]}（凭证号 {paid.receipt:04d}）",
        f"Given back: {back.outcome.value} (receipt {paid.receipt:04d})",
    )
    return back.outcome is CardOutcome.APPROVED
