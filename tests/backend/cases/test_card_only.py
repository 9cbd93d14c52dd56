"""A1: the card on the reader says whose application it is."""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import undefer

from backend.cases.models import ServiceCase
from tests.backend.cases.world import LI, ZHANG, catalogue, make, opened, phone_field, prove, refused, simple
from tests.backend.house import House

CARD: dict[str, Any] = {"proof_id": None, "name": ZHANG[0], "number": ZHANG[1]}
FORM = {"phone": "13800000017"}


async def test_the_case_is_the_card_holders(house: House) -> None:
    request = await simple(house, "card-only", **CARD, form={**FORM, "holder": "张示范"})
    receipt = await opened(house, request)
    assert (await opened(house, request))["case_no"] == receipt["case_no"]
    async with house.backend.state.sessions() as session:
        case = (await session.scalars(select(ServiceCase).options(undefer(ServiceCase.content)))).one()
    assert json.loads(case.content)["person"] == {"name": ZHANG[0], "number": ZHANG[1]}
    assert case.person_hash == house.backend.state.vault.person_hash(ZHANG[1])
    assert case.proof_method == "card"


async def test_without_a_card_there_is_no_case(house: House) -> None:
    for card in ({}, {"name": ZHANG[0]}, {"number": ZHANG[1]}):
        request = await simple(house, "card-only", proof_id=None, **card)
        assert (await refused(house, request))[0] == "proof-expired"
    request = await simple(house, "card-only", **{**CARD, "number": ZHANG[1][:-1] + "X"})
    assert (await refused(house, request))[0] == "id-invalid"


async def test_a_card_is_no_proof_where_one_is_wanted(house: House) -> None:
    assert (await refused(house, await simple(house, "signed", **CARD)))[0] == "proof-expired"
    assert (await refused(house, await simple(house, "company", **CARD)))[0] == "proof-expired"


async def test_nobody_elses_name_in_a_locked_field(house: House) -> None:
    request = await simple(house, "card-only", **CARD, form={**FORM, "holder": LI[0]})
    assert await refused(house, request) == ("form-invalid", "holder")


async def test_a_locked_field_holds_nothing_where_there_is_nobody(house: House) -> None:
    field = {"kind": "text", "name": "holder", "label": {"zh": "姓名", "en": "Name"}, "required": False}
    locked = {"source": {"zh": "身份证", "en": "ID card"}, "locked": True}
    for source in ("card.name", "licence.name"):
        form = [phone_field("phone"), {**field, "prefill": {"value": source, **locked}}]
        service = make("open", "开放事项", auth="A0", form=form, operation="desk.submit")
        house.backend.state.catalogue = catalogue({"open": service})
        request = await simple(house, "open", proof_id=None, form={**FORM, "holder": "任何人"})
        assert await refused(house, request) == ("form-invalid", "holder")


async def test_what_a_department_knows_and_locks_is_not_changed(house: House) -> None:
    """The department is asked again: the terminal may say anything."""
    locked = {"value": "desk.person:address", "source": {"zh": "人口库", "en": "Register"}, "locked": True}
    field = {"kind": "text", "name": "address", "label": {"zh": "住址", "en": "Address"}, "prefill": locked}
    service = make("at-home", "住址事项", form=[field], operation="desk.submit")
    house.backend.state.catalogue = catalogue({"at-home": service})
    request = await simple(house, "at-home", form={"address": "别处 9 号"})
    assert await refused(house, request) == ("form-invalid", "address")
    await opened(house, request | {"form": {"address": "青口县示范路 1 号"}})
    # A department that knows nothing of somebody, or says nothing: then it was typed.
    await opened(house, await simple(house, "at-home", "intent-0002", proof_id=await prove(house, LI), form=TYPED))
    await house.control(departments={"desk": {"down": True}})
    await opened(house, await simple(house, "at-home", "intent-0003", form=TYPED))


TYPED = {"address": "别处 9 号"}


async def test_who_only_shows_a_card_acts_for_nobody_else(house: House) -> None:
    agent = {"relation": "spouse", "principal_name": LI[0], "principal_number": LI[1]}
    assert (await refused(house, await simple(house, "card-only", **CARD, agent=agent)))[0] == "proof-expired"
