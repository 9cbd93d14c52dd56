"""What departments know is filled in; who is silent is named and holds nobody up."""

from __future__ import annotations

import time
from typing import Any
from unittest.mock import patch

import pytest

from tests.backend.cases.world import APPLY, LI, SERVICES, ZHANG, catalogue, make, prove, text
from tests.backend.house import House


async def ask(house: House, who: tuple[str, str] = ZHANG, service: str = "apply") -> dict[str, Any]:
    answer = await house.call("POST", "/prefill", {"service_id": service, "proof_id": await prove(house, who)})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_filled_in_with_its_source(house: House) -> None:
    assert await ask(house) == {
        "values": [
            {
                "field": "address",
                "value": "青口县示范路 1 号",
                "source_zh": "人口库",
                "source_en": "Register",
                "locked": False,
            }
        ],
        "silent": [],
    }


async def test_who_has_no_record_types(house: House) -> None:
    assert await ask(house, LI) == {"values": [], "silent": []}


async def test_only_for_a_living_proof_of_this_kiosk(house: House) -> None:
    elsewhere = await prove(house, kiosk="kiosk-2")
    for proof in ("made-up", elsewhere):
        answer = await house.call("POST", "/prefill", {"service_id": "apply", "proof_id": proof})
        assert (answer.status_code, answer.json()["code"]) == (409, "proof-expired")
    answer = await house.call("POST", "/prefill", {"service_id": "nothing", "proof_id": await prove(house)})
    assert answer.json()["code"] == "service-unknown"


async def test_silent_departments_are_named(house: House) -> None:
    await house.control(departments={"desk": {"down": True}})
    assert await ask(house) == {"values": [], "silent": ["desk.person"]}
    await house.control(departments={"desk": {"delay_s": 5}})
    house.backend.state.cases_settings.prefill_timeout_s = 0.2
    began = time.monotonic()
    assert await ask(house) == {"values": [], "silent": ["desk.person"]}
    assert time.monotonic() - began < 4


def several() -> dict[str, Any]:
    def field(name: str, source: str, **more: Any) -> dict[str, Any]:
        prefill = {"value": source, "source": text("部门", "Department")}
        return {"kind": "text", "name": name, "label": text("标", "L"), "prefill": prefill, **more}

    form = [
        field("one", "desk.person:one"),
        field("two", "desk.person:two"),
        field("three", "hr.person:three"),
        field("four", "tax.person:four"),
        field("five", "card.name"),
    ]
    return {**SERVICES, "several": make("several", "几个部门", form=form, operation="desk.submit")}


async def test_one_call_an_operation_all_at_once(house: House) -> None:
    house.backend.state.catalogue = catalogue(several())
    calls: list[str] = []
    under_way = most = 0

    async def answer(operation: str, params: dict[str, Any]) -> dict[str, Any]:
        import asyncio

        nonlocal under_way, most
        calls.append(operation)
        assert params == {"name": ZHANG[0], "number": ZHANG[1]}
        under_way += 1
        most = max(most, under_way)
        await asyncio.sleep(0.05)
        under_way -= 1
        return {"result": "strange"} if operation == "tax.person" else {"result": "ok", "one": "1", "three": "3"}

    with patch.object(house.backend.state.exchange, "call", answer):
        found = await ask(house, service="several")
    assert sorted(calls) == ["desk.person", "hr.person", "tax.person"]
    assert most == 3
    assert [(one["field"], one["value"]) for one in found["values"]] == [("one", "1"), ("three", "3")]
    assert found["silent"] == ["tax.person"]


@pytest.mark.parametrize("value", ["长" * 41, "", "   ", "a\nb\x00", None, True, 1.5, ["x"], {"a": 1}])
async def test_a_value_that_does_not_fit_its_field_is_typed(house: House, value: Any) -> None:
    async def answer(operation: str, params: dict[str, Any]) -> dict[str, Any]:
        return {"result": "ok", "address": value}

    with patch.object(house.backend.state.exchange, "call", answer):
        assert (await ask(house))["values"] == []


async def test_a_package_goes_by_its_facts(house: House) -> None:
    package = SERVICES["package"]
    assert package.package is not None
    source = APPLY.form[0].prefill
    part = package.package.parts[0]
    field = part.form[0].model_copy(update={"prefill": source})
    changed = package.package.parts[0].model_copy(update={"form": [field]})
    bundle = package.package.model_copy(update={"parts": [changed, *package.package.parts[1:]]})
    house.backend.state.catalogue = catalogue({"package": package.model_copy(update={"package": bundle})})

    async def answer(operation: str, params: dict[str, Any]) -> dict[str, Any]:
        return {"result": "ok", "address": "13800000017"}

    with patch.object(house.backend.state.exchange, "call", answer):
        found = await ask(house, service="package")
    assert [(one["field"], one["value"]) for one in found["values"]] == [("phone", "13800000017")]
