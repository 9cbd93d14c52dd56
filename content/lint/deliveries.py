"""How results reach people: what is sent needs to know where."""

from __future__ import annotations

from collections.abc import Iterator

from content.lint.fault import Finding, fault
from content.lint.known import Known
from content.schema.forms import FormField, TextField
from content.schema.service import Service


def rules(service: Service, known: Known) -> Iterator[Finding]:
    for index, result in enumerate(service.results):
        if "courier" in result.delivery and not any(_says_where_to(field) for field in service.form):
            yield fault(
                f"results.{index}.delivery",
                "可以邮寄，表单却不问寄到哪里；请加一个文字字段（mail_address），名称、提示或出错提示里写明邮寄",
                "offers the courier, and no field asks where to send it; add a text field (mail_address) whose label, "
                "hint or error says so, in Chinese with 邮寄 or 收件",
            )


def _says_where_to(field: FormField) -> bool:
    """Asked of everybody: how a result comes is chosen after the form, so no condition can hang on it."""
    if not isinstance(field, TextField) or field.when or "address" not in field.shared_as:
        return False
    said = (field.label, field.hint, field.error)
    return any("邮寄" in text.zh or "收件" in text.zh for text in said if text is not None)
