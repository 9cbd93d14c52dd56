"""The rules content must keep before residents see it. Each fault names the file, the place and what to do."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel

from content.schema.service import AuthLevel, ChoiceField, Device, NumberField, Service
from content.schema.text import Text

# "And other materials": residents must be told exactly what to bring (国办发〔2018〕45号 forbids catch-all clauses).
CATCH_ALL = re.compile(r"其他.*材料|等(相关)?材料|有关(材料|证明)")


@dataclass(frozen=True)
class Fault:
    """One thing to mend: `file: place: message`."""

    file: Path
    place: str  # dotted path inside the YAML
    message: str

    def __str__(self) -> str:
        return f"{self.file}: {self.place}: {self.message}" if self.place else f"{self.file}: {self.message}"


def lint_service(service: Service, file: Path, *, templates: set[str], icons: set[str] | None = None) -> list[Fault]:
    """Every rule over one service. `icons` None: the names cannot be checked here."""

    def rules() -> Iterator[tuple[str, str]]:
        if file.stem != service.id:
            yield "id", f"is {service.id!r}; name the file {service.id}.yaml or change the id"
        yield from _texts(service, "")
        if match := CATCH_ALL.search(service.guide.materials.zh):
            yield (
                "guide.materials.zh",
                f"contains {match.group()!r}; name every material, catch-all clauses are not allowed",
            )
        yield from _identity(service)
        yield from _journey(service, templates)
        yield from _form(service)
        if icons is not None and service.icon not in icons:
            yield "icon", f"{service.icon!r} is not in the icon font; choose one of its names"

    return [Fault(file, place, message) for place, message in rules()]


def _texts(value: object, place: str) -> Iterator[tuple[str, str]]:
    """Chinese and English, both said, everywhere."""
    if isinstance(value, Text):
        for language in ("zh", "en"):
            if not getattr(value, language).strip():
                yield f"{place}.{language}", "is empty; write the sentence in this language"
    elif isinstance(value, BaseModel):
        for name in type(value).model_fields:
            yield from _texts(getattr(value, name), f"{place}.{name}" if place else name)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _texts(item, f"{place}.{index}")


def _identity(service: Service) -> Iterator[tuple[str, str]]:
    if service.auth is AuthLevel.A0:
        return
    if service.consent is None:
        yield (
            "consent",
            f"is missing; {service.auth.value} reads personal data: say what, why and how long it is kept",
        )
    if Device.ID_READER not in service.devices:
        yield "devices", f"must contain id_reader, because auth is {service.auth.value}"


def _journey(service: Service, templates: set[str]) -> Iterator[tuple[str, str]]:
    if service.journey == "certificate":
        if service.certificate is None:
            yield "certificate", "is missing; a certificate journey must say which template and type code it issues"
        elif service.certificate.template not in templates:
            yield (
                "certificate.template",
                f"there is no such certificate; add templates/{service.certificate.template}.typ",
            )
        if service.auth is not AuthLevel.A2:
            yield "auth", "must be A2: a certificate is only issued to the holder"
    if service.journey == "bill-payment":
        if not service.channels:
            yield "channels", "is empty; name at least one way to pay, e.g. alipay_qr"
        if sum(isinstance(field, NumberField) for field in service.form) != 1:
            yield "form", "must ask for exactly one number, the account's"


def _form(service: Service) -> Iterator[tuple[str, str]]:
    seen: set[str] = set()
    for index, field in enumerate(service.form):
        place = f"form.{index}"
        if field.name in seen:
            yield f"{place}.name", f"{field.name!r} is used twice; give each field its own name"
        seen.add(field.name)
        if isinstance(field, NumberField):
            try:
                re.compile(field.pattern)
            except re.error as error:
                yield f"{place}.pattern", f"is not a regular expression ({error}); correct it"
        elif isinstance(field, ChoiceField):
            values = [option.value for option in field.options]
            if len(set(values)) != len(values):
                yield f"{place}.options", "two options have the same value; make them differ"
