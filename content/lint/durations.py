"""Limits counted in working days against limits counted in calendar days, without holidays: those come on top of both
(a limit that ends on a holiday ends on the next working day)."""

from __future__ import annotations

from content.schema.elements import Duration


def longest_calendar(limit: Duration) -> int:
    """The most calendar days it lasts: begun on a Friday, a working day ends on Monday."""
    return limit.days if limit.unit == "calendar" else limit.days + 2 * -(-limit.days // 5)


def shortest_calendar(limit: Duration) -> int:
    """The fewest calendar days it lasts: begun on a Sunday, five working days end on Friday."""
    return limit.days if limit.unit == "calendar" else limit.days + 2 * (max(limit.days - 1, 0) // 5)


def surely_working(limit: Duration) -> int:
    """The working days that surely fit into it: of calendar days, those left when it begins on a Friday."""
    if limit.unit == "working":
        return limit.days
    weeks, rest = divmod(limit.days, 7)
    return 5 * weeks + max(rest - 2, 0)


def longer(one: Duration, other: Duration) -> bool:
    """Whether `one` may end after `other`, begun on the same day."""
    if one.unit == other.unit:
        return one.days > other.days
    return longest_calendar(one) > shortest_calendar(other)


def said(limit: Duration) -> tuple[str, str]:
    """In Chinese and in English."""
    unit = "个工作日" if limit.unit == "working" else "个自然日"
    return f"{limit.days} {unit}", f"{limit.days} {limit.unit} days"
