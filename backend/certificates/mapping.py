"""From a department's answer to what a certificate says: one `Mapping` per exchange operation.

A new service on a known operation is content only; a new operation adds one mapping here.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from datetime import date
from typing import Any, ClassVar

from backend.contract.kiosk_api import FieldEntry, ProblemCode
from backend.identity.service import Person
from backend.problems import Refused
from content.codes.masking import mask_id_number, mask_name
from content.schema.service import ChoiceField, Service
from content.schema.text import Text

Answer = dict[str, Any]


class Mapping(ABC):
    """One operation of the exchange."""

    def params(self, person: Person, form: dict[str, str]) -> dict[str, Any]:
        """What is sent: name, number and the form's values."""
        return {"name": person.name, "number": person.number, **form}

    @abstractmethod
    def content(self, service: Service, form: dict[str, str], answer: Answer, today: date) -> dict[str, Any]:
        """The template's `data.content`. Raises KeyError, TypeError or ValueError for an answer out of shape."""

    @abstractmethod
    def entries(self, service: Service, form: dict[str, str], content: dict[str, Any]) -> list[FieldEntry]:
        """The same for the kiosk's screen, in both languages. The holder is added by the caller."""

    @abstractmethod
    def masked(self, content: dict[str, Any]) -> dict[str, Any]:
        """`content` without what is personal, for the preview."""


class SocialInsuranceEnrolment(Mapping):
    """`social-insurance.enrolment`: one row per insurance."""

    KINDS: ClassVar = {
        "pension": Text("企业职工基本养老保险", "Basic pension, employees"),
        "resident-pension": Text("城乡居民基本养老保险", "Basic pension, residents"),
        "unemployment": Text("失业保险", "Unemployment"),
        "injury": Text("工伤保险", "Work injury"),
        "medical": Text("职工基本医疗保险", "Basic medical care"),
        "maternity": Text("生育保险", "Maternity"),
    }
    STATUSES: ClassVar = {
        "active": Text("参保缴费", "Contributing"),
        "paused": Text("暂停缴费", "Paused"),
        "ended": Text("终止参保", "Ended"),
        "none": Text("未参保", "Not enrolled"),
    }
    EMPTY = Text(
        "所选时段内未查询到参保记录。本结果不等于从未参保，以参保地经办机构记录为准。",
        "No enrolment was found for this period. This does not prove that the person was never insured; "
        "the record of the agency at the place of insurance prevails.",
    )

    def content(self, service: Service, form: dict[str, str], answer: Answer, today: date) -> dict[str, Any]:
        rows = [self._row(line) for line in answer["insurances"]]
        period = _option(service, "period", form["period"])
        return {
            "insured_place": str(answer["insured_place"]),
            "period_zh": period.zh,
            "period_en": period.en,
            "as_of": f"{today.year} 年 {today.month} 月 {today.day} 日",
            "as_of_en": f"{today.day} {today:%B} {today.year}",
            "rows": [row for row in rows if row is not None],
            "empty_zh": self.EMPTY.zh,
            "empty_en": self.EMPTY.en,
        }

    def _row(self, line: dict[str, Any]) -> dict[str, str] | None:
        status = str(line["status"])
        if status == "none":
            return None
        # A keyword this program does not know is printed as the department wrote it, never left out.
        kind_text = self.KINDS.get(line["kind"], Text.same(str(line["kind"])))
        status_text = self.STATUSES.get(status, Text.same(status))
        first, last, months = line["from"], line["to"], int(line["months"])
        return {
            "kind_zh": kind_text.zh,
            "kind_en": kind_text.en,
            "status_zh": status_text.zh,
            "status_en": status_text.en,
            "months_range": f"{_month(first)}—{_month(last)}" if first and last else "—",
            "months": str(months) if months else "—",
            "employer": str(line["employer"] or "—"),
        }

    def entries(self, service: Service, form: dict[str, str], content: dict[str, Any]) -> list[FieldEntry]:
        source = Text("人社部门共享数据", "Shared by the department")
        entries = [
            FieldEntry(
                label_zh="参保地",
                label_en="Insured in",
                value_zh=content["insured_place"],
                value_en=content["insured_place"],
                source_zh=source.zh,
                source_en=source.en,
            ),
            FieldEntry(
                label_zh="证明时段", label_en="Period", value_zh=content["period_zh"], value_en=content["period_en"]
            ),
        ]
        for row in content["rows"]:
            counted = row["months"] != "—"
            entries.append(
                FieldEntry(
                    label_zh=row["kind_zh"],
                    label_en=row["kind_en"],
                    value_zh=f"{row['status_zh']}，{row['months_range']}，{row['months']} 个月"
                    if counted
                    else f"{row['status_zh']}，所选时段内无缴费",
                    value_en=f"{row['status_en']}, {row['months_range']}, {row['months']} months"
                    if counted
                    else f"{row['status_en']}, no contribution in this period",
                    source_zh=source.zh,
                    source_en=source.en,
                )
            )
        if not content["rows"]:
            entries.append(
                FieldEntry(
                    label_zh="参保记录",
                    label_en="Record",
                    value_zh=content["empty_zh"],
                    value_en=content["empty_en"],
                    source_zh=source.zh,
                    source_en=source.en,
                )
            )
        return entries

    def masked(self, content: dict[str, Any]) -> dict[str, Any]:
        # The employer tells much about a person to whoever looks over a shoulder.
        rows = [
            {**row, "employer": row["employer"] if len(row["employer"]) < 2 else f"{row['employer'][:2]}****"}
            for row in content["rows"]
        ]
        return {**content, "rows": rows}


MAPPINGS: dict[str, Mapping] = {"social-insurance.enrolment": SocialInsuranceEnrolment()}


def mapping_of(service: Service) -> Mapping:
    """The mapping of the service's operation; Refused(SERVICE_UNKNOWN) if there is none."""
    mapping = MAPPINGS.get(service.operation)
    if mapping is None:
        raise Refused(ProblemCode.SERVICE_UNKNOWN, f"no certificate mapping for {service.operation}")
    return mapping


def holder_entries(person: Person) -> list[FieldEntry]:
    """Name and number as the holder's own screen may show them."""
    name, number = mask_name(person.name), mask_id_number(person.number)
    source_zh, source_en = "您的身份证", "Your ID card"
    return [
        FieldEntry(
            label_zh="姓名", label_en="Name", value_zh=name, value_en=name, source_zh=source_zh, source_en=source_en
        ),
        FieldEntry(
            label_zh="证件号码",
            label_en="ID number",
            value_zh=number,
            value_en=number,
            source_zh=source_zh,
            source_en=source_en,
        ),
    ]


def _option(service: Service, field: str, value: str) -> Text:
    for item in service.form:
        if isinstance(item, ChoiceField) and item.name == field:
            for option in item.options:
                if option.value == value:
                    return option.label
    return Text.same(value)


def _month(text: str) -> str:
    year, month = text.split("-")
    return f"{int(year):04d}.{int(month):02d}"
