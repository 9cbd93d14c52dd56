"""Every record, certificate, bill and booking of the catalogue, as a resident asks for it: no service needs code."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
import yaml

from backend.db.engine import writing
from backend.sandbox.licences import make_licence
from backend.stock.loading import load
from content.build import CATALOGUE, build
from content.schema.base import holds
from content.schema.forms import ChoiceField, FormField
from content.schema.service import Kind, Service
from tests.backend.hall import NAME, NUMBER
from tests.backend.house import House, open_house

pytestmark = pytest.mark.asyncio(loop_scope="module")

_SANDBOX = Path(__file__).parents[3] / "backend" / "sandbox" / "departments"
_NUMBERS = {"contract_no": "202400012345", "acceptance_no": "202600001234", "certificate_no": "0012345"}
_VALUES = {"phone": "13800000017", "id-number": NUMBER, "statement": "yes", "amount": "100"}


@cache
def services() -> dict[str, Service]:
    files = sorted((CATALOGUE / "services").glob("*.yaml"))
    made = (Service.model_validate(yaml.safe_load(file.read_text("utf-8"))) for file in files)
    return {service.id: service for service in made}


def of(*kinds: Kind, record: bool | None = None) -> list[str]:
    return [
        service.id
        for service in services().values()
        if service.journey in kinds and record in (None, service.record is not None)
    ]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    directory = tmp_path_factory.mktemp("catalogue")
    build(CATALOGUE, directory / "pack")
    async with open_house(directory / "rooms", directory / "pack") as opened:
        async with writing(opened.backend.state.sessions) as session:
            for stock in {service.certificate.stock for service in services().values() if service.certificate} - {None}:
                await load(session, "test", "kiosk-1", str(stock), "A0001", "A0020", datetime.now(UTC))
            await session.commit()
        yield opened


async def told(house: House, path: str, body: dict[str, Any]) -> dict[str, Any]:
    response = await house.call("POST", path, body)
    assert response.status_code == 200, f"{path}: {response.text}"
    answer: dict[str, Any] = response.json()
    return answer


async def shown(house: House, service: Service) -> dict[str, Any]:
    """What a resident shows at the terminal for this service."""
    if service.auth == "A0":
        return {}
    if service.auth == "A1":
        return {"name": NAME, "number": NUMBER}
    body = {"name": NAME, "number": NUMBER, "score_band": "strong", "algorithm": "test"}
    proof = (await told(house, "/identity/assertions", body))["proof_id"]
    return {"proof_id": proof} | ({"licence": make_licence()} if service.auth.organisation else {})


def filled(service: Service, **values: str) -> dict[str, str]:
    """A form as somebody would fill it: the first option, what is printed on the paper."""
    form: dict[str, str] = {}
    for field in service.form:
        if field.required and holds(field.when, form):
            form[field.name] = values.get(field.name) or _value(field)
    return form


def _value(field: FormField) -> str:
    if isinstance(field, ChoiceField):
        return field.options[0].value
    if field.kind == "choices":
        return field.options[0].value
    if field.kind == "date":
        return datetime.now(UTC).date().isoformat()
    if field.kind == "number":
        return _NUMBERS.get(field.name, "1" * field.max_length)
    return _VALUES.get(field.kind, "示范")


@pytest.mark.parametrize("service_id", of(Kind.QUERY, Kind.CERTIFICATE, Kind.LICENCE, record=True))
async def test_every_record_is_answered(house: House, service_id: str) -> None:
    service = services()[service_id]
    body = {"service_id": service_id, "form": filled(service), **await shown(house, service)}
    reply = await told(house, "/records/query", body)
    assert reply["entries"] or reply["rows_zh"]
    assert len(reply["rows_zh"]) == len(reply["rows_en"])
    for entry in reply["entries"]:
        assert entry["value_zh"]
        assert entry["value_en"]
    if service.certificate is not None:
        review = await told(house, "/certificates/review", body)
        assert NUMBER not in str(review)


@pytest.mark.parametrize("service_id", of(Kind.CERTIFICATE, Kind.LICENCE))
async def test_every_certificate_is_issued(house: House, service_id: str) -> None:
    service = services()[service_id]
    body = {
        "intent_id": f"i-{service_id}"[:40],
        "service_id": service_id,
        "form": filled(service),
        **await shown(house, service),
    }
    issued = await told(house, "/certificates", body)
    assert issued["pages"] >= 1
    assert service.certificate is not None
    assert issued["title_zh"] == service.certificate.title.zh


def accounts(service: Service) -> dict[str, Any]:
    if service.operation == "water.bill":
        return {"035012342718": {"bill_no": "…"}}
    system = (service.operation or "").split(".")[0]
    known = yaml.safe_load((_SANDBOX / f"{system}.yaml").read_text("utf-8"))["bills"]
    found: dict[str, Any] = known[service.operation]
    return found


@pytest.mark.parametrize("service_id", of(Kind.BILL_PAYMENT))
async def test_every_bill_can_be_paid(house: House, service_id: str) -> None:
    service = services()[service_id]
    account = next(number for number, entry in accounts(service).items() if "bill_no" in entry)
    bill = await told(house, "/bills/query", {"service_id": service_id, "account": account})
    assert "*" in bill["customer_masked"]
    assert bill["period_zh"]
    assert bool(bill["usage_zh"]) == (service.usage_unit is not None)
    order = {"intent_id": f"p-{service_id}"[:40], "service_id": service_id, "channel": "alipay_qr"}
    payment = await told(house, "/payments", {**order, "bill_id": bill["bill_id"], "amount_fen": bill["amount_fen"]})
    await house.pay(payment["qr_code"])
    await house.sandbox.state.notifier.drain()
    await house.backend.state.sweeper.sweep()
    paid = (await house.call("GET", f"/payments/{order['intent_id']}")).json()
    assert (paid["state"], paid["posted"]) == ("paid", True)
    assert (await told(house, f"/payments/{order['intent_id']}/receipt", {"outcome": "printed"}))[
        "state"
    ] == "delivered"


@pytest.mark.parametrize("service_id", of(Kind.APPOINTMENT))
async def test_every_booking_is_made(house: House, service_id: str) -> None:
    service = services()[service_id]
    form = filled(service)
    slots = (await told(house, "/appointments/slots", {"service_id": service_id, "form": form}))["slots"]
    body = {"intent_id": f"b-{service_id}"[:40], "service_id": service_id, "slot_id": slots[0]["slot_id"], "form": form}
    booking = await told(house, "/appointments", body | await shown(house, service))
    assert booking["booking_no"]
    assert booking["slot"]["place_zh"]


@pytest.mark.parametrize("service_id", of(Kind.QUEUE_TICKET, Kind.COMPLAINT))
async def test_every_ticket_and_complaint_is_taken(house: House, service_id: str) -> None:
    service = services()[service_id]
    body: dict[str, Any] = {"intent_id": f"q-{service_id}"[:40], "service_id": service_id}
    if service.journey is Kind.QUEUE_TICKET:
        matter = filled(service).get("matter", "")
        assert (await told(house, "/queue/tickets", {**body, "matter": matter}))["number"]
    else:
        assert (await told(house, "/complaints", {**body, "kind": "complaint", "text": "请改进"}))["ticket_no"]
