"""A small content of the tests' own: an application, one decided on the spot, one of an organisation, a package."""

from __future__ import annotations

import base64
import json
import struct
import zlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import httpx

from backend.catalogue import Catalogue
from backend.contract.kiosk_api import API_PREFIX
from backend.sandbox.departments import Departments, read_departments
from content.calendar import WorkingDays
from content.schema.reference import Calendar, Department
from content.schema.service import Service
from tests.backend.house import BACKEND, House, open_house

ZHANG = ("张示范", "519999199001010017")
LI = ("李样本", "519999199001010025")
TASK = "11519999000000019R4002099001000"
KEY = "m9E1y8HrS4lZ7aaZ_3u1hybigcPw7L8s4broyQocKy4"

T = {"zh": "字", "en": "words"}
GUIDE = dict.fromkeys(
    (
        "legal_basis",
        "conditions",
        "materials",
        "procedure",
        "time_limit",
        "result",
        "quota",
        "fees",
        "contact",
        "notes",
    ),
    T,
)


def text(zh: str, en: str = "") -> dict[str, str]:
    return {"zh": zh, "en": en or zh}


BASE: dict[str, Any] = {
    "version": 3,
    "door": "applications",
    "journey": "application",
    "summary": T,
    "icon": "file",
    "agency": {"name": text("青口县人社局", "Qingkou HR"), "uscc": "11519999000000019R", "department": "hr"},
    "codes": {"catalog_code": "002099001000", "task_code": TASK, "task_type": "20"},
    "auth": "A2",
    "devices": ["id_reader"],
    "guide": GUIDE,
}

FORM: list[dict[str, Any]] = [
    {
        "kind": "text",
        "name": "address",
        "label": text("住址", "Address"),
        "max_length": 40,
        "prefill": {"value": "desk.person:address", "source": text("人口库", "Register")},
    },
    {
        "kind": "text",
        "name": "holder",
        "label": text("姓名", "Name"),
        "prefill": {"value": "card.name", "source": text("身份证", "ID card"), "locked": True},
    },
    {"kind": "phone", "name": "phone", "label": text("手机", "Phone"), "required": False},
    {
        "kind": "id-number",
        "name": "child",
        "label": text("子女证件号", "Child's number"),
        "when": {"whose": ["child"]},
    },
    {"kind": "date", "name": "since", "label": text("起始", "Since"), "latest": "+0", "required": False},
    {"kind": "amount", "name": "rent", "label": text("租金", "Rent"), "most_fen": 500000, "least_fen": 100},
    {
        "kind": "choices",
        "name": "why",
        "label": text("原因", "Why"),
        "options": [{"value": "work", "label": T}, {"value": "study", "label": T}],
        "required": False,
    },
    {"kind": "statement", "name": "true", "label": text("承诺", "Promise"), "statement": text("以上属实", "All true")},
]
SITUATIONS = [
    {
        "name": "whose",
        "question": T,
        "options": [
            {"value": "own", "label": T},
            {"value": "child", "label": T},
            {"value": "abroad", "label": T, "stop": text("请到窗口", "At the counter")},
        ],
    }
]
MATERIALS: list[dict[str, Any]] = [
    {"id": "id-card", "name": text("身份证", "ID card"), "source": "applicant"},
    {"id": "lease", "name": text("租房合同", "Lease"), "source": "applicant", "collect": "scan"},
    {
        "id": "photo",
        "name": text("照片", "Photo"),
        "source": "applicant",
        "collect": "scan",
        "necessity": "deferrable",
    },
    {"id": "household", "name": text("户口簿", "Household book"), "source": "government", "fetched_by": "desk.person"},
    {
        "id": "birth",
        "name": text("出生证明", "Birth certificate"),
        "source": "applicant",
        "collect": "bring",
        "when": {"whose": ["child"]},
    },
]


def make(service_id: str, title: str, **more: Any) -> Service:
    return Service.model_validate({**BASE, "id": service_id, "title": text(title, service_id), **more})


def part(part_id: str, department: str, **more: Any) -> dict[str, Any]:
    return {
        "id": part_id,
        "title": text(f"事项{part_id}", f"Item {part_id}"),
        "department": department,
        "operation": f"{department}.submit",
        "result": T,
        **more,
    }


def phone_field(name: str, fact: str | None = None, **more: Any) -> dict[str, Any]:
    return {"kind": "phone", "name": name, "label": T, "fact": fact, **more}


APPLY = make(
    "apply",
    "租房提取",
    situations=SITUATIONS,
    materials=MATERIALS,
    form=FORM,
    operation="desk.submit",
    limits={"promised": {"days": 5}},
    delegation={"relations": [{"value": "spouse", "label": T}], "proof": T},
    results=[{"name": T, "kind": "paper", "delivery": ["counter", "courier"]}],
)
INSTANT = make(
    "instant",
    "当场登记",
    form=[phone_field("phone")],
    operation="desk.submit",
    limits={"promised": {"days": 0}},
    results=[{"name": text("登记回执", "Registration slip"), "kind": "receipt", "delivery": ["counter"]}],
)
FREE = make("free", "意见征集", auth="A0", form=[phone_field("phone")], operation="desk.submit")
CARD_ONLY = make(
    "card-only",
    "刷卡事项",
    auth="A1",
    form=[
        phone_field("phone"),
        {
            "kind": "text",
            "name": "holder",
            "label": T,
            "prefill": {"value": "card.name", "source": T, "locked": True},
            "required": False,
        },
    ],
    operation="desk.submit",
    delegation={"relations": [{"value": "spouse", "label": T}], "proof": T},
)
SIGNED = make("signed", "签字事项", auth="A3", form=[phone_field("phone")], operation="desk.submit")
COMPANY = make(
    "company",
    "企业变更",
    auth="L2",
    form=[
        phone_field("phone"),
        {
            "kind": "text",
            "name": "firm",
            "label": T,
            "prefill": {"value": "licence.name", "source": T, "locked": True},
            "required": False,
        },
    ],
    operation="desk.submit",
)
UNNUMBERED = make("unnumbered", "没有编码", codes=None, form=[phone_field("phone")], operation="desk.submit")
PACKAGE = make(
    "package",
    "一件事",
    journey="package",
    door="packages",
    situations=[
        {
            "name": "field",
            "question": T,
            "options": [{"value": "science", "label": T}, {"value": "sports", "label": T}],
        }
    ],
    form=[{"kind": "text", "name": "applicant", "label": T}],
    operation="market.submit",
    limits={"promised": {"days": 3}},
    package={
        "leads": [
            {"department": "market", "when": {"field": ["science"]}},
            {"department": "culture", "when": {"field": ["sports"]}},
        ],
        "partners": [{"department": "hr"}, {"department": "tax", "when": {"field": ["sports"]}}],
        "parts": [
            part("licence", "market", required=True, form=[phone_field("mobile", "phone")], limit_days=3),
            part("venue", "culture", when={"field": ["sports"]}, form=[phone_field("phone")]),
            part("staff", "hr", needs=["tax"], form=[{"kind": "text", "name": "count", "label": T}]),
            part("tax", "tax", form=[phone_field("phone"), {"kind": "text", "name": "applicant", "label": T}]),
        ],
    },
)
SERVICES = {one.id: one for one in (APPLY, INSTANT, FREE, CARD_ONLY, SIGNED, COMPANY, UNNUMBERED, PACKAGE)}

_OPERATIONS = """
system: {system}
department: {system}
operations:
  - {{name: {system}.submit, kind: submit, title: {{zh: 受理, en: Accept}}}}
  - {{name: {system}.status, kind: status, title: {{zh: 进度, en: Progress}}}}
"""
_DESK = """
  - {name: desk.person, kind: record, title: {zh: 户籍, en: Person}, fields: [address]}
"""
_DESK_KNOWS = """
records:
  desk.person:
    "519999199001010017": {address: 青口县示范路 1 号}
"""


def departments_in(folder: Path) -> Departments:
    """The systems of these tests, as files."""
    declared, known = folder / "operations", folder / "departments"
    declared.mkdir(parents=True)
    known.mkdir()
    for system in ("desk", "market", "culture", "hr", "tax"):
        body = _OPERATIONS.format(system=system) + (_DESK if system == "desk" else "")
        (declared / f"{system}.yaml").write_text(body, "utf-8")
    (known / "desk.yaml").write_text(_DESK_KNOWS, "utf-8")
    return read_departments(declared, known)


def catalogue(services: dict[str, Service] | None = None, years: tuple[int, ...] = (2026, 2027)) -> Catalogue:
    """Without the notices' days: here every Monday to Friday is worked."""
    names = {"hr": "人社局", "market": "市场监管局", "culture": "文旅局"}
    pack = SimpleNamespace(
        version="test",
        services=SERVICES if services is None else services,
        templates={},
        departments={
            name: Department.model_validate({"id": name, "name": text(zh, name), "uscc": "11519999000000019R"})
            for name, zh in names.items()
        },
        working_days=WorkingDays([Calendar(year=year, notice="test", off=[], worked=[]) for year in years]),
    )
    return Catalogue(pack)  # type: ignore[arg-type]


@asynccontextmanager
async def counter(directory: Path, database: str = "", **settings: Any) -> AsyncIterator[House]:
    """A house that offers these services, with departments that know them."""
    known = departments_in(directory / "known")
    with patch("backend.sandbox.exchange.departments", lambda: known):
        async with open_house(directory, directory / "no-pack", database_url=database, **settings) as house:
            house.backend.state.catalogue = catalogue()
            yield house


async def prove(house: House, who: tuple[str, str] = ZHANG, kiosk: str = "kiosk-1") -> str:
    body = {"name": who[0], "number": who[1], "score_band": "match", "algorithm": "test"}
    answer = await house.call("POST", "/identity/assertions", body, kiosk)
    assert answer.status_code == 200, answer.text
    proof: str = answer.json()["proof_id"]
    return proof


async def scan(house: House, picture: bytes, kiosk: str = "kiosk-1") -> httpx.Response:
    headers = {"Authorization": f"Bearer {house.tokens[kiosk]}", "Content-Type": "image/png"}
    async with httpx.AsyncClient(transport=house.streets, base_url=BACKEND) as client:
        return await client.post(f"{API_PREFIX}/scans", content=picture, headers=headers)


def png(width: int = 3, height: int = 2, *, data: bytes | None = None) -> bytes:
    """A black greyscale picture; `data`: what is packed instead."""
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    packed = zlib.compress(bytes((width + 1) * height) if data is None else data, 9)
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in ((b"IHDR", header), (b"IDAT", packed), (b"IEND", b""))
    )


def signature() -> str:
    return base64.b64encode(png(40, 20)).decode()


GOOD_FORM = {"address": "青口县示范路 1 号", "holder": "张示范", "rent": "200000", "true": "yes"}


async def application(house: House, intent: str = "intent-0001", **changes: Any) -> dict[str, Any]:
    """A request for APPLY in which everything fits; `changes` replace parts of it."""
    kiosk = changes.pop("kiosk", "kiosk-1")
    if "proof_id" not in changes:
        changes["proof_id"] = await prove(house, changes.pop("who", ZHANG), kiosk)
    if "materials" not in changes:
        page = (await scan(house, png(), kiosk)).json()["scan_id"]
        changes["materials"] = [{"id": "lease", "how": "scanned", "scans": [page]}]
    return {
        "intent_id": intent,
        "service_id": "apply",
        "service_version": 3,
        "situation": {"whose": "own"},
        "form": GOOD_FORM,
        "delivery": "counter",
        **changes,
    }


async def simple(house: House, service_id: str, intent: str = "intent-0001", **changes: Any) -> dict[str, Any]:
    if "proof_id" not in changes:
        changes["proof_id"] = await prove(house)
    return {
        "intent_id": intent,
        "service_id": service_id,
        "service_version": 3,
        "form": {"phone": "13800000017"},
        "delivery": "counter",
        **changes,
    }


async def opened(house: House, request: dict[str, Any], kiosk: str = "kiosk-1") -> dict[str, Any]:
    answer = await house.call("POST", "/cases", request, kiosk)
    assert answer.status_code == 200, answer.text
    receipt: dict[str, Any] = answer.json()
    return receipt


async def refused(house: House, request: dict[str, Any], kiosk: str = "kiosk-1") -> tuple[str, str]:
    answer = await house.call("POST", "/cases", request, kiosk)
    assert answer.status_code >= 400, answer.text
    problem = answer.json()
    return problem["code"], problem["detail"]


def dumped(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)


TODAY = date(2026, 11, 22)
