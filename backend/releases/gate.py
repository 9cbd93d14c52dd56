"""The gate between two groups: errors ÷ attempted, and never open without knowing.

Kiosks that were not heard are no part of the sum: they would dilute it. A kiosk that heard the offer and then fell
silent is an error. Where too few were attempted to judge, the gate stays closed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from backend.releases.states import ERRORS, JUDGED, UNFINISHED, MemberState


class Verdict(StrEnum):
    WAIT = "wait"  # not known yet
    PASS = "pass"  # noqa: S105 - the group is good
    HALT = "halt"


@dataclass(frozen=True)
class Judgement:
    verdict: Verdict
    reason: str
    attempted: int
    errors: int
    size: int


def judge(counts: Mapping[MemberState, int], *, max_error_share: float, min_sample: int) -> Judgement:
    """Judge a group by the number of its members in each state."""
    size = sum(counts.values())
    errors = sum(counts.get(state, 0) for state in ERRORS)
    attempted = sum(counts.get(state, 0) for state in JUDGED)
    needed = min(min_sample, size)
    finished = not any(counts.get(state, 0) for state in UNFINISHED)

    def verdict(what: Verdict, reason: str) -> Judgement:
        return Judgement(what, reason, attempted, errors, size)

    if not 0 <= max_error_share < 1 or min_sample < 1:
        return verdict(Verdict.HALT, "the gate cannot be read")
    if attempted >= needed and attempted and errors / attempted > max_error_share:
        return verdict(Verdict.HALT, f"{errors} of {attempted} attempted failed; allowed are {max_error_share:.1%}")
    if not finished:
        return verdict(Verdict.WAIT, "")
    if attempted < needed or not attempted:
        return verdict(Verdict.HALT, f"only {attempted} attempted, {max(1, needed)} are needed to judge")
    return verdict(Verdict.PASS, f"{errors} of {attempted} attempted failed")
