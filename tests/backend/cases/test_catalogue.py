"""Every application and package of the catalogue, filled in as its own rules say, becomes a case at its department."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from datetime import date, datetime
from functools import cache
from pathlib import Path
from random import Random
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import hypothesis
import pytest
from hypothesis import strategies as st

from backend.cases.checks import JOURNEYS, form_fields, situation_fault
from backend.catalogue import Catalogue
from content.build import CATALOGUE
from content.calendar import WorkingDays
from content.forms_merge import applicable, merged_materials, together
from content.schema.base import holds
from content.schema.forms import (
    AmountField,
    ChoiceField,
    ChoicesField,
    DateField,
    FormField,
    IdNumberField,
    NumberField,
    PhoneField,
    StatementField,
    TextField,
    day_bound,
)
from content.schema.service import Kind, Part, Service
from content.sources import parse, read_sources, service_files
from tests.backend.cases.world import LI, ZHANG, png, prove, scan, signature
from tests.backend.house import House, open_house

_WAYS = 3  # through the questions of one service
_SOURCES = {
    "card.name": ZHANG[0],
    "card.number": ZHANG[1],
    "licence.name": "青口县示范制造有限公司",
    "licence.uscc": "91519999MA0B00023F",
    "licence.legal_rep": ZHANG[0],
}


def services() -> list[Service]:
    found = [parse(file, file.read_bytes(), Service)[0] for file in service_files(CATALOGUE)]
    return [service for service in found if service is not None and service.journey in JOURNEYS]


def ways(service: Service) -> Iterator[dict[str, str]]:
    """Some combinations of answers to the guided questions, each option among them if there is room."""
    offered = [[option.value for option in one.options if option.stop is None] for one in service.situations]
    seen: list[dict[str, str]] = []
    longest = max(map(len, offered), default=1)
    turns = (tuple(options[turn % len(options)] for options in offered) for turn in range(longest))
    for values in itertools.chain(turns, itertools.islice(itertools.product(*offered), 200)):
        answers: dict[str, str] = {}
        for one, value in zip(service.situations, values, strict=True):
            if holds(one.when, answers):
                answers[one.name] = value
        if answers not in seen and situation_fault(service.situations, answers) is None:
            seen.append(answers)
            yield answers
        if len(seen) >= _WAYS:
            return


def answer(field: FormField, today: date) -> str:
    """Something its field takes."""
    if field.prefill is not None and field.prefill.value in _SOURCES:
        return _SOURCES[field.prefill.value]
    match field:
        case ChoiceField():
            return field.options[0].value
        case ChoicesField():
            return " ".join(option.value for option in field.options[: max(field.least, 1)])
        case PhoneField():
            return "13800000017"
        case IdNumberField():
            return LI[1]
        case AmountField():
            return str(max(field.least_fen, 1))
        case StatementField():
            return "yes"
        case DateField():
            first, last = day_bound(field.earliest, today), day_bound(field.latest, today)
            return (first or (min(last, today) if last else today)).isoformat()
        case NumberField():
            return from_pattern(field.pattern, field.min_length or 1, field.max_length)
        case TextField() if field.pattern:
            return from_pattern(field.pattern, field.min_length, field.max_length)
        case TextField():
            return "示例" * max(1, -(-field.min_length // 2))
    raise AssertionError(field)


@cache
def from_pattern(pattern: str, least: int, most: int) -> str:
    settings = hypothesis.settings(database=None, max_examples=1000, phases=[hypothesis.Phase.generate])
    found: str = hypothesis.find(
        st.from_regex(re.compile(pattern, re.ASCII), fullmatch=True),
        lambda text: least <= len(text) <= most and bool(text.strip()),
        settings=settings,
        random=Random(1),
    )
    return found


def filled(
    service: Service, parts: list[Part], situation: dict[str, str], today: date, known: dict[str, str]
) -> dict[str, str]:
    """`known`: what departments have said; locked fields hold that and nothing else."""
    form: dict[str, str] = {}
    while True:  # an answer may bring further fields
        fields = form_fields(service, parts, {**situation, **form})
        fresh = {
            field.name: known.get(field.name) or answer(field, today)
            for field in fields
            if field.name not in form and (field.required or field.name in known)
        }
        if not fresh:
            return {name: value for name, value in form.items() if name in {field.name for field in fields}}
        form |= fresh


async def request(
    house: House, service: Service, situation: dict[str, str], every: bool, number: int, today: date
) -> dict[str, Any]:
    parts: list[Part] = []
    if service.package is not None:
        there = applicable(service.package, situation)
        parts = together(there, [part.id for part in there] if every else [part.id for part in there[:1]])
    proof = await prove(house) if service.auth.proves_holder else None
    form = filled(service, parts, situation, today, await _known(house, service, proof))
    materials = []
    for material in merged_materials(service, parts, {**situation, **form}):
        if material.source == "government" or material.collect == "none":
            continue
        if material.necessity == "deferrable":
            materials.append({"id": material.id, "how": "later"})
        elif material.necessity == "required" and material.collect == "bring":
            materials.append({"id": material.id, "how": "bring"})
        elif material.necessity == "required":
            page = (await scan(house, png())).json()["scan_id"]
            materials.append({"id": material.id, "how": "scanned", "scans": [page]})
    licence = (await house.sandbox_call("POST", "/phone/licence", {})).json()["licence"]
    delivery = next((way for result in service.results for way in result.delivery), "counter")
    return {
        "intent_id": f"intent-{number:06d}",
        "service_id": service.id,
        "service_version": service.version,
        "proof_id": proof,
        "name": ZHANG[0],  # what A1 goes by
        "number": ZHANG[1],
        "licence": licence if service.auth.organisation else None,
        "situation": situation,
        "form": form,
        "parts": [part.id for part in parts],
        "materials": materials,
        "delivery": delivery,
        "signature_png": signature(),
    }


async def _known(house: House, service: Service, proof: str | None) -> dict[str, str]:
    if proof is None:
        return {}
    reply = await house.call("POST", "/prefill", {"service_id": service.id, "proof_id": proof})
    assert reply.status_code == 200, reply.text
    return {each["field"]: each["value"] for each in reply.json()["values"]}


@pytest.mark.timeout(400)
async def test_every_application_becomes_a_case(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for kind in ("CASES", "PREFILLS"):
        monkeypatch.setenv(f"MENKOU_RATES_{kind}", "100000")  # no terminal does so much in ten minutes
    sources = read_sources(CATALOGUE)
    offered = services()
    pack = SimpleNamespace(
        version="test",
        services={service.id: service for service in offered},
        templates={},
        departments={department.id: department for department in sources.departments},
        working_days=WorkingDays(sources.calendars),
    )
    today = datetime.now(ZoneInfo("Asia/Shanghai")).date()
    wrong: list[str] = []
    opened = 0
    async with open_house(tmp_path, tmp_path / "none") as house:
        house.backend.state.catalogue = Catalogue(pack)  # type: ignore[arg-type]
        for service in offered:
            for situation in ways(service):
                for every in (True, False) if service.journey is Kind.PACKAGE else (True,):
                    body = await request(house, service, situation, every, opened, today)
                    reply = await house.call("POST", "/cases", body)
                    opened += 1
                    if reply.status_code != 200:
                        wrong.append(f"{service.id} {situation}: {reply.json()}")
        await house.backend.state.case_handover.run()
        for number in range(opened):
            reply = await house.call("GET", f"/cases/intent-{number:06d}")
            receipt = reply.json()
            if reply.status_code == 200 and receipt["state"] not in ("handed-over", "instant"):
                wrong.append(f"{receipt['case_no']} {receipt['title_zh']}: {receipt['state']}")
            if reply.status_code == 200 and not receipt["department_zh"]:
                wrong.append(f"{receipt['case_no']} {receipt['title_zh']}: nobody's")
    assert wrong == []
    assert opened >= len(offered) >= 50
