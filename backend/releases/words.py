"""What the states are called on pages."""

from __future__ import annotations

import re

from backend.releases.models import Rollout
from backend.releases.states import GroupState, MemberState, ReleaseKind, RolloutState

Words = tuple[str, str]

KINDS: dict[ReleaseKind, Words] = {
    ReleaseKind.CONTENT: ("服务内容", "Services"),
    ReleaseKind.SOFTWARE: ("系统软件", "System software"),
    ReleaseKind.TRIAL: ("演练", "Trial"),
}
ROLLOUT: dict[RolloutState, tuple[str, str, str]] = {  # Chinese, English, class of the chip
    RolloutState.DRAFT: ("草稿", "Draft", ""),
    RolloutState.AWAITING: ("待审批", "Waiting for approval", "warning"),
    RolloutState.RUNNING: ("进行中", "Running", "ok"),
    RolloutState.PAUSED: ("已暂停", "Paused", "warning"),
    RolloutState.HALTED: ("已中止", "Halted", "error"),
    RolloutState.DONE: ("已完成", "Done", "ok"),
    RolloutState.ROLLING_BACK: ("回退中", "Rolling back", "warning"),
    RolloutState.ROLLED_BACK: ("已回退", "Rolled back", "warning"),
    RolloutState.CANCELLED: ("已取消", "Cancelled", ""),
}
# These go on by themselves: their pages are fetched again and again.
MOVING = (RolloutState.AWAITING, RolloutState.RUNNING, RolloutState.PAUSED, RolloutState.ROLLING_BACK)
GROUP: dict[GroupState, tuple[str, str, str]] = {
    GroupState.WAITING: ("未开始", "Not begun", ""),
    GroupState.RUNNING: ("进行中", "Running", "ok"),
    GroupState.DONE: ("通过", "Passed", "ok"),
    GroupState.HALTED: ("未通过", "Stopped here", "error"),
}
MEMBER: dict[MemberState, Words] = {
    MemberState.WAITING: ("未轮到", "Not yet its turn"),
    MemberState.OFFERED: ("已通知", "Told"),
    MemberState.ATTEMPTED: ("更新中", "Under way"),
    MemberState.SUCCEEDED: ("已确认运行", "Confirmed running"),
    MemberState.FAILED: ("失败，已退回旧版本", "Failed, old version runs"),
    MemberState.SILENT: ("超时无回音", "Silent past its deadline"),
    MemberState.UNREACHED: ("一直离线", "Never heard"),
    MemberState.WITHDRAWN: ("已撤回", "Withdrawn"),
    MemberState.RESTORING: ("回退中", "Going back"),
    MemberState.RESTORED: ("已回退", "Back on the old version"),
    MemberState.STUCK: ("回退失败", "Could not go back"),
}
DEEDS: dict[str, Words] = {
    "request-release": ("提交审批", "Ask for release"),
    "pause": ("暂停", "Pause"),
    "resume": ("继续", "Resume"),
    "halt": ("中止", "Halt"),
    "cancel": ("取消", "Cancel"),
    "take-back": ("全部回退", "Roll back"),
}
POSSIBLE: dict[RolloutState, tuple[str, ...]] = {
    RolloutState.DRAFT: ("request-release", "cancel"),
    RolloutState.AWAITING: ("cancel",),
    RolloutState.RUNNING: ("pause", "halt", "take-back"),
    RolloutState.PAUSED: ("resume", "halt", "take-back"),
    RolloutState.HALTED: ("take-back",),
    RolloutState.DONE: ("take-back",),
}
EXPLAINED: dict[str, Words] = {
    "halt": (
        "中止后不能继续；尚未切换的终端保留旧版本。确定中止吗？",
        "A halted rollout cannot go on; kiosks that have not switched keep their version. Halt it?",
    ),
    "take-back": (
        "所有已更新的终端都会回到之前的版本。确定回退吗？",
        "Every kiosk that has switched returns to the version before. Roll back?",
    ),
    "cancel": ("确定取消这次发布吗？", "Cancel this rollout?"),
}

_GROUPS: dict[str, Words] = {"先行": ("先行", "First of all"), "其余": ("其余", "The rest")}
# What the gate and the stepper write down (English), as a reader of Chinese has it.
_REASONS: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern), zh)
    for pattern, zh in (
        (r"(\d+) of (\d+) attempted failed; allowed are ([\d.]+%)", r"已尝试 \2 台，失败 \1 台，超过允许的 \3"),
        (r"(\d+) of (\d+) attempted failed", r"已尝试 \2 台，失败 \1 台"),
        (r"only (\d+) attempted, (\d+) are needed to judge", r"只尝试了 \1 台，至少 \2 台才能判断"),
        (r"the gate cannot be read", "放行条件无法读取"),
        (r"halted by hand", "由人中止"),
    )
)
_DETAILS: dict[str, Words] = {
    "silent": ("没有回音", "Nothing was heard in time"),
    "digest": ("文件校验不符", "The file is not what was announced"),
    "templates-not-checked": ("模板没有检查：这台终端没有排版程序", "Templates not checked: no compiler there"),
    "simulated": ("模拟的失败", "Simulated failure"),
}


def window(rollout: Rollout) -> Words:
    """When kiosks may switch, in China's time."""
    if rollout.window_from is None or rollout.window_to is None:
        return "不限", "any time"
    begin, end = (f"{minutes // 60:02d}:{minutes % 60:02d}" for minutes in (rollout.window_from, rollout.window_to))
    return f"每天 {begin}–{end}", f"{begin}–{end} every day"


def group(name: str) -> Words:
    return _GROUPS.get(name, (name, name))


def reason(text: str) -> Words:
    """Why a group ended or a rollout stands still; "GROUP: " may come before it."""
    before, colon, rest = text.partition(": ")
    if not colon:
        before, rest = "", text
    for pattern, zh in _REASONS:
        if found := pattern.fullmatch(rest):
            name = group(before)
            return (f"{name[0]}：{found.expand(zh)}", f"{name[1]}: {rest}") if colon else (found.expand(zh), rest)
    return text, text


def detail(text: str) -> Words:
    """What a kiosk said about its failure: a code, or words of its own."""
    return _DETAILS.get(text, (text, text))
