"""POST /records/query."""

from __future__ import annotations

import json
from typing import Any

import pytest
from structlog.testing import capture_logs

from backend.sandbox.licences import LicenceWish, make_licence
from tests.backend.hall import NAME, NUMBER, Hall, choice, make_service, text

RECORD = {
    "entries": [{"label": {"zh": "账号", "en": "Account"}, "value": "account_no", "private": True}],
    "table": {
        "rows": "lines",
        "columns": [
            {"label": {"zh": "月份", "en": "Month"}, "value": "month", "format": "month"},
            {"label": {"zh": "金额", "en": "Amount"}, "value": "fen", "format": "fen", "private": True},
        ],
        "empty": {"zh": "没有查到", "en": "Nothing was found"},
    },
}
ANSWER = {"result": "ok", "account_no": "6217000001", "lines": [{"month": "2026-09", "fen": 204000}]}


def offered(hall: Hall, **changes: Any) -> None:
    plain: dict[str, Any] = {
        "operation": "fund.statement",
        "record": RECORD,
        "form": [choice("year", this="今年", last="去年")],
    }
    hall.add(make_service("fund-statement", "query", **(plain | changes)))
    hall.departments.answers["fund.statement"] = ANSWER


async def asked(hall: Hall, **changes: Any) -> dict[str, Any]:
    return {"service_id": "fund-statement", "proof_id": await hall.proof(), "form": {"year": "this"}} | changes


async def test_own_data_in_both_languages(hall: Hall) -> None:
    offered(hall)
    with capture_logs() as logs:
        reply = await hall.told("/records/query", await asked(hall))
    assert hall.departments.asked == [("fund.statement", {"name": NAME, "number": NUMBER, "year": "this"})]
    (entry,) = reply["entries"]
    assert (entry["label_en"], entry["value_zh"], entry["value_en"]) == ("Account", "6217000001", "6217000001")
    assert reply["private_entries"] == [0]
    assert [column["private"] for column in reply["columns"]] == [False, True]
    assert reply["rows_zh"] == reply["rows_en"] == [["2026.09", "¥2,040.00"]]
    assert reply["empty_en"] == "Nothing was found"
    told = json.dumps(logs, default=str)
    assert "record_shown" in told
    for secret in (NAME, NUMBER, "6217000001", "2040"):
        assert secret not in told


async def test_a_department_is_told_only_what_it_asks_for(hall: Hall) -> None:
    """`population.person` declares no params: what the resident chose stays with us."""
    offered(hall, operation="population.person", record={"entries": [RECORD["entries"][0]]})
    hall.departments.answers["population.person"] = ANSWER
    await hall.told("/records/query", await asked(hall))
    assert hall.departments.asked == [("population.person", {"name": NAME, "number": NUMBER})]


async def test_the_form_names_nobody_else(hall: Hall) -> None:
    """A form field called like ours does not reach the department in its place."""
    fields = [{"kind": "text", "name": name, "label": text(name)} for name in ("name", "number")]
    offered(hall, form=fields)
    form = {"name": "李样本", "number": "519999199001010025"}
    await hall.told("/records/query", await asked(hall, form=form))
    assert hall.departments.asked[0][1] == {"name": NAME, "number": NUMBER}


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        ({"result": "no-record"}, "no-record"),
        ({"result": "busy"}, "department-down"),
        ({"result": "ok"}, "department-down"),
        ({**ANSWER, "lines": [{"month": "soon", "fen": 1}]}, "department-down"),
    ],
)
async def test_only_the_department_says_that_there_is_nothing(hall: Hall, answer: dict[str, Any], code: str) -> None:
    offered(hall)
    hall.departments.answers["fund.statement"] = answer
    assert await hall.refused("/records/query", await asked(hall)) == code


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"form": {"year": "never"}}, "form-invalid"),
        ({"form": {}}, "form-invalid"),
        ({"proof_id": "no-such-proof"}, "proof-expired"),
        ({"proof_id": None}, "proof-expired"),
        ({"proof_id": None, "name": NAME, "number": NUMBER}, "proof-expired"),  # a card alone is not A2
        ({"service_id": "water-bill", "form": {}}, "service-unknown"),
        ({"service_id": "no-such-service"}, "service-unknown"),
    ],
)
async def test_refusals(hall: Hall, change: dict[str, Any], code: str) -> None:
    offered(hall)
    assert await hall.refused("/records/query", await asked(hall, **change)) == code
    assert hall.departments.asked == []


async def test_a_proof_of_another_kiosk(hall: Hall) -> None:
    offered(hall)
    assert await hall.refused("/records/query", await asked(hall), "kiosk-2") == "proof-expired"


async def test_a_card_is_enough_where_the_service_says_so(hall: Hall) -> None:
    offered(hall, auth="A1")
    card = {"proof_id": None, "name": NAME, "number": NUMBER}
    await hall.told("/records/query", await asked(hall, **card))
    assert hall.departments.asked[0][1]["number"] == NUMBER
    assert (
        await hall.refused("/records/query", await asked(hall, **card | {"number": NUMBER[:-1] + "8"})) == "id-invalid"
    )
    assert await hall.refused("/records/query", await asked(hall, proof_id=None)) == "proof-expired"


async def test_nobody_is_named_where_nobody_is_asked(hall: Hall) -> None:
    offered(hall, auth="A0")
    await hall.told("/records/query", await asked(hall, proof_id=None))
    assert hall.departments.asked[0][1] == {"year": "this"}


async def test_an_organisation_shows_its_licence(hall: Hall) -> None:
    offered(hall, auth="L1")
    licence = make_licence()
    await hall.told("/records/query", await asked(hall, proof_id=None, licence=licence))
    params = hall.departments.asked[0][1]
    assert len(params["number"]) == 18
    assert params["number"] != NUMBER
    for bad in (None, licence[:-4] + "AAAA", make_licence(LicenceWish(expired=True))):
        refusal = await hall.refused("/records/query", await asked(hall, proof_id=None, licence=bad))
        assert refusal == "licence-invalid"
