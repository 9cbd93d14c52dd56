"""What a rule's settings are in a region, and which region says so."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from backend.alerts.models import AlertRuleSetting
from backend.alerts.rules import RULES, Rule
from backend.regions.division import Level, ancestor, level_of

FIELDS = ("enabled", "severity", "threshold", "hold_s", "quiet_s", "again_h", "escalate_min")


@dataclass(frozen=True)
class Tuned:
    """A rule's values in force somewhere. `said_by`: per field the region that says so; absent: the product."""

    enabled: bool
    severity: str
    threshold: float
    hold_s: int
    quiet_s: int
    again_h: float
    escalate_min: float
    said_by: tuple[tuple[str, str], ...] = ()


def default(rule: Rule) -> Tuned:
    return Tuned(True, rule.severity.value, rule.threshold, rule.hold_s, rule.quiet_s, rule.again_h, rule.escalate_min)


class RuleConfig:
    """All settings as they are at the moment of loading. Few rows: they are kept in memory for a round."""

    def __init__(self, rows: list[AlertRuleSetting]) -> None:
        self._rows = {(row.rule, row.region_code): row for row in rows}
        self._deepest = max((int(level_of(row.region_code)) for row in rows), default=0)
        self._tuned: dict[tuple[str, str], Tuned] = {}

    @classmethod
    async def load(cls, session: AsyncSession) -> RuleConfig:
        return cls(list(await session.scalars(select(AlertRuleSetting))))

    def of(self, rule: str, region_code: str) -> Tuned:
        place = ancestor(region_code, Level(self._deepest)) if self._deepest < 5 else region_code
        known = self._tuned.get((rule, place))
        if known is None:
            known = self._tuned[rule, place] = self._resolve(rule, place)
        return known

    def loosest(self, rule: Rule) -> float:
        """The threshold that finds the most, over all regions: for the sweep's coarse condition."""
        values = [rule.threshold]
        values += [
            row.threshold for (name, _), row in self._rows.items() if name == rule.name and row.threshold is not None
        ]
        return max(values) if rule.lower_is_worse or rule.name == "certificate" else min(values)

    def _resolve(self, name: str, region_code: str) -> Tuned:
        tuned = default(RULES[name])
        said: dict[str, str] = {}
        values: dict[str, Any] = {}
        for level in range(int(level_of(region_code)) + 1):
            place = ancestor(region_code, Level(level))
            row = self._rows.get((name, place))
            if row is None:
                continue
            for field in FIELDS:
                if (value := getattr(row, field)) is not None:
                    values[field], said[field] = value, place
        return replace(tuned, **values, said_by=tuple(sorted(said.items())))
