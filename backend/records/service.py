"""Asking a department for a record, for the screen."""

from __future__ import annotations

from typing import Any

import structlog

from backend.catalogue import Catalogue
from backend.contract.kiosk_api import FieldEntry, ProblemCode
from backend.contract.service_api import RecordColumn, RecordQuery, RecordReply
from backend.db.engine import Sessions
from backend.identity.service import Exchange, Person
from backend.problems import Refused
from backend.records.forms import check_form, words_of
from backend.records.render import Rendered, render
from backend.records.who import Doorkeeper, Shown
from content.schema.service import Kind, Service

log = structlog.get_logger()

_JOURNEYS = (Kind.QUERY, Kind.CERTIFICATE, Kind.LICENCE)


class RecordService:
    def __init__(self, sessions: Sessions, exchange: Exchange, catalogue: Catalogue, door: Doorkeeper) -> None:
        self._sessions = sessions
        self._exchange = exchange
        self._catalogue = catalogue
        self._door = door

    async def query(self, kiosk_id: str, query: RecordQuery) -> RecordReply:
        """Refused: service-unknown, form-invalid, proof-expired, id-invalid, licence-invalid, no-record,
        department-down."""
        service = self._catalogue.service(query.service_id)
        if service.journey not in _JOURNEYS or service.record is None or service.operation is None:
            raise Refused(ProblemCode.SERVICE_UNKNOWN)
        check_form(service, query.form)
        async with self._sessions() as session:
            shown = Shown(query.proof_id, (query.name, query.number), query.licence)
            person = await self._door.who(session, kiosk_id, service, shown)
        told = self._catalogue.told(service.operation, query.form)
        answer = await ask(self._exchange, service.operation, person, told)
        reply = _wire(rendered(service, query.form, answer))
        log.info("record_shown", kiosk=kiosk_id, service=service.id, person=person.person_hash[:16] if person else "")
        return reply


async def ask(exchange: Exchange, operation: str, person: Person | None, form: dict[str, str]) -> dict[str, Any]:
    """A record operation's answer. Refused: no-record, department-down."""
    params = {"name": person.name, "number": person.number} if person is not None else {}
    # The form last would let it name somebody else.
    answer = await exchange.call(operation, {**form, **params})
    if answer["result"] == "no-record":
        raise Refused(ProblemCode.NO_RECORD, operation)
    if answer["result"] != "ok":  # "we have nothing on you" is said only when the department has said so
        raise unusable(operation, "result")
    return answer


def rendered(service: Service, form: dict[str, str], answer: dict[str, Any]) -> Rendered:
    """Refused(DEPARTMENT_DOWN) for an answer that the service's record cannot be made of."""
    assert service.record is not None  # noqa: S101 - the callers have looked
    try:
        return render(service.record, answer, words_of(service, form))
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise unusable(service.operation or "", type(error).__name__) from None


def unusable(operation: str, why: str) -> Refused:
    log.warning("exchange_answer_unusable", operation=operation, error=why)
    return Refused(ProblemCode.DEPARTMENT_DOWN, operation)


def _wire(made: Rendered) -> RecordReply:
    table = made.table
    return RecordReply(
        entries=[
            FieldEntry(label_zh=entry.label.zh, label_en=entry.label.en, value_zh=entry.text.zh, value_en=entry.text.en)
            for entry in made.entries
        ],
        private_entries=[number for number, entry in enumerate(made.entries) if entry.private],
        columns=[
            RecordColumn(label_zh=column.label.zh, label_en=column.label.en, private=column.private)
            for column in (table.columns if table else ())
        ],
        rows_zh=[[cell.zh for cell in row] for row in (table.rows if table else ())],
        rows_en=[[cell.en or cell.zh for cell in row] for row in (table.rows if table else ())],
        empty_zh=table.empty.zh if table else "",
        empty_en=table.empty.en if table else "",
    )
