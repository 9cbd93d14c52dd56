"""Reading and answering the fleet's wire (msgspec) in ordinary FastAPI routes.

@router.post("/renew")
async def renew(kiosk: CurrentKiosk, request: Request) -> Response:
    wish = await read(request, RenewRequest)
    ...
    return answer(Enrolled(...))
"""

from __future__ import annotations

from typing import TypeVar

import msgspec
from fastapi import Request, Response

from backend.contract.fleet_api import FleetProblem, Problem

T = TypeVar("T")

STATUS = {
    FleetProblem.NO_CERTIFICATE: 401,
    FleetProblem.UNKNOWN_IDENTITY: 403,
    FleetProblem.QUARANTINED: 403,
    FleetProblem.CODE_INVALID: 403,
    FleetProblem.WRONG_KIOSK: 403,
    FleetProblem.SEQUENCE: 409,
    FleetProblem.CONFLICT: 409,
    FleetProblem.NOT_FOUND: 404,
    FleetProblem.INVALID: 400,
    FleetProblem.TOO_LARGE: 413,
    FleetProblem.BUSY: 503,
}


class FleetRefused(Exception):
    """An expected refusal of a kiosk's request. `detail` is English for logs, without secrets."""

    def __init__(self, problem: FleetProblem, detail: str = "", retry_after_s: int | None = None) -> None:
        super().__init__(f"{problem.value}: {detail}")
        self.problem = problem
        self.detail = detail
        self.retry_after_s = retry_after_s

    def response(self) -> Response:
        headers = {"Retry-After": str(self.retry_after_s)} if self.retry_after_s is not None else None
        return answer(Problem(code=self.problem.value, detail=self.detail), STATUS[self.problem], headers)


def answer(body: msgspec.Struct, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    return Response(msgspec.json.encode(body), status, headers, "application/json")


async def read(request: Request, model: type[T]) -> T:
    """The body as `model`. Raises FleetRefused, naming the field but never what was in it."""
    try:
        return msgspec.json.decode(await request.body(), type=model)
    except msgspec.DecodeError as error:  # ValidationError is one of them
        # msgspec names the path and the kind of fault; a value that is quoted comes in quotation marks.
        text = str(error)
        raise FleetRefused(FleetProblem.INVALID, text if "'" not in text else "the body does not fit") from None
    except UnicodeDecodeError:
        raise FleetRefused(FleetProblem.INVALID, "not UTF-8") from None


async def refused(_request: Request, error: Exception) -> Response:
    """The app's handler of FleetRefused."""
    assert isinstance(error, FleetRefused)  # noqa: S101 - registered for this class only
    return error.response()
