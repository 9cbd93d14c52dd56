"""What a form says about a value: always what to write."""

from __future__ import annotations

from content.schema.text import Text

GENERAL = Text("“{label}”的写法不对，请对照提示再写一次", "“{label}” does not fit; please compare with the hint")
MISSING = Text("请填写“{label}”", "Please fill in “{label}”")
MISSING_CHOICE = Text("请选择“{label}”", "Please choose “{label}”")
MISSING_STATEMENT = Text("请先看完“{label}”，同意后勾选", "Please read “{label}” and tick it if you agree")
PHONE_SHORT = Text("手机号是 11 位，还差 {left} 位", "A mobile number has 11 digits; {left} more to write")
ID_SHORT = Text("身份证号是 18 位，还差 {left} 位", "An identity number has 18 characters; {left} more to write")
TEXT_SHORT = Text("请写得详细一点，至少 {least} 个字", "Please write a little more, at least {least} characters")
TEXT_LONG = Text("写得太长了，最多 {most} 个字", "Too long; at most {most} characters")
DATE_WRONG = Text(
    "没有这一天，请按“年-月-日”写，例如 2026-09-01", "There is no such day; write year-month-day, e.g. 2026-09-01"
)
DATE_EARLY = Text("日期太早，请写 {day} 或以后的日期", "Too early; please write {day} or later")
DATE_LATE = Text("日期太晚，请写 {day} 或以前的日期", "Too late; please write {day} or earlier")
AMOUNT_WRONG = Text("请写金额，只用数字", "Please write the amount in figures")
AMOUNT_SMALL = Text("金额太小，至少 {least} 元", "Too little; at least {least} yuan")
AMOUNT_LARGE = Text("金额太大，最多 {most} 元", "Too much; at most {most} yuan")
