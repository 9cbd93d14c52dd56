"""Trying a card terminal out: `menkou devices test card_terminal`."""

from __future__ import annotations

from drivers.card_terminal.port import CardOutcome, CardPrompt, CardTerminal, Diagnosable
from drivers.status import DeviceState
from drivers.trial import Console

FEN = 1  # the smallest payment there is

_PROMPTS = {
    CardPrompt.INSERT_CARD: "insert or hold the card",
    CardPrompt.ENTER_PIN: "enter the PIN",
    CardPrompt.WRONG_PIN: "wrong PIN",
    CardPrompt.REMOVE_CARD: "take the card",
    CardPrompt.WAIT: "the terminal asks the bank",
    CardPrompt.APPROVED: "approved",
    CardPrompt.DECLINED: "declined",
}


async def trial(device: CardTerminal, console: Console) -> bool:
    """Registration and the way to the bank; if the technician agrees, 0.01 yuan are taken and given back."""
    status = await device.refresh()
    console.say(f"Status: {status.device.value} {status.detail}".rstrip())
    if status.device is not DeviceState.ONLINE:
        return False
    console.say(f"Registered: {status.identity or 'the terminal does not say who it is'}")
    if isinstance(device, Diagnosable):
        reached = await device.diagnose()
        console.say("The terminal reached its bank" if reached else "The terminal did not reach its bank")
        if not reached:
            return False
    if not await console.ask("Take 0.01 yuan from a card that you hold, and give it back?"):
        console.say("No payment tried")
        return True
    return await _pay_and_give_back(device, console)


async def _pay_and_give_back(device: CardTerminal, console: Console) -> bool:
    paid = await device.pay(FEN, lambda prompt: console.say(f"Terminal: {_PROMPTS[prompt]}"))
    console.say(f"Payment: {paid.outcome.value}")
    if paid.outcome is CardOutcome.UNKNOWN:
        found = await device.last_result()
        console.say(f"Asked again: {found.outcome.value if found is not None else 'the terminal cannot tell'}")
        if found is None:
            console.say("Compare the terminal's own slips: 0.01 yuan may have been taken")
            return False
        paid = found
    if paid.outcome in (CardOutcome.ABORTED, CardOutcome.DECLINED):
        return True  # nothing was taken, and the terminal said so
    if paid.outcome is not CardOutcome.APPROVED or paid.receipt is None:
        return False
    back = await device.reverse(paid.receipt)
    console.say(f"Given back: {back.outcome.value} (receipt {paid.receipt:04d})")
    return back.outcome is CardOutcome.APPROVED
