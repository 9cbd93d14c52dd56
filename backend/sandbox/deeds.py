"""What a department does with a call, by the kind of its operation. The same for every system."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

from backend.sandbox.departments import BillData, Departments, SlotData, moved
from backend.sandbox.people import world
from backend.sandbox.state import SandboxState
from content.schema.reference import Operation

Answer = dict[str, Any]
_BEIJING = timezone(timedelta(hours=8))
_DAYS_AHEAD = 14  # that can be booked


class Deeds:
    """Raises KeyError, TypeError, ValueError for parameters that make no sense."""

    def __init__(self, departments: Departments, state: SandboxState) -> None:
        self._departments = departments
        self._state = state
        self._kinds: dict[str, Callable[[Operation, Answer], Answer]] = {
            "record": self._record,
            "check": self._record,
            "bill": self._bill,
            "post": self._post,
            "reverse": self._reverse,
            "submit": self._submit,
            "status": self._status,
            "slots": self._slots,
            "book": self._book,
            "message": self._message,
        }

    def do(self, operation: Operation, params: Answer) -> Answer:
        return self._kinds[operation.kind](operation, params)

    def _record(self, operation: Operation, params: Answer) -> Answer:
        people = self._system(operation).known.records.get(operation.name, {})
        if operation.kind == "check" and not operation.fields and not operation.rows and not people:
            return {"result": "ok"}
        number = params.get("number")
        if number:
            key, resident = str(number), world().named(number)
            if resident is not None and resident.name != params.get("name"):
                return {"result": "no-record"}
        else:  # nobody in person: by the first thing asked for
            key = str(params[operation.params[0]]) if operation.params else ""
        found = people.get(key)
        if found is None:
            return {"result": "no-record"}
        rows: Answer = {name: [] for name in operation.rows}
        return {**rows, **moved(found, _today()), "result": "ok"}

    def _bill(self, operation: Operation, params: Answer) -> Answer:
        accounts = self._system(operation).known.bills[operation.name]
        account = params[operation.params[0]] if operation.params else params["account"]
        bill = accounts.get(str(account))
        if bill is None:
            return {"result": "not-found"}
        if bill.bill_no is None or (_name(operation), bill.bill_no) in self._state.postings:
            return {"result": "nothing-due"}
        usage = {} if bill.usage is None else {"usage": bill.usage}
        return {
            "result": "ok",
            "bill_no": bill.bill_no,
            "customer_name": bill.customer_name,
            "period": moved(bill.period, _today()),
            "amount_fen": bill.amount_fen,
            **usage,
        }

    def _post(self, operation: Operation, params: Answer) -> Answer:
        bill = self._bill_no(operation, params["bill_no"])
        if bill is None:
            return {"result": "not-found"}
        if (_name(operation), params["payment_no"]) in self._state.reversed:
            return {"result": "reversed"}
        if params["amount_fen"] != bill.amount_fen:
            return {"result": "amount-changed"}
        key = (_name(operation), params["bill_no"])
        if self._state.postings.setdefault(key, params["payment_no"]) != params["payment_no"]:
            return {"result": "already-paid"}
        return {"result": "ok", "posting_no": f"P{params['bill_no']}"}

    def _reverse(self, operation: Operation, params: Answer) -> Answer:
        key = (_name(operation), params["bill_no"])
        if self._state.postings.get(key) == params["payment_no"]:
            del self._state.postings[key]
        self._state.reversed.add((_name(operation), params["payment_no"]))
        return {"result": "ok"}  # what was never booked is reversed already, and will not be booked later

    def _submit(self, operation: Operation, params: Answer) -> Answer:
        """The same case number is the same case: it is taken once, however often it is handed over."""
        case_no = str(params["case_no"])
        known = self._state.submissions.setdefault((_name(operation), case_no), _now())
        return {"result": "ok", "department_no": _number("S", operation, case_no), "at": known}

    def _status(self, operation: Operation, params: Answer) -> Answer:
        at = self._state.submissions.get((_name(operation), str(params["case_no"])))
        return {"result": "no-record"} if at is None else {"result": "ok", "stage": "accepted", "at": at}

    def _slots(self, operation: Operation, params: Answer) -> Answer:
        data = self._slot_data(operation)
        today = _today()
        first = max(date.fromisoformat(params["day"]) if params.get("day") else today, today + timedelta(days=1))
        slots = []
        for offset in range((today + timedelta(days=_DAYS_AHEAD) - first).days + 1):
            day = first + timedelta(days=offset)
            if day.isoweekday() > 5 and not data.weekends:
                continue
            for span in data.times:
                begin, _, end = span.partition("-")
                slot = f"{day:%Y%m%d}-{begin.replace(':', '')}"
                taken = len(self._state.bookings.get((_name(operation), slot), {}))
                slots.append(
                    {
                        "slot": slot,
                        "day": day.isoformat(),
                        "from": begin,
                        "to": end,
                        "left": max(data.each - taken, 0),
                        "place_zh": data.place.zh,
                        "place_en": data.place.en,
                    }
                )
        return {"result": "ok", "slots": slots}

    def _book(self, operation: Operation, params: Answer) -> Answer:
        """Idempotent by `request_no`: the same one gets the same number and takes no second place."""
        slot, request_no = str(params["slot"]), str(params["request_no"])
        booked = self._state.bookings.setdefault((_name(operation), slot), {})
        if request_no not in booked:
            if not self._open(operation, slot) or len(booked) >= self._slot_data(operation).each:
                return {"result": "full"}
            booked[request_no] = _number("B", operation, request_no)
        return {"result": "ok", "booking_no": booked[request_no]}

    def _message(self, operation: Operation, params: Answer) -> Answer:
        self._state.notes.append(operation.name)
        del self._state.notes[:-50]
        return {"result": "ok", "message_id": f"M{len(self._state.notes):06d}"}

    # --- parts ---------------------------------------------------------------------------------------------------

    def _system(self, operation: Operation) -> Any:
        return self._departments.systems[_name(operation)]

    def _bill_no(self, operation: Operation, bill_no: str) -> BillData | None:
        bills = self._system(operation).known.bills.values()
        return next((bill for accounts in bills for bill in accounts.values() if bill.bill_no == bill_no), None)

    def _slot_data(self, operation: Operation) -> SlotData:
        """Of the system, whichever of its two operations asks."""
        known: dict[str, SlotData] = self._system(operation).known.slots
        return known.get(operation.name) or next(iter(known.values()), SlotData())

    def _open(self, operation: Operation, slot: str) -> bool:
        times = self._slots(operation, {})["slots"]
        return any(one["slot"] == slot for one in times)


def _name(operation: Operation) -> str:
    return operation.name.split(".")[0]


def _number(letter: str, operation: Operation, of: str) -> str:
    digest = hashlib.sha256(f"{_name(operation)}/{of}".encode()).hexdigest()
    return f"{letter}{int(digest[:12], 16) % 10**10:010d}"


def _today() -> date:
    return datetime.now(_BEIJING).date()


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
