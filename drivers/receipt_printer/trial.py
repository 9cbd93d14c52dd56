"""Trying a receipt printer out: `menkou devices test receipt_printer`."""

from __future__ import annotations

from drivers.receipt_printer.port import Heading, Line, Pair, Qr, Receipt, ReceiptOutcome, ReceiptPrinter, Rule
from drivers.trial import Console, in_brackets

# 𠮷 and 㛃 have only four-byte codes: they come out as dots, or the printer's font would turn them into others.
TEST_SLIP = Receipt(
    (
        Heading("测试凭条"),
        Rule(),
        Line("横竖撇捺点提折钩，0123456789 ABCxyz"),
        Line("生僻字：𠮷 㛃 䶮 堃 喆"),
        Line("加粗的一行", bold=True),
        Pair("左", "右"),
        Pair("合计", "￥0.00", large=True),
        Rule(),
        Qr("MENKOU-TEST", "扫码应得 MENKOU-TEST"),
    )
)


_OUTCOMES = {
    ReceiptOutcome.PRINTED: "打印好了",
    ReceiptOutcome.PAPER_OUT: "没有纸",
    ReceiptOutcome.COVER_OPEN: "盖子开着",
    ReceiptOutcome.CUTTER_ERROR: "切刀故障",
    ReceiptOutcome.HARDWARE_ERROR: "打印机故障",
    ReceiptOutcome.OFFLINE: "打印机离线",
    ReceiptOutcome.UNKNOWN: "打印机没有确认",
}
_QUESTIONS = (
    (
        "凭条切下来了吗？每行都清楚吗，生僻字也对吗？",
        "Is the slip cut off, and is every line readable, the rare characters too?",
    ),
    ("用手机扫凭条上的码，得到 MENKOU-TEST 吗？", "Does a phone read the code as MENKOU-TEST?"),
)


async def trial(device: ReceiptPrinter, console: Console) -> bool:
    """Prints one slip; a person looks at it."""
    await device.refresh()
    before = await device.cut_count()
    outcome = await device.print_receipt(TEST_SLIP)
    console.say(f"测试凭条：{_OUTCOMES[outcome]}", f"Test slip: {outcome.value}{in_brackets(device.status.detail)}")
    if outcome is not ReceiptOutcome.PRINTED:
        return False
    after = await device.cut_count()
    if before is not None and after is not None:
        console.say(f"累计切纸：{after} 次", f"Cuts so far: {after}")
    for zh, en in _QUESTIONS:
        if not await console.ask(zh, en):
            return False
    return True
