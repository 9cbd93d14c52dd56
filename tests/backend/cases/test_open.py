"""Opening cases: what fits gets a number, once; what does not is named."""

from __future__ import annotations

import hashlib
import json
import re
from typing import Any

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.orm import undefer

from backend.cases.models import CaseEvent, CaseStatement, ServiceCase
from backend.scans.models import Scan
from content.schema.service import Service
from tests.backend.cases.world import (
    APPLY,
    GOOD_FORM,
    LI,
    SERVICES,
    TASK,
    ZHANG,
    application,
    catalogue,
    opened,
    png,
    prove,
    refused,
    scan,
    signature,
    simple,
)
from tests.backend.house import House


async def count(house: House, table: Any) -> int:
    async with house.backend.state.sessions() as session:
        return await session.scalar(select(func.count()).select_from(table)) or 0


async def test_a_case_gets_its_number_and_a_promise(house: House) -> None:
    request = await application(house)
    receipt = await opened(house, request)
    assert re.fullmatch(TASK + r"\d{8}0001", receipt["case_no"])
    assert len(receipt["case_no"]) == 43
    assert re.fullmatch(r"[ACDEFGHJKMNPQRTUWXY34679]{6}", receipt["check_code"])
    assert receipt["state"] == "received"
    assert (receipt["title_zh"], receipt["department_zh"]) == ("租房提取", "青口县人社局")
    assert receipt["promised_by"] > receipt["received_at"][:10]
    assert receipt["to_bring"] == []
    again = await application(house, "intent-0002")
    assert (await opened(house, again))["case_no"].endswith("0002")


async def test_what_is_kept(house: House) -> None:
    request = await application(house)
    receipt = await opened(house, request)
    async with house.backend.state.sessions() as session:
        case = (await session.scalars(select(ServiceCase).options(undefer(ServiceCase.content)))).one()
        statement = (await session.scalars(select(CaseStatement))).one()
        page = (await session.scalars(select(Scan))).one()
        events = [event.kind for event in await session.scalars(select(CaseEvent))]
        raw = (await session.execute(text("SELECT * FROM service_case"))).one()
    assert json.loads(case.content)["form"] == GOOD_FORM
    assert json.loads(case.content)["person"] == {"name": ZHANG[0], "number": ZHANG[1]}
    assert (statement.field, statement.agreed) == ("true", True)
    assert statement.text_sha256 == hashlib.sha256("以上属实".encode()).hexdigest()
    assert (page.case_no, page.material_id, page.page) == (receipt["case_no"], "lease", 1)
    assert events == ["received"]
    lying = b" ".join(value if isinstance(value, bytes) else str(value).encode() for value in raw)
    for secret in (ZHANG[0], ZHANG[1], GOOD_FORM["address"], receipt["check_code"]):
        assert secret.encode() not in lying


async def test_the_same_intent_is_the_same_case(house: House) -> None:
    request = await application(house)
    first = await opened(house, request)
    assert await opened(house, request) == first
    assert (await house.call("GET", "/cases/intent-0001")).json() == first
    # After a restart the resident has proven again.
    assert await opened(house, {**request, "proof_id": await prove(house)}) == first
    assert await refused(house, {**request, "form": {**GOOD_FORM, "rent": "300000"}}) == ("intent-conflict", "")
    assert await count(house, ServiceCase) == 1
    assert (await house.call("GET", "/cases/intent-0001", kiosk="kiosk-2")).status_code == 404


@pytest.mark.parametrize(
    ("form", "place"),
    [
        ({"address": ""}, "address"),
        ({"address": "   "}, "address"),
        ({"address": "长" * 41}, "address"),
        ({"phone": "12345"}, "phone"),
        ({"phone": "13800000017\n"}, "phone"),
        ({"since": "2026-02-30"}, "since"),
        ({"since": "2999-01-01"}, "since"),
        ({"rent": "99"}, "rent"),
        ({"rent": "500001"}, "rent"),
        ({"rent": "-5"}, "rent"),
        ({"rent": "12.50"}, "rent"),
        ({"why": "work work"}, "why"),
        ({"why": "fun"}, "why"),
        ({"true": "no"}, "true"),
        ({"child": "519999201809030013"}, "unknown-field"),
        ({"<script>": "x"}, "unknown-field"),
        ({"holder": "李样本"}, "holder"),
    ],
)
async def test_a_form_that_does_not_fit(house: House, form: dict[str, str], place: str) -> None:
    request = await application(house, form={**GOOD_FORM, **form})
    assert await refused(house, request) == ("form-invalid", place)
    assert await count(house, ServiceCase) == 0


async def test_situations(house: House) -> None:
    async def said(**situation: str) -> tuple[str, str]:
        return await refused(house, await application(house, situation=situation))

    assert await said() == ("form-invalid", "situation:whose")
    assert await said(whose="nobody") == ("form-invalid", "situation:whose")
    assert await said(whose="own", other="x") == ("form-invalid", "situation:")
    assert await said(whose="abroad") == ("situation-stops", "whose")
    # Another situation asks for more.
    assert await said(whose="child") == ("form-invalid", "child")
    wrong = await application(house, situation={"whose": "child"}, form={**GOOD_FORM, "child": LI[1][:-1] + "9"})
    assert await refused(house, wrong) == ("form-invalid", "child")


async def test_what_is_to_be_brought(house: House) -> None:
    page = (await scan(house, png())).json()["scan_id"]
    materials = [
        {"id": "lease", "how": "scanned", "scans": [page]},
        {"id": "birth", "how": "bring"},
        {"id": "photo", "how": "later"},
    ]
    form = {**GOOD_FORM, "child": LI[1]}
    request = await application(house, situation={"whose": "child"}, materials=materials, form=form)
    receipt = await opened(house, request)
    assert [(one["label_zh"], one["value_zh"]) for one in receipt["to_bring"]][1] == ("出生证明", "到窗口提交")
    assert re.fullmatch(r"\d{4}年\d+月\d+日前补交", receipt["to_bring"][0]["value_zh"])
    assert re.fullmatch(r"Hand in by \d\d \w{3} \d{4}", receipt["to_bring"][0]["value_en"])


@pytest.mark.parametrize(
    ("materials", "place"),
    [
        ([], "material:lease"),
        ([{"id": "lease", "how": "scanned", "scans": []}], "material:lease"),
        ([{"id": "lease", "how": "later"}], "material:lease"),
        ([{"id": "lease", "how": "bring"}], "material:lease"),
        ([{"id": "lease", "how": "replaced"}], "material:lease"),
        ([{"id": "lease", "how": "scanned", "scans": ["unknown"]}], "material:lease"),
        ([{"id": "rubbish", "how": "bring"}], "material:"),
        ([{"id": "birth", "how": "bring"}], "material:birth"),
    ],
)
async def test_materials_that_do_not_fit(house: House, materials: list[Any], place: str) -> None:
    page = (await scan(house, png())).json()["scan_id"]
    if place in ("material:", "material:birth"):
        materials = [{"id": "lease", "how": "scanned", "scans": [page]}, *materials]
    assert await refused(house, await application(house, materials=materials)) == ("form-invalid", place)
    assert await count(house, ServiceCase) == 0


async def test_what_the_government_issued_is_never_asked_for(house: House) -> None:
    page = (await scan(house, png())).json()["scan_id"]
    lease = {"id": "lease", "how": "scanned", "scans": [page]}
    asked = [lease, {"id": "household", "how": "bring"}]
    assert await refused(house, await application(house, materials=asked)) == ("form-invalid", "material:household")
    receipt = await opened(house, await application(house, materials=[lease]))
    assert receipt["to_bring"] == []


async def test_scans_of_others_are_not_taken(house: House) -> None:
    theirs = (await scan(house, png(), "kiosk-2")).json()["scan_id"]
    lease = [{"id": "lease", "how": "scanned", "scans": [theirs]}]
    assert (await refused(house, await application(house, materials=lease)))[1] == "material:lease"
    own = await application(house)
    await opened(house, own)
    used = await application(house, "intent-0002", materials=own["materials"])
    assert await refused(house, used) == ("form-invalid", "material:lease")
    twice = [{"id": "lease", "how": "scanned", "scans": own["materials"][0]["scans"] * 2}]
    assert (await refused(house, await application(house, "intent-0003", materials=twice)))[1] == "material:lease"


async def test_who_may_apply(house: House) -> None:
    assert (await refused(house, await application(house, proof_id=None)))[0] == "proof-expired"
    assert (await refused(house, await application(house, proof_id="made-up")))[0] == "proof-expired"
    elsewhere = await prove(house, kiosk="kiosk-2")
    assert (await refused(house, await application(house, proof_id=elsewhere)))[0] == "proof-expired"
    assert (await opened(house, await simple(house, "free", proof_id=None)))["state"] == "received"


async def test_an_agent(house: House) -> None:
    agent = {"relation": "spouse", "principal_name": LI[0], "principal_number": LI[1]}
    request = await application(house, agent=agent, form={**GOOD_FORM, "holder": LI[0]})
    await opened(house, request)
    async with house.backend.state.sessions() as session:
        case = (await session.scalars(select(ServiceCase))).one()
    vault = house.backend.state.vault
    assert (case.person_hash, case.agent_hash) == (vault.person_hash(LI[1]), vault.person_hash(ZHANG[1]))
    for wrong in (
        {**agent, "relation": "friend"},
        {**agent, "principal_number": ZHANG[1]},
        {**agent, "principal_number": "519999199001010026"},
    ):
        assert await refused(house, await application(house, "intent-0009", agent=wrong)) == ("form-invalid", "agent")
    assert (await refused(house, await simple(house, "instant", "intent-0010", agent=agent)))[1] == "agent"


async def test_a_signature_where_one_is_asked_for(house: House) -> None:
    assert await refused(house, await simple(house, "signed")) == ("form-invalid", "signature")
    for rubbish in ("!!!", "aGVsbG8="):
        assert (await refused(house, await simple(house, "signed", signature_png=rubbish)))[1] == "signature"
    receipt = await opened(house, await simple(house, "signed", signature_png=signature()))
    async with house.backend.state.sessions() as session:
        kept = (await session.scalars(select(Scan))).one()
    assert (kept.kind, kept.case_no) == ("signature", receipt["case_no"])
    files = list((house.settings.var_dir / "scans").iterdir())
    assert [file.name for file in files] == [f"{kept.id}.enc"]
    assert b"PNG" not in files[0].read_bytes()


async def test_a_business_licence_where_one_is_asked_for(house: House) -> None:
    licence = (await house.sandbox_call("POST", "/phone/licence", {})).json()["licence"]
    assert (await opened(house, await simple(house, "company", licence=licence)))["state"] == "received"
    forged = (await house.sandbox_call("POST", "/phone/licence", {"forged": True})).json()["licence"]
    expired = (await house.sandbox_call("POST", "/phone/licence", {"expired": True})).json()["licence"]
    for text_, why in ((forged, "not signed by the registry"), (expired, "expired"), (None, "none was shown")):
        request = await simple(house, "company", "intent-0002", licence=text_)
        assert await refused(house, request) == ("licence-invalid", why)
    other = await simple(house, "company", "intent-0003", licence=licence, proof_id=await prove(house, LI))
    assert await refused(house, other) == ("licence-invalid", "another person's")
    firm = {"phone": "13800000017", "firm": "别的公司"}
    assert await refused(house, await simple(house, "company", "intent-0004", licence=licence, form=firm)) == (
        "form-invalid",
        "firm",
    )
    own = {**firm, "firm": "青口县示范制造有限公司"}
    await opened(house, await simple(house, "company", "intent-0004", licence=licence, form=own))


async def test_services_that_take_no_applications(house: House) -> None:
    assert (await refused(house, await simple(house, "unnumbered")))[0] == "service-unknown"
    assert (await refused(house, await simple(house, "nothing-like-it")))[0] == "service-unknown"
    assert (await refused(house, await application(house, delivery="locker"))) == ("form-invalid", "delivery")


async def test_the_service_has_changed_since(house: House) -> None:
    changed: Service = APPLY.model_copy(update={"version": 4})
    house.backend.state.catalogue = catalogue({**SERVICES, "apply": changed})
    await opened(house, await application(house))  # it still fits
    narrower = changed.model_copy(update={"form": changed.form[:-1]})
    house.backend.state.catalogue = catalogue({**SERVICES, "apply": narrower})
    request = await application(house, "intent-0002")
    assert await refused(house, request) == ("service-changed", "unknown-field")
    assert (await refused(house, {**request, "service_version": 4}))[0] == "form-invalid"


async def test_nothing_is_promised_without_a_calendar(house: House) -> None:
    house.backend.state.catalogue = catalogue(years=(2020,))
    receipt = await opened(house, await application(house))
    assert receipt["promised_by"] is None


async def test_a_day_has_ten_thousand_numbers(house: House) -> None:
    await opened(house, await simple(house, "instant"))
    async with house.backend.state.sessions() as session:
        await session.execute(text("UPDATE case_serial SET last = 9999"))
        await session.commit()
    assert (await refused(house, await simple(house, "instant", "intent-0002")))[0] == "daily-limit"


async def test_nothing_is_left_of_what_was_refused(house: House) -> None:
    materials = [{"id": "lease", "how": "scanned", "scans": ["gone"]}]
    await refused(house, await application(house, materials=materials, signature_png=signature()))
    assert await count(house, Scan) == 0
    assert not list((house.settings.var_dir / "scans").glob("*"))
