"""Trying a receipt printer out: `menkou devices test receipt_printer`."""

from __future__ import annotations

from drivers.receipt_printer.port import Heading, Line, Pair, Qr, Receipt, ReceiptOutcome, ReceiptPrinter, Rule
from drivers.trial import Console

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


async def trial(device: ReceiptPrinter, console: Console) -> bool:
    """Prints one slip; a person looks at it."""
    status = await device.refresh()
    if status.identity:
        console.say(f"Printer: {status.identity}")
    console.say(f"State: {status.device.value}{f' ({status.detail})' if status.detail else ''}")
    before = await device.cut_count()
    outcome = await device.print_receipt(TEST_SLIP)
    detail = f" ({device.status.detail})" if device.status.detail else ""
    console.say(f"Test slip: {outcome.value}{detail}")
    if outcome is not ReceiptOutcome.PRINTED:
        return False
    after = await device.cut_count()
    if before is not None and after is not None:
        console.say(f"Cuts so far: {after}")
    for question in (
        "Is the slip cut off, and is every line readable, the rare characters too?",
        "Does a phone read the code as MENKOU-TEST?",
    ):
        if not await console.ask(question):
            return False
    return True
