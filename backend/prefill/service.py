"""Asking the departments what a form would ask the resident."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import structlog

from backend.catalogue import Catalogue
from backend.contract.service_api import Prefill, Prefilled, PrefillRequest
from backend.db.engine import Sessions
from backend.identity.service import Exchange, Person, person_of
from backend.problems import Refused
from backend.records.forms import fits
from content.schema.forms import FormField
from content.schema.service import Service

log = structlog.get_logger()
_SHANGHAI = ZoneInfo("Asia/Shanghai")


class PrefillService:
    def __init__(
        self,
        sessions: Sessions,
        exchange: Exchange,
        catalogue: Catalogue,
        *,
        timeout_s: float,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._sessions = sessions
        self._exchange = exchange
        self._catalogue = catalogue
        self._timeout_s = timeout_s
        self._clock = clock

    async def prefill(self, kiosk_id: str, request: PrefillRequest) -> Prefilled:
        """Never later than the time-out: whoever is silent until then is done without.

        Refused: service-unknown, proof-expired.
        """
        service = self._catalogue.service(request.service_id)
        async with self._sessions() as session:
            person = await person_of(session, kiosk_id, request.proof_id)
        wanted = _by_operation(_fields(service))
        async with asyncio.TaskGroup() as group:
            asked = {operation: group.create_task(self._ask(operation, person)) for operation in wanted}
        today = self._clock().astimezone(_SHANGHAI).date()
        values: list[Prefill] = []
        silent: list[str] = []
        for operation, fields in wanted.items():
            answer = asked[operation].result()
            if answer is None:
                silent.append(operation)
                continue
            values += [made for name, one, key in fields if (made := _value(name, one, answer.get(key), today))]
        log.info("prefilled", kiosk=kiosk_id, service=service.id, fields=len(values), silent=silent)
        return Prefilled(values=values, silent=silent)

    async def changed(self, fields: Iterable[FormField], form: Mapping[str, str], person: Person) -> str | None:
        """The first field that may not be changed and holds something else than its department says now. Whatever a
        department is silent about, or says so that the field cannot hold it, was typed."""
        held = [
            (one.name, one) for one in fields if one.prefill is not None and one.prefill.locked and one.name in form
        ]
        wanted = _by_operation(held)
        async with asyncio.TaskGroup() as group:
            asked = {operation: group.create_task(self._ask(operation, person)) for operation in wanted}
        today = self._clock().astimezone(_SHANGHAI).date()
        for operation, places in wanted.items():
            answer = asked[operation].result() or {}
            for name, one, key in places:
                known = _value(name, one, answer.get(key), today)
                if known is not None and known.value != form[name]:
                    return name
        return None

    async def _ask(self, operation: str, person: Person) -> dict[str, Any] | None:
        """None: no answer. A department that knows nothing of the person has answered."""
        try:
            async with asyncio.timeout(self._timeout_s):
                answer = await self._exchange.call(operation, {"name": person.name, "number": person.number})
        except (TimeoutError, Refused):
            return None
        match answer["result"]:
            case "ok":
                return answer
            case "no-record":
                return {}
            case _:
                log.warning("exchange_answer_unusable", operation=operation, error="result")
                return None


Wanted = tuple[str, FormField, str]  # the field's name in the form, the field, the answer's key


def _fields(service: Service) -> Iterable[tuple[str, FormField]]:
    """Every field that could be asked, under its name in the form: a package's go by their fact."""
    if service.package is None:
        yield from ((one.name, one) for one in service.form)
        return
    seen: set[str] = set()
    for one in (*service.form, *(one for part in service.package.parts for one in part.form)):
        if one.prefill is not None and one.shared_as not in seen:
            seen.add(one.shared_as)
            yield one.shared_as, one


def _by_operation(fields: Iterable[tuple[str, FormField]]) -> dict[str, list[Wanted]]:
    found: dict[str, list[Wanted]] = {}
    for name, one in fields:
        if one.prefill is not None and ":" in one.prefill.value:
            operation, _, key = one.prefill.value.partition(":")
            found.setdefault(operation, []).append((name, one, key))
    return found


def _value(name: str, one: FormField, raw: Any, today: date) -> Prefill | None:
    """None where the department gave nothing, or what the field would not take: it is typed then."""
    if isinstance(raw, bool) or not isinstance(raw, str | int) or one.prefill is None:
        return None
    value = str(raw)
    if not value or not fits(one, value, today):
        return None
    source = one.prefill.source
    return Prefill(field=name, value=value, source_zh=source.zh, source_en=source.en, locked=one.prefill.locked)
