"""Trying a banknote acceptor out: a note is fed, named and given back."""

from __future__ import annotations

import asyncio

from drivers.cash.port import CashAcceptor, CashEvent, CashEventKind
from drivers.trial import Console

PATIENCE_S = 60.0  # for a note
RETURN_S = 20.0  # for the note to come out


async def trial(device: CashAcceptor, console: Console, patience_s: float = PATIENCE_S) -> bool:
    """No note stays in the unit. True: one was recognised and came out again."""
    status = device.status
    if not status.ready:
        console.say(f"Not ready: {status.device.value}. {status.detail}")
        return False
    if status.identity:
        console.say(status.identity)
    yuan = ", ".join(_yuan(note.value) for note in device.notes)
    console.say(f"Takes {yuan}.")
    if not await device.enable([note.value for note in device.notes]):
        console.say("It does not let itself be enabled.")
        return False
    try:
        console.say(f"Feed a note now ({patience_s:.0f} s). It will be given back.")
        return await _in_and_out(device, console, patience_s)
    finally:
        await device.disable()


async def _in_and_out(device: CashAcceptor, console: Console, patience_s: float) -> bool:
    escrowed = await _first_of(device, console, patience_s, CashEventKind.ESCROWED)
    if escrowed is None or escrowed.note is None:
        console.say("No note was recognised.")
        return False
    console.say(f"It sees a note of {_yuan(escrowed.note.value)}.")
    if not await device.give_back():
        console.say("The note is gone.")
        return False
    if await _first_of(device, console, RETURN_S, CashEventKind.RETURNED) is None:
        console.say("It does not say that the note came out.")
        return False
    console.say("It says that the note is out.")
    return await console.ask("Is the note out, and is it the one it named?")


async def _first_of(device: CashAcceptor, console: Console, patience_s: float, kind: CashEventKind) -> CashEvent | None:
    """The next event of `kind`, telling of all others; None when it takes too long. A STACKED one would be news from
    before, and is said aloud: it is somebody's money."""
    try:
        async with asyncio.timeout(patience_s):
            while True:
                event = await device.next_event()
                if event.kind is kind:
                    return event
                value = f" {_yuan(event.note.value)}" if event.note else ""
                console.say(f"Event: {event.kind.value}{value}{' (late)' if event.late else ''}")
                if event.kind is CashEventKind.LOST:
                    return None
    except TimeoutError:
        return None


def _yuan(fen: int) -> str:
    return f"{fen // 100} yuan" if fen % 100 == 0 else f"{fen // 100}.{fen % 100:02d} yuan"
