"""Expected refusals: raised by services, turned into `Problem` bodies by the app."""

from __future__ import annotations

from backend.contract.kiosk_api import ProblemCode
from backend.contract.service_api import ServiceProblem

Code = ProblemCode | ServiceProblem

# HTTP status by code; everything else is 409.
STATUS: dict[Code, int] = {
    ProblemCode.NOT_FOUND: 404,
    ProblemCode.SERVICE_UNKNOWN: 404,
    ProblemCode.ACCOUNT_NOT_FOUND: 404,
    ProblemCode.DEPARTMENT_DOWN: 503,
    ProblemCode.GATEWAY_DOWN: 503,
    ServiceProblem.FORM_INVALID: 422,
    ServiceProblem.BADGE_UNKNOWN: 404,
    ServiceProblem.CASE_UNKNOWN: 404,
    ServiceProblem.DRAFT_UNKNOWN: 404,
}


class Refused(Exception):
    """An expected refusal. `detail` is English for logs and carries no personal data."""

    def __init__(self, code: Code, detail: str = "") -> None:
        super().__init__(f"{code.value}: {detail}")
        self.code = code
        self.detail = detail

    @property
    def status(self) -> int:
        return STATUS.get(self.code, 409)
