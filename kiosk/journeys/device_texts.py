"""What a resident is told of bank cards, cash, social security cards, storage and power: one sentence for each thing
a device can say."""

from __future__ import annotations

from collections.abc import Mapping

from content.schema.text import Text
from drivers.cabinet.port import Mains
from drivers.card_terminal.port import CardOutcome, CardPrompt
from drivers.cash.port import CashEventKind
from drivers.smart_card.port import SmartCardFault

NO_CARD_TERMINAL = Text("银行卡机暂时不能用", "The card terminal is not working at the moment")
NO_CASH = Text("现金投币口暂时不能用", "Cash cannot be taken at the moment")
NO_SMART_CARD_READER = Text("社保卡读卡器暂时不能用", "The social security card reader is not working at the moment")
STACKER_FULL = Text("钱箱已满，暂时不能收现金", "The cash box is full; cash cannot be taken at the moment")

CARD_PROMPTS: Mapping[CardPrompt, Text] = {
    CardPrompt.INSERT_CARD: Text("请插卡、挥卡或刷卡", "Please insert, tap or swipe your card"),
    CardPrompt.ENTER_PIN: Text("请在密码键盘上输入密码", "Please enter your PIN on the PIN pad"),
    CardPrompt.WRONG_PIN: Text("密码不对，请再输一次", "Wrong PIN, please try again"),
    CardPrompt.REMOVE_CARD: Text("请取走您的银行卡", "Please take your card"),
    CardPrompt.WAIT: Text("正在联系银行，请稍候", "Contacting the bank, please wait"),
    CardPrompt.APPROVED: Text("银行已同意付款", "The bank has approved the payment"),
    CardPrompt.DECLINED: Text("银行没有同意付款", "The bank has declined the payment"),
}

CARD_OUTCOMES: Mapping[CardOutcome, Text] = {
    CardOutcome.APPROVED: Text("已经付款", "Paid"),
    CardOutcome.DECLINED: Text(
        "银行没有同意这笔付款，没有扣款。请换一张卡或换一种付款方式。",
        "The bank declined. No money was taken. Please try another card or another way to pay.",
    ),
    CardOutcome.ABORTED: Text("付款已取消，没有扣款。", "The payment was cancelled. No money was taken."),
    CardOutcome.NOT_POSSIBLE: Text(
        "银行卡机暂时不能用，没有扣款。请换一种付款方式。",
        "The card terminal is not working. No money was taken. Please choose another way to pay.",
    ),
    CardOutcome.UNKNOWN: Text(
        "正在向银行核对这笔付款。请不要再付一次；没有付成的钱会原路退回。",
        "We are checking this payment with the bank. Please do not pay again; money that went astray is returned.",
    ),
}

CASH_EVENTS: Mapping[CashEventKind, Text] = {
    CashEventKind.ESCROWED: Text("正在收下这张纸币", "Taking the note"),
    CashEventKind.STACKED: Text("已收下这张纸币", "The note was taken"),
    CashEventKind.RETURNED: Text("纸币已退出，请取走", "The note is returned, please take it"),
    CashEventKind.REFUSED: Text(
        "这张纸币收不了，请取走，换一张或换一种付款方式。",
        "This note cannot be taken. Please take it back and use another one, or another way to pay.",
    ),
    CashEventKind.STACKER_FULL: Text(
        "钱箱已满，不能再收现金。请换一种付款方式。", "The cash box is full. Please choose another way to pay."
    ),
    CashEventKind.JAMMED: Text(
        "纸币卡住了，请不要用力拉。已收下的钱已记录，请呼叫工作人员。",
        "A note is stuck, please do not pull it. What you have paid is recorded; please call the staff.",
    ),
    CashEventKind.FRAUD: Text("现金暂停使用，请呼叫工作人员。", "Cash is suspended. Please call the staff."),
    CashEventKind.CASHBOX_REMOVED: Text(
        "现金暂停使用，请换一种付款方式。", "Cash is suspended. Please choose another way to pay."
    ),
    CashEventKind.CASHBOX_REPLACED: Text("可以使用现金了", "Cash can be used again"),
    CashEventKind.LOST: Text(
        "现金暂时不能用。已收下的钱已记录，请换一种付款方式。",
        "Cash is not working at the moment. What you have paid is recorded; please choose another way to pay.",
    ),
}

SMART_CARD_FAULTS: Mapping[SmartCardFault, Text] = {
    SmartCardFault.NO_CARD: Text("没有看到社保卡", "No social security card was seen"),
    SmartCardFault.CARD_REMOVED: Text(
        "卡片拿早了，请再插一次，等提示后再取走。", "The card was taken out too early. Please insert it again."
    ),
    SmartCardFault.UNREADABLE: Text(
        "卡片读不出来。请芯片朝上再插一次，或改用身份证。",
        "The card cannot be read. Insert it again with the chip facing up, or use your ID card.",
    ),
    SmartCardFault.NOT_SUPPORTED: Text(
        "这不是社保卡，或本机还不能读这种卡。请改用身份证。",
        "This is not a social security card, or of a kind this terminal cannot read. Please use your ID card.",
    ),
    SmartCardFault.READER_LOST: Text(
        "社保卡读卡器暂时不能用，请改用身份证。", "The card reader is not working. Please use your ID card."
    ),
}

STORAGE_FAILED = Text("本机存储故障，暂时不能办理", "This terminal cannot store data: nothing can be started for now")

POWER: Mapping[Mains, Text] = {
    Mains.ON_BATTERY: Text(
        "停电了，本机正用电池，暂时不办理新业务", "No mains power: nothing new can be started for now"
    ),
    Mains.BATTERY_LOW: Text(
        "停电了，本机马上关机。请取走您的证件和纸张。", "Power is running out. Please take your card and papers."
    ),
}
