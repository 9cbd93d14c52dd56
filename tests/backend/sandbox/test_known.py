"""What the demonstration's departments know is what the catalogue's services show and pay."""

from __future__ import annotations

import re
from datetime import date
from functools import cache

import pytest
import yaml

from backend.records.render import render
from backend.sandbox.departments import BillData, departments, moved
from content.build import CATALOGUE
from content.schema.forms import NumberField
from content.schema.service import Kind, Service
from content.schema.text import Text

TODAY = date(2026, 11, 22)
WITH_A_HAND_OF_THEIR_OWN = {"social-insurance.enrolment", "water.bill"}  # answered by sandbox.exchange itself


@cache
def services() -> dict[str, Service]:
    files = sorted((CATALOGUE / "services").glob("*.yaml"))
    return {file.stem: Service.model_validate(yaml.safe_load(file.read_text("utf-8"))) for file in files}


def with_operation(*kinds: Kind) -> list[str]:
    return [
        name
        for name, service in services().items()
        if service.journey in kinds and service.operation and service.operation not in WITH_A_HAND_OF_THEIR_OWN
    ]


def known_of(service: Service) -> tuple[dict[str, dict[str, object]], dict[str, BillData]]:
    assert service.operation is not None
    known = departments().systems[service.operation.split(".")[0]].known
    return known.records.get(service.operation, {}), known.bills.get(service.operation, {})


def test_every_system_can_be_read() -> None:
    assert departments().broken == {}


@pytest.mark.parametrize("name", with_operation(Kind.CERTIFICATE, Kind.LICENCE, Kind.QUERY))
def test_a_record_is_known_and_can_be_shown(name: str) -> None:
    service = services()[name]
    records, _ = known_of(service)
    assert records, "nobody has a record; add one to backend/sandbox/departments"
    assert service.record is not None
    form = {field.name: Text.same("x") for field in service.form}
    for answer in records.values():
        made = render(service.record, moved(answer, TODAY), form)
        assert made.entries or made.table
        words = [entry.text.zh for entry in made.entries]
        if made.table is not None:
            words += [cell.zh for row in made.table.rows for cell in row]
        assert not [word for word in words if word.startswith("@")]


@pytest.mark.parametrize("name", with_operation(Kind.BILL_PAYMENT))
def test_accounts_can_be_typed_and_some_owe(name: str) -> None:
    service = services()[name]
    number = next(field for field in service.form if isinstance(field, NumberField))
    _, bills = known_of(service)
    assert any(bill.bill_no and bill.amount_fen > 0 for bill in bills.values())
    assert any(bill.bill_no is None for bill in bills.values())
    for account in bills:
        assert (number.min_length or number.max_length) <= len(account) <= number.max_length
        assert re.fullmatch(number.pattern, account)
