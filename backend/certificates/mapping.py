"""From a department's answer to what a certificate says: see `declared` for what content alone decides."""

from __future__ import annotations

from abc import ABC, abstractmethod
from datetime import date
from typing import Any

from backend.contract.kiosk_api import FieldEntry
from backend.identity.service import Person
from backend.records.who import is_organisation
from content.codes.masking import mask_id_number, mask_name
from content.schema.service import Service

Answer = dict[str, Any]


class Mapping(ABC):
    """One way to make a certificate's content."""

    @abstractmethod
    def content(self, service: Service, form: dict[str, str], answer: Answer, today: date) -> dict[str, Any]:
        """The template's `data.content`. Raises KeyError, TypeError or ValueError for an answer out of shape."""

    @abstractmethod
    def entries(self, service: Service, form: dict[str, str], content: dict[str, Any]) -> list[FieldEntry]:
        """The same for the kiosk's screen, in both languages. The holder is added by the caller."""

    @abstractmethod
    def masked(self, content: dict[str, Any]) -> dict[str, Any]:
        """`content` without what is personal, for the preview."""


def holder_entries(person: Person) -> list[FieldEntry]:
    """Name and number: a person's as the holder's own screen may show them, an organisation's are public."""
    if is_organisation(person.method):
        texts = (("名称", "Name", person.name), ("统一社会信用代码", "Unified social credit code", person.number))
        source = ("电子营业执照", "Electronic business licence")
    else:
        texts = (("姓名", "Name", mask_name(person.name)), ("证件号码", "ID number", mask_id_number(person.number)))
        source = ("您的身份证", "Your ID card")
    return [
        FieldEntry(label_zh=zh, label_en=en, value_zh=value, value_en=value, source_zh=source[0], source_en=source[1])
        for zh, en, value in texts
    ]
