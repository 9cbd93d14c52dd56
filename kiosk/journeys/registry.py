"""Which coroutine walks which kind of service. A kind that is not here is shown on the home screen and cannot start."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from content.schema.service import Kind
from kiosk.journeys.apply import apply
from kiosk.journeys.context import Journey
from kiosk.journeys.issue_certificate import issue_certificate
from kiosk.journeys.package import apply_for_package
from kiosk.journeys.pay_bill import pay_bill

Walker = Callable[[Journey], Coroutine[Any, Any, None]]

JOURNEYS: dict[Kind, Walker] = {
    Kind.CERTIFICATE: issue_certificate,
    Kind.BILL_PAYMENT: pay_bill,
    Kind.APPLICATION: apply,
    Kind.PACKAGE: apply_for_package,
}
