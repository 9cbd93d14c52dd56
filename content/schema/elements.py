"""The elements of a service item (GB/T 39554.2 要素): codes, materials, fees, limits, results."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

from pydantic import Field

from content.schema.base import NAME, OPERATION, SLUG, USCC, Condition, Model
from content.schema.text import Text


class TaskType(StrEnum):
    """事项类型: only those a resident applies for may be on a terminal. The numbers are configuration [M]."""

    LICENCE = "01"  # 行政许可
    BENEFIT = "05"  # 行政给付
    CONFIRMATION = "07"  # 行政确认
    REWARD = "08"  # 行政奖励
    RULING = "09"  # 行政裁决
    OTHER_POWER = "10"  # 其他行政权力
    PUBLIC_SERVICE = "20"  # 公共服务


class ItemCodes(Model):
    """基本编码 (12), 实施编码 (31 = USCC of the agency + level + 12), 业务办理项编码 (33 = 31 + 2)."""

    catalog_code: str = Field(pattern=r"^\d{12}$")
    task_code: str = Field(pattern=r"^[0-9A-HJ-NPQRTUWXY]{18}[1-6]\d{12}$")
    task_handle_item: str | None = Field(default=None, pattern=r"^[0-9A-HJ-NPQRTUWXY]{18}[1-6]\d{14}$")
    task_type: TaskType


class Agency(Model):
    """The implementing agency (实施主体) and its unified social credit code."""

    name: Text
    uscc: str = Field(pattern=USCC)
    department: str | None = Field(default=None, pattern=SLUG)  # in catalogue/departments.yaml


class SituationOption(Model):
    """`stop`: with this answer the matter cannot be done here; says why and where instead."""

    value: str = Field(pattern=r"^\S+$")
    label: Text
    hint: Text | None = None
    stop: Text | None = None


class Situation(Model):
    """One guided question (情形): its answer decides which materials, fields and parts apply."""

    name: str = Field(pattern=NAME)
    question: Text
    options: list[SituationOption] = Field(min_length=2)
    when: Condition = {}


class Material(Model):
    """One thing to hand in (材料).

    `source: government` is never asked for: it is replaced by an e-certificate (`replaced_by`, its name) or fetched
    by an operation (`fetched_by`). `collect`: how the terminal takes it; `bring`: it is shown at the counter later.
    """

    id: str = Field(pattern=SLUG)
    name: Text
    source: Literal["applicant", "government", "other"]  # 申请人自备, 政府部门核发, 其他
    form: Literal["original", "copy", "electronic"] = "original"  # 原件, 复印件, 电子
    copies: int = Field(default=1, ge=1, le=99)
    necessity: Literal["required", "optional", "deferrable"] = "required"  # 必要, 非必要, 容缺后补
    collect: Literal["scan", "bring", "none"] = "none"
    replaced_by: Text | None = None
    fetched_by: str | None = Field(default=None, pattern=OPERATION)
    hint: Text | None = None  # how to fill it in, what to look for
    sample: str | None = None  # a picture in content/media
    basis: Text | None = None
    when: Condition = {}


class Fee(Model):
    """One charge (收费项目). `amount_fen` None: the bill or the department says how much."""

    name: Text
    amount_fen: int | None = Field(default=None, ge=0, le=10**13)
    basis: Text | None = None  # who set it: law or price authority; the lint wants it where money is taken
    reducible: Text | None = None  # who pays less
    when: Condition = {}


class Duration(Model):
    days: int = Field(ge=0, le=3650)  # 0: at once
    unit: Literal["working", "calendar"] = "working"


class SpecialProcedure(Model):
    """A procedure during which the clock stands (特别程序; 行政许可法 art. 45)."""

    name: Text
    limit: Duration | None = None
    basis: Text | None = None


class Limits(Model):
    """即办件 (`promised.days` 0) or 承诺件. `statutory` None: no law sets one."""

    statutory: Duration | None = None
    promised: Duration
    special: list[SpecialProcedure] = []


class Result(Model):
    """What the resident gets (审批结果)."""

    name: Text
    kind: Literal["paper", "e-certificate", "card", "receipt", "ticket", "none"]
    delivery: list[Literal["printed-here", "counter", "locker", "courier", "electronic"]] = Field(min_length=1)


class Confirm(Model):
    """A value that is not certain ([M]): where it stands in this file, and what an agency has to confirm."""

    place: str
    note: str
