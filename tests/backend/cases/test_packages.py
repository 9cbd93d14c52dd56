"""Packages: which parts go together, who leads, and each fact once."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from backend.cases.models import CaseHandover, CasePartRow
from tests.backend.cases.test_handover import watched
from tests.backend.cases.world import opened, prove, refused
from tests.backend.house import House

FORM = {"applicant": "张示范", "phone": "13800000017"}


async def package(house: House, intent: str = "intent-0001", **changes: Any) -> dict[str, Any]:
    return {
        "intent_id": intent,
        "service_id": "package",
        "service_version": 3,
        "proof_id": await prove(house),
        "situation": {"field": "science"},
        "parts": ["licence"],
        "form": FORM,
        **changes,
    }


async def test_part_of_it(house: House) -> None:
    receipt = await opened(house, await package(house))
    assert [one["part_id"] for one in receipt["parts"]] == ["licence"]
    assert (receipt["department_zh"], receipt["department_en"]) == ("市场监管局", "market")


async def test_all_of_it_with_another_lead(house: House) -> None:
    request = await package(
        house,
        situation={"field": "sports"},
        parts=["staff", "tax", "venue", "licence"],
        form={**FORM, "count": "3"},
    )
    with watched(house) as calls:
        receipt = await opened(house, request)
        await house.backend.state.case_handover.run()
    assert receipt["department_zh"] == "文旅局"
    assert [one["part_id"] for one in receipt["parts"]] == ["licence", "venue", "staff", "tax"]  # the package's order
    async with house.backend.state.sessions() as session:
        parts = {one.part_id: one for one in await session.scalars(select(CasePartRow))}
        lead = (await session.scalars(select(CaseHandover))).one()
    assert {one.state for one in parts.values()} == {"waiting"}
    assert (parts["tax"].department, parts["tax"].operation) == ("tax", "tax.submit")
    assert (lead.department, lead.operation, lead.state) == ("culture", "culture.submit", "done")
    [(operation, params)] = calls
    assert operation == "culture.submit"
    assert params["partners"] == ["hr", "tax"]
    assert params["form"] == request["form"]
    # Each department gets the shared fact under its own field's name.
    assert {one["part"]: one["form"] for one in params["parts"]} == {
        "licence": {"mobile": "13800000017"},
        "venue": {"phone": "13800000017"},
        "staff": {"count": "3"},
        "tax": {"phone": "13800000017", "applicant": "张示范"},
    }


async def test_what_belongs_together(house: House) -> None:
    async def said(*parts: str, **changes: Any) -> tuple[str, str]:
        return await refused(house, await package(house, parts=list(parts), **changes))

    assert await said() == ("form-invalid", "part:licence")
    assert await said("tax") == ("form-invalid", "part:licence")  # required by law
    assert await said("licence", "staff", form={**FORM, "count": "3"}) == ("form-invalid", "part:tax")  # staff needs it
    assert await said("licence", "venue") == ("form-invalid", "part:venue")  # not in this situation
    assert await said("licence", "made-up") == ("form-invalid", "part:")
    assert await said("licence", form={**FORM, "mobile": "13800000017"}) == ("form-invalid", "unknown-field")
    assert await said("licence", situation={}) == ("form-invalid", "situation:field")
    without = {"applicant": "张示范"}
    assert await said("licence", form=without) == ("form-invalid", "phone")


async def test_no_parts_without_a_package(house: House) -> None:
    request = {**await package(house), "service_id": "instant", "situation": {}, "form": {"phone": "13800000017"}}
    assert await refused(house, request) == ("form-invalid", "part:")
