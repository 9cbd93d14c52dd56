"""What a terminal's codes mean for the resident and for the staff, PA00P015 chapters "Error-Messages" and "Intermediate
Status"."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from drivers.card_terminal.port import CardOutcome, CardPrompt
from drivers.status import Action, DeviceState

WRONG_CURRENCY, PLEASE_WAIT, NOT_READY, NOT_REGISTERED, BY_KEY_OR_TIME = 0x6F, 0x9C, 0xA0, 0x6B, 0x6C

_AND_REMOVE_CARD = 0x40  # added to a code: the same, and the card may be taken
_PROMPTS: Mapping[int, CardPrompt] = {
    **dict.fromkeys((0x0A, 0x2A), CardPrompt.INSERT_CARD),
    **dict.fromkeys((0x01, 0x02), CardPrompt.ENTER_PIN),
    **dict.fromkeys((0x04, 0x05, 0x06, 0x0E, 0x0F, 0x17, 0x28, 0x29, 0x2B, 0x2C), CardPrompt.WAIT),
    **dict.fromkeys((0x5E, 0x68, 0x6D, 0xC9, 0xCA, 0xD2, 0xD3), CardPrompt.WAIT),
    0x0B: CardPrompt.REMOVE_CARD,
    0x15: CardPrompt.WRONG_PIN,
    **dict.fromkeys((0x1B, 0x1C), CardPrompt.APPROVED),
    **dict.fromkeys((0x03, 0x07, 0x08, 0x09, 0x10, 0x13, 0x14, 0x16, 0x18, 0x1D), CardPrompt.DECLINED),
}
_KEEPS_ITS_SENTENCE = frozenset({CardPrompt.APPROVED, CardPrompt.DECLINED, CardPrompt.WRONG_PIN})


def prompts(code: int) -> tuple[CardPrompt, ...]:
    """What an intermediate status asks of the resident, in order; nothing for codes that ask nothing."""
    if code in _PROMPTS:
        return (_PROMPTS[code],)
    if 0x41 <= code <= 0x67:
        said = _PROMPTS.get(code - _AND_REMOVE_CARD)
        before = (said,) if said in _KEEPS_ITS_SENTENCE and said is not None else ()
        return (*before, CardPrompt.REMOVE_CARD)
    return ()


# The bank's own codes (below 64) and what is wrong with the card.
_DECLINED = frozenset(
    {*range(0x01, 0x64), 0x64, 0x65, 0x67, 0x68, 0x6E, 0x71, 0x72, 0x73, 0x76}
    | {0x78, 0x79, 0x7A, 0x7B, 0x7C, 0x7E, 0xC3, 0xC5, 0xC8, 0xC9, 0xD2, 0xEA, 0xEC}
)


def outcome(code: int) -> CardOutcome:
    """How a payment ended that the terminal gave up with `code` (06 1E): nothing was taken."""
    if code == BY_KEY_OR_TIME:
        return CardOutcome.ABORTED
    return CardOutcome.DECLINED if code in _DECLINED else CardOutcome.NOT_POSSIBLE


class Remedy(Enum):
    """What the driver can do by itself."""

    REGISTER = "register"
    DIAGNOSE = "diagnose"
    WAIT = "wait"


@dataclass(frozen=True)
class Trouble:
    """Why the terminal takes no payments although it answers."""

    device: DeviceState
    action: Action
    detail: str
    remedy: Remedy | None = None


_OURS = Action.RESET  # no one has to come
_TROUBLES: Mapping[int, Trouble] = {
    NOT_REGISTERED: Trouble(DeviceState.STARTING, _OURS, "not registered", Remedy.REGISTER),
    WRONG_CURRENCY: Trouble(DeviceState.HARDWARE_ERROR, Action.MAINTENANCE, "does not take this currency"),
    0x6A: Trouble(DeviceState.USER_ERROR, _OURS, "turnover file full: end of day must be handed in"),
    0x77: Trouble(DeviceState.HARDWARE_ERROR, Action.MAINTENANCE, "end of day not possible"),
    0xB2: Trouble(DeviceState.USER_ERROR, _OURS, "journal full: end of day must be handed in"),
    0xC2: Trouble(DeviceState.STARTING, _OURS, "diagnosis required", Remedy.DIAGNOSE),
    0xCC: Trouble(DeviceState.USER_ERROR, Action.CLEAR, "the terminal's printer is not ready"),
    0xDC: Trouble(DeviceState.USER_ERROR, Action.CLEAR, "a card is left in the terminal", Remedy.WAIT),
    0xF0: Trouble(DeviceState.USER_ERROR, _OURS, "open end of day: it must be handed in"),
    0xFA: Trouble(DeviceState.HARDWARE_ERROR, _OURS, "end of day could not be handed in"),
    0xA0: Trouble(DeviceState.BUSY, Action.NONE, "not ready", Remedy.WAIT),
    0x9C: Trouble(DeviceState.BUSY, Action.NONE, "not ready", Remedy.WAIT),
    0xA1: Trouble(DeviceState.HARDWARE_ERROR, _OURS, "the bank does not answer", Remedy.DIAGNOSE),
    0xA3: Trouble(DeviceState.HARDWARE_ERROR, _OURS, "no connection to the bank", Remedy.DIAGNOSE),
    **{
        code: Trouble(DeviceState.HARDWARE_ERROR, Action.MAINTENANCE, detail)
        for code, detail in {
            0x74: "keys used up",
            0x7D: "communication module broken",
            0x85: "key missing",
            0x89: "PIN pad broken",
            0xB1: "memory full",
            0xBF: "supply voltage too low",
            0xC0: "card lock broken",
            0xC1: "merchant card locked",
            0xE2: "card reader broken",
            0xE4: "not activated",
            0xED: "PIN pad broken",
            0xF6: "not personalised",
            0xFC: "a part of the terminal is missing or broken",
        }.items()
    },
    0xFF: Trouble(DeviceState.HARDWARE_ERROR, _OURS, "system error", Remedy.REGISTER),
}


def trouble(code: int | None) -> Trouble | None:
    """What `code` says about the terminal itself; None when it says nothing against it."""
    return None if code is None else _TROUBLES.get(code)
