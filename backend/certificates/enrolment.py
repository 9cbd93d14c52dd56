"""社会保险参保证明: the one certificate with a template of its own, whose rows are sentences on the screen."""

from __future__ import annotations

from datetime import date
from typing import Any, ClassVar

from backend.certificates.mapping import Answer, Mapping
from backend.contract.kiosk_api import FieldEntry
from content.schema.service import ChoiceField, Service
from content.schema.text import Text


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
