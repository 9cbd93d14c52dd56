"""What each kind of journey really asks and does: content it would never come to is refused."""

from __future__ import annotations

import re
from collections.abc import Iterator

from content.lint.fault import Finding, fault
from content.lint.known import Known
from content.schema.service import AuthLevel, Kind, Service

_ASKS_SITUATIONS = frozenset(
    {Kind.APPLICATION, Kind.PACKAGE, Kind.APPOINTMENT, Kind.COMPLAINT, Kind.POLICY_MATCH, Kind.GUIDANCE}
)
# Journeys that do not ask a whole form: the fields they ask, by kind or by name.
_ASKS_FIELDS: dict[Kind, frozenset[str]] = {
    Kind.GUIDANCE: frozenset(),
    Kind.BILL_PAYMENT: frozenset({"number"}),
    Kind.QUEUE_TICKET: frozenset({"choice", "booking_no"}),
    Kind.ASSISTANCE: frozenset({"choice"}),
    Kind.COPY: frozenset({"choice"}),
}
_HANDS_IN = frozenset({Kind.APPLICATION, Kind.PACKAGE})
_SIGN = re.compile("签字|签名|签署")
_SIGN_EN = re.compile(r"\b(?:sign|signs|signed|signature)\b", re.IGNORECASE)


def rules(service: Service, known: Known) -> Iterator[Finding]:
    journey = service.journey
    if service.situations and journey not in _ASKS_SITUATIONS:
        yield fault(
            "situations",
            "这种流程不问情形；请改成表单里的选择题，或删去",
            f"are never asked: a {journey.value} journey asks none; make it a choice of the form, or remove it",
        )
    asks = _ASKS_FIELDS.get(journey)
    for index, field in enumerate(service.form):
        if asks is not None and field.kind not in asks and field.name not in asks:
            yield fault(
                f"form.{index}",
                f"这种流程不会问“{field.name}”；请删去",
                f"is never asked: a {journey.value} journey asks {' and '.join(sorted(asks)) or 'no field'}; remove it",
            )
    if service.delegation is not None and journey not in _HANDS_IN:
        yield fault(
            "delegation",
            "只有申请和一件事能代办；请删去，在注意事项里写明到哪里代办",
            f"is never offered: a {journey.value} journey is for the holder only; remove it, and say in the notes "
            "where an agent goes",
        )
    yield from _signs(service)
    yield from _own_data(service, known)


def _signs(service: Service) -> Iterator[Finding]:
    """Signing is announced where it happens: applications and packages at A3."""
    if service.auth is AuthLevel.A3 and service.journey in _HANDS_IN:
        return
    if service.auth is AuthLevel.A3:
        yield fault(
            "auth",
            "A3 要签名，这种流程不签；请改为 A2",
            f"A3 means a signature, which a {service.journey.value} journey does not take; make it A2",
        )
    procedure = service.guide.procedure
    if _SIGN.search(procedure.zh) or _SIGN_EN.search(procedure.en):
        yield fault(
            "guide.procedure",
            f"写了签名，而 {service.auth.value} 的这种流程不签；请改正",
            f"tells of a signature: only applications at A3 take one, not {service.auth.value}; correct it",
        )


def _own_data(service: Service, known: Known) -> Iterator[Finding]:
    """Whose answer tells much about a person is for that person, proven."""
    if service.journey is not Kind.QUERY or service.auth.proves_holder or service.auth.organisation:
        return
    operation = known.operations.get(service.operation or "")
    if operation is None:
        return
    answered = {*operation.fields, *(column for columns in operation.rows.values() for column in columns)}
    # Asked with nothing but who asks, it answers their own data; how far an application is may be told at A1.
    own = not operation.params and "stage" not in answered
    if operation.private or own:
        yield fault(
            "auth",
            f"“{operation.name}”回答本人数据；必须是 A2 以上",
            f"must be A2 or more: {operation.name!r} answers people's own data",
        )
