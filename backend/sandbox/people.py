"""What the departments of the demonstration know: residents, insurance records, water accounts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import yaml


@dataclass(frozen=True)
class Insurance:
    """One kind of cover; months as "YYYY-MM", `last` None while it runs."""

    kind: str
    status: str
    first: str | None
    last: str | None
    employer: str


@dataclass(frozen=True)
class Resident:
    name: str
    number: str
    phone: str | None
    insurances: tuple[Insurance, ...]


@dataclass(frozen=True)
class WaterAccount:
    """An account of the water company; `bill_no` None means nothing is due."""

    account: str
    customer_name: str
    bill_no: str | None
    period: str | None
    usage_m3: int
    amount_fen: int


@dataclass(frozen=True)
class World:
    place: str
    agency: str
    pin: str
    residents: tuple[Resident, ...]
    water: tuple[WaterAccount, ...]

    def resident(self, name: object, number: object) -> Resident | None:
        return next((r for r in self.residents if r.name == name and r.number == number), None)

    def named(self, number: object) -> Resident | None:
        """Whose number this is."""
        return next((r for r in self.residents if r.number == number), None)


@cache
def world() -> World:
    data = yaml.safe_load((Path(__file__).parent / "residents.yaml").read_text("utf-8"))
    return World(
        data["place"],
        data["agency"],
        data["pin"],
        tuple(_resident(entry) for entry in data["residents"]),
        tuple(
            WaterAccount(
                entry["account"],
                entry["customer_name"],
                entry.get("bill_no"),
                entry.get("period"),
                entry.get("usage_m3", 0),
                entry.get("amount_fen", 0),
            )
            for entry in data["water"]
        ),
    )


def _resident(entry: dict[str, Any]) -> Resident:
    insurances = tuple(
        Insurance(item["kind"], item["status"], item.get("from"), item.get("to"), item.get("employer", ""))
        for item in entry["insurances"]
    )
    return Resident(entry["name"], entry["number"], entry.get("phone"), insurances)


def enrolment(insurance: Insurance, period: str, today: date) -> dict[str, Any]:
    """One line of the enrolment answer. Contributions are booked for whole months, the last one being the previous.

    A cover without a month in the period has `from` and `to` None and `months` 0.
    """
    line: dict[str, Any] = {"kind": insurance.kind, "status": insurance.status, "employer": insurance.employer}
    line |= {"from": None, "to": None, "months": 0}
    if insurance.first is None:
        return line
    newest = today.year * 12 + today.month - 2
    first = _months(insurance.first)
    last = _months(insurance.last) if insurance.last else newest
    if period in ("last-12-months", "last-24-months"):
        first = max(first, newest - int(period.split("-")[1]) + 1)
    if first <= last:
        line |= {"from": _text(first), "to": _text(last), "months": last - first + 1}
    return line


def _months(text: str) -> int:
    year, month = text.split("-")
    return int(year) * 12 + int(month) - 1


def _text(months: int) -> str:
    return f"{months // 12:04d}-{months % 12 + 1:02d}"
