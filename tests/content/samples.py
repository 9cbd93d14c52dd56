"""A small catalogue without faults, one service of each shape; tests break it in one place."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import yaml

from content.codes.uscc import check_character, inner_check_character

BUREAU = "11519999000000019R"
MARKET = "115199990000001153"
FIRE = "115199990000002384"


def uscc(number: int) -> str:
    inner = f"{number:08d}"
    body = f"11519999{inner}{inner_check_character(inner)}"
    return body + check_character(body)


def t(zh: str = "按规定", en: str = "As the rules say") -> dict[str, str]:
    return {"zh": zh, "en": en}


GUIDE = {
    name: t()
    for name in (
        [
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
        ]
    )
}
CONSENT = {"what": t(), "why": t(), "kept": t()}

PROOF: dict[str, Any] = {
    "id": "proof",
    "version": 1,
    "row": "1",
    "door": "certificates",
    "journey": "certificate",
    "title": t("社保参保证明", "Proof of social insurance"),
    "summary": t("当场打印", "Printed now"),
    "keywords": ["社保", "参保"],
    "icon": "file-text",
    "agency": {"name": t("示范局", "Demonstration bureau"), "uscc": BUREAU, "department": "bureau"},
    "codes": {
        "catalog_code": "992000001001",
        "task_code": f"{BUREAU}4992000001001",
        "task_handle_item": f"{BUREAU}499200000100101",
        "task_type": "20",
    },
    "auth": "A2",
    "devices": ["id_reader", "document_printer"],
    "guide": GUIDE,
    "consent": CONSENT,
    "form": [
        {
            "kind": "choice",
            "name": "period",
            "label": t("时段", "Period"),
            "question": t("哪一段？", "Which period?"),
            "options": [
                {"value": "year", "label": t("一年", "A year")},
                {"value": "all", "label": t("全部", "All")},
            ],
        }
    ],
    "operation": "insurance.enrolment",
    "record": {
        "entries": [{"label": t("参保地", "Place"), "value": "place"}],
        "table": {
            "rows": "months",
            "columns": [{"label": t("月份", "Month"), "value": "month"}],
            "empty": t("没有查到记录", "No record was found"),
        },
    },
    "certificate": {
        "template": "record-sheet",
        "type_code": f"{BUREAU}001",
        "title": t("参保证明", "Proof of enrolment"),
    },
    "availability": {"hours": [{"since": "07:00", "to": "22:00"}], "places": ["5199"]},
}

WATER: dict[str, Any] = {
    "id": "water",
    "version": 3,
    "row": "30",
    "door": "fees",
    "journey": "bill-payment",
    "title": t("水费缴纳", "Water bill"),
    "summary": t("手机付款", "Pay by phone"),
    "keywords": ["水费"],
    "icon": "droplets",
    "agency": {"name": t("示范局", "Demonstration bureau"), "uscc": BUREAU},
    "auth": "A0",
    "devices": ["receipt_printer"],
    "guide": GUIDE,
    "form": [
        {
            "kind": "number",
            "name": "account",
            "label": t("户号", "Account"),
            "question": t("请输入户号", "Please enter the account number"),
            "hint": t("12 位数字", "12 digits"),
            "pattern": r"\d{12}",
            "max_length": 12,
            "error": t("请核对", "Please check"),
        }
    ],
    "operation": "water.bill",
    "channels": ["alipay_qr"],
}

PERMIT: dict[str, Any] = {
    "id": "permit",
    "version": 1,
    "row": "20",
    "door": "applications",
    "journey": "application",
    "title": t("居住登记", "Residence registration"),
    "summary": t("当场受理", "Accepted here"),
    "icon": "file-text",
    "agency": {"name": t("示范局", "Demonstration bureau"), "uscc": BUREAU},
    "auth": "A3",
    "devices": ["id_reader", "receipt_printer", "camera"],
    "guide": GUIDE,
    "consent": CONSENT,
    "situations": [
        {
            "name": "home",
            "question": t("住在哪里？", "Where do you live?"),
            "options": [
                {"value": "rented", "label": t("租房", "Rented")},
                {"value": "own", "label": t("自有", "Own")},
                {"value": "abroad", "label": t("境外", "Abroad"), "stop": t("请到窗口", "Please go to the counter")},
            ],
        },
        {
            "name": "lease",
            "question": t("有合同吗？", "Is there a contract?"),
            "when": {"home": ["rented"]},
            "options": [
                {"value": "yes", "label": t("有", "Yes")},
                {"value": "no", "label": t("没有", "No")},
            ],
        },
    ],
    "materials": [
        {
            "id": "contract",
            "name": t("租赁合同", "Lease"),
            "source": "applicant",
            "collect": "scan",
            "when": {"lease": ["yes"]},
        },
        {"id": "deed", "name": t("不动产权证书", "Deed"), "source": "government", "fetched_by": "insurance.enrolment"},
    ],
    "pages": [{"id": "person", "title": t("您", "You")}, {"id": "place", "title": t("住处", "Home")}],
    "form": [
        {
            "kind": "text",
            "name": "address",
            "label": t("住址", "Address"),
            "page": "place",
            "prefill": {"value": "card.address", "source": t("身份证", "ID card")},
        },
        {
            "kind": "date",
            "name": "since",
            "label": t("何时起", "Since"),
            "page": "place",
            "earliest": "-3650",
            "latest": "+0",
        },
        {"kind": "phone", "name": "phone", "label": t("手机", "Phone"), "page": "person"},
    ],
    "fees": [{"name": t("工本费", "Cost"), "amount_fen": 2000, "basis": t("《示范办法》", "Demonstration rules")}],
    "limits": {"statutory": {"days": 15, "unit": "calendar"}, "promised": {"days": 5}},
    "operation": "insurance.submit",
    "results": [{"name": t("居住登记回执", "Slip"), "kind": "paper", "delivery": ["counter"]}],
}

OPENING: dict[str, Any] = {
    "id": "opening",
    "version": 1,
    "row": "L1",
    "door": "packages",
    "journey": "package",
    "title": t("开店一件事", "Opening a shop"),
    "summary": t("一次办", "One visit"),
    "icon": "package",
    "agency": {"name": t("示范局", "Demonstration bureau"), "uscc": MARKET},
    "auth": "A3",
    "devices": ["id_reader", "receipt_printer"],
    "guide": GUIDE,
    "consent": CONSENT,
    "situations": [
        {
            "name": "food",
            "question": t("卖食品吗？", "Do you sell food?"),
            "options": [{"value": "yes", "label": t("是", "Yes")}, {"value": "no", "label": t("否", "No")}],
        }
    ],
    "form": [{"kind": "text", "name": "shop", "label": t("店名", "Name of the shop")}],
    "limits": {"promised": {"days": 4}},
    "package": {
        "leads": [
            {"department": "market", "when": {"food": ["yes"]}},
            {"department": "bureau", "when": {"food": ["no"]}},
        ],
        "partners": [{"department": "fire"}],
        "parts": [
            {
                "id": "licence",
                "title": t("营业执照", "Business licence"),
                "department": "market",
                "operation": "insurance.submit",
                "required": True,
                "reason": t("法律规定", "The law says so"),
                "result": t("执照", "Licence"),
                "limit_days": 1,
            },
            {
                "id": "fire-check",
                "title": t("消防检查", "Fire check"),
                "department": "fire",
                "operation": "insurance.submit",
                "needs": ["licence"],
                "form": [{"kind": "amount", "name": "area", "label": t("面积", "Area"), "most_fen": 100}],
                "result": t("意见", "Opinion"),
                "limit_days": 3,
            },
        ],
    },
}

OPERATIONS: dict[str, dict[str, Any]] = {
    "insurance": {
        "system": "insurance",
        "department": "bureau",
        "operations": [
            {
                "name": "insurance.enrolment",
                "kind": "record",
                "title": t("参保", "Enrolment"),
                "params": ["period"],
                "fields": ["place"],
                "rows": {"months": ["month"]},
            },
            {"name": "insurance.submit", "kind": "submit", "title": t("受理", "Accept")},
        ],
    },
    "water": {
        "system": "water",
        "department": "bureau",
        "operations": [
            {"name": "water.bill", "kind": "bill", "title": t("账单", "Bill"), "params": ["account"]},
            {"name": "water.post", "kind": "post", "title": t("入账", "Post")},
            {"name": "water.reverse", "kind": "reverse", "title": t("冲正", "Reverse")},
        ],
    },
}

DEPARTMENTS: list[dict[str, Any]] = [
    {
        "id": "bureau",
        "name": t("示范局", "Bureau"),
        "uscc": BUREAU,
        "aliases": [{"name": "旧局", "valid": {"until": "2018-12-31"}}],
    },
    {
        "id": "market",
        "name": t("市场局", "Market"),
        "uscc": MARKET,
        "aliases": [{"name": "旧局", "valid": {"since": "2019-01-01"}}],
    },
    {"id": "fire", "name": t("消防", "Fire"), "uscc": FIRE},
]

_OFF_2026 = (
    "01-01 01-02 01-03 02-15 02-16 02-17 02-18 02-19 02-20 02-21 02-22 02-23 04-04 04-05 04-06 05-01 05-02 05-03 "
    "05-04 05-05 06-19 06-20 06-21 09-25 09-26 09-27 10-01 10-02 10-03 10-04 10-05 10-06 10-07"
)
CALENDAR: dict[str, Any] = {
    "year": 2026,
    "notice": "通知",
    "off": [f"2026-{day}" for day in _OFF_2026.split()],
    "worked": [f"2026-{day}" for day in ["01-04", "02-14", "02-28", "05-09", "09-20", "10-10"]],
}


class Sample:
    """The catalogue as data, to be changed and written."""

    def __init__(self) -> None:
        self.services = {item["id"]: copy.deepcopy(item) for item in (PROOF, WATER, PERMIT, OPENING)}
        self.operations = copy.deepcopy(OPERATIONS)
        self.departments = copy.deepcopy(DEPARTMENTS)
        self.regions: list[dict[str, Any]] = [{"code": "519999", "name": t("青口县", "Qingkou County")}]
        self.calendars = {"2026": copy.deepcopy(CALENDAR)}
        self.templates = {
            "record-sheet.typ": '#import "sheet.typ": *\n= 证明\n',
            "sheet.typ": "#let sheet(body) = body\n",
        }
        self.media: dict[str, bytes] = {}

    def __getitem__(self, service_id: str) -> dict[str, Any]:
        return self.services[service_id]

    def write(self, folder: Path) -> Path:
        """The path of the catalogue in `folder`."""
        catalogue = folder / "catalogue"
        for name, item in self.services.items():
            kind = "packages" if "package" in item else "services"
            _dump(catalogue / kind / f"{name}.yaml", item)
        for name, system in self.operations.items():
            _dump(catalogue / "operations" / f"{name}.yaml", system)
        for name, calendar in self.calendars.items():
            _dump(catalogue / "calendars" / f"{name}.yaml", calendar)
        _dump(catalogue / "departments.yaml", {"departments": self.departments})
        _dump(catalogue / "regions.yaml", {"regions": self.regions})
        for name, text in self.templates.items():
            _put(folder / "templates" / name, text.encode())
        for name, data in self.media.items():
            _put(folder / "media" / name, data)
        return catalogue


def _dump(path: Path, data: object) -> None:
    class Plain(yaml.SafeDumper):
        def ignore_aliases(self, data: Any) -> bool:
            return True

    _put(path, yaml.dump(data, Dumper=Plain, allow_unicode=True, sort_keys=False).encode())


def _put(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
