"""Which coroutine walks which kind of service. A kind that is not here is shown on the home screen and cannot start."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from content.schema.service import Kind
from kiosk.journeys.apply import apply
from kiosk.journeys.appointment import make_appointment
from kiosk.journeys.assistance import get_help
from kiosk.journeys.case_status import case_status
from kiosk.journeys.complaint import complain
from kiosk.journeys.context import Journey
from kiosk.journeys.copy_papers import copy_papers
from kiosk.journeys.guidance import advise
from kiosk.journeys.issue_certificate import issue_certificate
from kiosk.journeys.look_up import look_up
from kiosk.journeys.package import apply_for_package
from kiosk.journeys.pay_bill import pay_bill
from kiosk.journeys.policy_match import match_policies
from kiosk.journeys.queue_ticket import take_ticket

Walker = Callable[[Journey], Coroutine[Any, Any, None]]

JOURNEYS: dict[Kind, Walker] = {
    Kind.CERTIFICATE: issue_certificate,
    Kind.BILL_PAYMENT: pay_bill,
    Kind.APPLICATION: apply,
    Kind.PACKAGE: apply_for_package,
    Kind.LICENCE: issue_certificate,
    Kind.QUERY: look_up,
    Kind.CASE_STATUS: case_status,
    Kind.APPOINTMENT: make_appointment,
    Kind.QUEUE_TICKET: take_ticket,
    Kind.GUIDANCE: advise,
    Kind.POLICY_MATCH: match_policies,
    Kind.COMPLAINT: complain,
    Kind.COPY: copy_papers,
    Kind.ASSISTANCE: get_help,
}
