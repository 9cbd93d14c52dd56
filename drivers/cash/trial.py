"""Trying a banknote acceptor out: a note is fed, named and given back."""

from __future__ import annotations

import asyncio

from drivers.cash.port import CashAcceptor, CashEvent, CashEventKind
from drivers.trial import NOT_READY, Console

PATIENCE_S = 60.0  # for a note
RETURN_S = 20.0  # for the note to come out


_EVENTS = {
    CashEventKind.ESCROWED: "纸币暂存",
    CashEventKind.STACKED: "纸币进了钱箱",
    CashEventKind.RETURNED: "纸币退回",
    CashEventKind.REFUSED: "不收，已退出",
    CashEventKind.STACKER_FULL: "钱箱满",
    CashEventKind.JAMMED: "卡钞",
    CashEventKind.FRAUD: "疑似做手脚",
    CashEventKind.CASHBOX_REMOVED: "钱箱被取出",
    CashEventKind.CASHBOX_REPLACED: "钱箱已装回",
    CashEventKind.LOST: "纸币器断开",
}


async def trial(device: CashAcceptor, console: Console, patience_s: float = PATIENCE_S) -> bool:
    """No note stays in the unit. True: one was recognised and came out again."""
    if not device.status.ready:
        console.say(*NOT_READY)
        return False
    values = [_yuan(note.value) for note in device.notes]
    console.say(f"可收 {'、'.join(values)} 元", f"Takes {', '.join(values)} yuan")
    if not await device.enable([note.value for note in device.notes]):
        console.say("打不开收钞", "It does not let itself be enabled")
        return False
    try:
        console.say(
            f"请在 {patience_s:.0f} 秒内放入一张纸币，会退还",
            f"Feed a note within {patience_s:.0f} s: it will be given back",
        )
        return await _in_and_out(device, console, patience_s)
    finally:
        await device.disable()


async def _in_and_out(device: CashAcceptor, console: Console, patience_s: float) -> bool:
    escrowed = await _first_of(device, console, patience_s, CashEventKind.ESCROWED)
    if escrowed is None or escrowed.note is None:
        console.say("没有认出纸币", "No note was recognised")
        return False
    value = _yuan(escrowed.note.value)
    console.say(f"认出 {value} 元", f"It sees a note of {value} yuan")
    if not await device.give_back():
        console.say("纸币不在暂存位了", "The note is gone")
        return False
    if await _first_of(device, console, RETURN_S, CashEventKind.RETURNED) is None:
        console.say("纸币器没有报告纸币已退出", "It does not say that the note came out")
        return False
    console.say("纸币器报告纸币已退出", "It says that the note is out")
    return await console.ask("纸币退出来了吗？面额和它认的一样吗？", "Is the note out, and is it the one it named?")


async def _first_of(device: CashAcceptor, console: Console, patience_s: float, kind: CashEventKind) -> CashEvent | None:
    """The next event of `kind`, telling of all others; None when it takes too long. A STACKED one would be news from
    before, and is said aloud: it is somebody's money."""
    try:
        async with asyncio.timeout(patience_s):
            while True:
                event = await device.next_event()
                if event.kind is kind:
                    return event
                zh, en = f"事件：{_EVENTS[event.kind]}", f"Event: {event.kind.value}"
                if event.note:
                    zh, en = f"{zh} {_yuan(event.note.value)} 元", f"{en} {_yuan(event.note.value)} yuan"
                console.say(*((f"{zh}（迟到）", f"{en} (late)") if event.late else (zh, en)))
                if event.kind is CashEventKind.LOST:
                    return None
    except TimeoutError:
        return None


def _yuan(fen: int) -> str:
    return f"{fen // 100}" if fen % 100 == 0 else f"{fen // 100}.{fen % 100:02d}"
