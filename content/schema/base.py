"""What all content models share."""

from __future__ import annotations

from datetime import date, time
from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field

NAME = r"^[a-z][a-z0-9_]*$"  # of fields, facts, situations
SLUG = r"^[a-z][a-z0-9-]*$"  # of services, departments, parts
OPERATION = r"^[a-z][a-z0-9-]*\.[a-z][a-z0-9-]*$"  # department.deed
USCC = r"^[0-9A-HJ-NPQRTUWXY]{18}$"

# When something applies: every named question or choice field was answered with one of its values. {}: always.
Condition = dict[str, list[str]]


class Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Audience(StrEnum):
    """Whom a service is for (服务对象, `server_type` of the national interface)."""

    NATURAL_PERSON = "natural-person"  # 自然人
    ENTERPRISE = "enterprise"  # 企业法人
    PUBLIC_INSTITUTION = "public-institution"  # 事业法人
    SOCIAL_ORGANISATION = "social-organisation"  # 社会组织法人
    UNINCORPORATED = "unincorporated"  # 非法人企业, 个体工商户
    STATE_ORGAN = "state-organ"  # 行政机关
    OTHER = "other"  # 其他组织


class Effective(Model):
    """From which day to which (inclusive) something applies; None: open."""

    since: date | None = None
    until: date | None = None

    def on(self, day: date) -> bool:
        return (self.since is None or self.since <= day) and (self.until is None or day <= self.until)


class Hours(Model):
    """When the department behind an item answers, in local time. `to` before `since`: over midnight."""

    days: list[int] = Field(default=[1, 2, 3, 4, 5, 6, 7], min_length=1)  # ISO: Monday is 1
    since: time
    to: time
    workdays_only: bool = False  # by the State Council's calendar


class Availability(Model):
    """Where and when an item is offered. Empty: everywhere, at any hour."""

    hours: list[Hours] = []
    places: list[str] = []  # division codes, 2 to 12 digits; a code stands for all below it


def holds(condition: Condition, answers: dict[str, str]) -> bool:
    """Whether `condition` is met. A multiple choice holds its values separated by spaces."""
    return all(set(answers.get(name, "").split()) & set(values) for name, values in condition.items())
