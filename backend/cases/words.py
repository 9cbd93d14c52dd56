"""What the applicant reads about a case."""

from __future__ import annotations

from content.schema.text import Text

# By a department's keyword; any other is told in general words.
REFUSALS: dict[str, Text] = {
    "not-entitled": Text("不符合申请条件", "The conditions are not met"),
    "already-applied": Text("同一事项已经在办理", "The same matter is already under way"),
    "data-mismatch": Text("填写内容与部门记录不一致", "What was filled in differs from the department's record"),
    "not-responsible": Text("不归该部门办理", "This department is not responsible"),
    "credit-blocked": Text("有失信记录，需先完成信用修复", "A broken promise is on record; it must be made good first"),
    "material-missing": Text("材料不全", "Something to hand in is missing"),
}
REFUSED = Text("该部门没有受理", "The department has not accepted it")
REFUSED_TODO = Text(
    "{department}没有受理：{reason}。请到窗口咨询，或拨打 12345。",
    "{department} has not accepted it: {reason}. Please ask at the counter or call 12345.",
)
BRING_TODO = Text("请到窗口补交：{materials}{until}。", "Please hand in at the counter: {materials}{until}.")
UNTIL = Text("，{day}前", " by {day}")
BRING = Text("到窗口提交", "Hand in at the counter")
LATER = Text("{day}前补交", "Hand in by {day}")
LATER_OPEN = Text("窗口会告诉您期限", "The counter will tell you until when")

STEP_RECEIVED = Text("已收到", "Received")
STEP_HANDED_OVER = Text("已转{department}", "With {department}")
STEP_HANDING_OVER = Text("正在转{department}", "On its way to {department}")
STEP_REFUSED = Text("{department}没有受理", "Not accepted by {department}")
STEP_REVIEW = Text("部门审查", "Under review")
STEP_DECISION = Text("办结", "Decided")
STEP_DONE = Text("当场办结", "Decided on the spot")

INSTANT = Text("已当场办结：{result}", "Done on the spot: {result}")
INSTANT_PLAIN = Text("已当场办结", "Done on the spot")


def refusal(reason: str) -> Text:
    return REFUSALS.get(reason, REFUSED)
