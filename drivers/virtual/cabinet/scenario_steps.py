"""What a scenario consists of: hands, pauses, waits, and steps inside steps."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

from pydantic import BaseModel

from drivers.virtual.cabinet.desks import Place
from drivers.virtual.cabinet.hands import LABELS, Hand

Operator = Literal["=", "!=", ">=", "<=", ">", "<", "+"]


@dataclass(frozen=True)
class Condition:
    """`path` begins with the device. "+": the counter has grown by `wanted` since the scenario began."""

    path: tuple[str, ...]
    operator: Operator
    wanted: Any

    @property
    def text(self) -> str:
        wanted = str(self.wanted).lower() if isinstance(self.wanted, bool) else self.wanted
        return f"{'.'.join(self.path[1:])} {self.operator} {wanted}"

    def holds(self, value: Any, at_start: Any = None) -> bool:
        """A list holds what is in it. `at_start`: what the value was when the scenario began."""
        wanted = self.wanted
        if self.operator in ("=", "!="):
            same = wanted in value if isinstance(value, list) and not isinstance(wanted, list) else value == wanted
            return bool(same) == (self.operator == "=")
        if value is None:
            return False
        match self.operator:
            case ">=":
                return bool(value >= wanted)
            case "<=":
                return bool(value <= wanted)
            case ">":
                return bool(value > wanted)
            case "<":
                return bool(value < wanted)
        return bool(value - (at_start or 0) >= wanted)


@dataclass(frozen=True)
class Words:
    zh: str
    en: str


@dataclass(eq=False, frozen=True)
class Step:
    """`line` in the file; `note` replaces the words that say what the step is."""

    line: int
    note: Words | None = field(default=None, kw_only=True)

    @property
    def words(self) -> Words:
        return self.note or self._words()

    def _words(self) -> Words:
        raise NotImplementedError

    @property
    def inner(self) -> tuple[Step, ...]:
        """Steps inside this one, in the order of the file."""
        return ()


@dataclass(eq=False, frozen=True)
class Act(Step):
    """A hand without details: one of a desk's actions."""

    place: Place
    action: str

    def _words(self) -> Words:
        zh = en = self.action
        for named in self.place.actions:
            if named.id == self.action:
                zh, en = named.label_zh, named.label_en
                break
            if named.undo == self.action:
                zh, en = named.undo_zh, named.undo_en
        return Words(f"{self.place.label_zh}：{zh}", f"{self.place.label_en}: {en}")


@dataclass(eq=False, frozen=True)
class Work(Step):
    """A hand with its details."""

    hand: Hand
    body: BaseModel

    def _words(self) -> Words:
        zh, en = LABELS[self.hand.device]
        value = getattr(self.body, self.hand.single) if self.hand.single else None
        text = "" if value is None else str(value)
        named = next((n for n in self.hand.choices if n.id == text), None)
        value_zh, value_en = (named.label_zh, named.label_en) if named else (text, text)
        return Words(f"{zh}：{self.hand.label_zh} {value_zh}".strip(), f"{en}: {self.hand.label_en} {value_en}".strip())


@dataclass(eq=False, frozen=True)
class Reset(Step):
    """Everything as it was switched on."""

    def _words(self) -> Words:
        return Words("全部恢复", "Restore all")


@dataclass(eq=False, frozen=True)
class After(Step):
    """A pause; the cabinet's speed shortens it, as it shortens the mechanics'."""

    seconds: float

    def _words(self) -> Words:
        return Words(f"等 {self.seconds:g} 秒", f"Wait {self.seconds:g} s")


@dataclass(eq=False, frozen=True)
class WaitFor(Step):
    """Until all conditions hold at once; after `within_s` seconds of real time the scenario has failed."""

    conditions: tuple[Condition, ...]
    within_s: float

    def _words(self) -> Words:
        zh = "，".join(f"{LABELS[c.path[0]][0]} {c.text}" for c in self.conditions)
        en = ", ".join(f"{LABELS[c.path[0]][1]} {c.text}" for c in self.conditions)
        return Words(f"等到：{zh}", f"Until: {en}")


@dataclass(eq=False, frozen=True)
class Parallel(Step):
    """All at the same time; each branch is a row of steps."""

    branches: tuple[tuple[Step, ...], ...]

    def _words(self) -> Words:
        return Words("同时", "At the same time")

    @property
    def inner(self) -> tuple[Step, ...]:
        return tuple(step for branch in self.branches for step in branch)


@dataclass(eq=False, frozen=True)
class Repeat(Step):
    times: int
    steps: tuple[Step, ...]

    def _words(self) -> Words:
        return Words(f"做 {self.times} 遍", f"{self.times} times")

    @property
    def inner(self) -> tuple[Step, ...]:
        return self.steps


@dataclass(frozen=True)
class Scenario:
    name: str
    title: Words
    about: Words
    steps: tuple[Step, ...]

    def lines(self) -> list[tuple[int, Step]]:
        """Every step with how far it stands in, in the order of the file."""
        return list(_lines(self.steps, 0))


def _lines(steps: tuple[Step, ...], depth: int) -> Iterator[tuple[int, Step]]:
    for step in steps:
        yield depth, step
        yield from _lines(step.inner, depth + 1)
