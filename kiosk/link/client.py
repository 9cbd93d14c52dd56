"""The kiosk's side of `backend.contract.kiosk_api`.

Expected answers are values: the reply, a `Refusal` (the backend said no, with a code), or `Unreachable`.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import httpx
import structlog
from pydantic import BaseModel, ValidationError

from backend.contract.kiosk_api import (
    API_PREFIX,
    Bill,
    BillQuery,
    DeliveryReport,
    Hello,
    IdentityAssertion,
    IdentityProof,
    IssuedCertificate,
    IssueRequest,
    Payment,
    PaymentRequest,
    Problem,
    ProblemCode,
    Rating,
    ReceiptReport,
    ReviewReply,
    ReviewRequest,
    SmsAnswer,
    SmsChallenge,
    SmsRequest,
)
from kiosk.link.calls import Fault, M, Refusal, Unreachable
from kiosk.link.line import Reachability
from kiosk.link.services import ServiceCalls

__all__ = ["BackendLink", "Fault", "Refusal", "Unreachable"]

log = structlog.get_logger()
_HELLO_TIMEOUT_S = 2.5
# Refusals that come as 5xx: somebody behind the backend was asked and nothing has been done.
_SAID_NO = (ProblemCode.DEPARTMENT_DOWN, ProblemCode.GATEWAY_DOWN)


class BackendLink(ServiceCalls):
    """One HTTP/1.1 keep-alive client. `retries` apply to every call: all are safe to repeat, by intent id. Until `use`
    has said where the backend is and as whom to come, nobody is asked and every answer is `Unreachable`."""

    def __init__(
        self, *, timeout_s: float = 8.0, retries: int = 2, transport: httpx.AsyncBaseTransport | None = None
    ) -> None:
        self._timeout = httpx.Timeout(timeout_s, connect=3.0)
        self._transport = transport
        self._http: httpx.AsyncClient | None = None
        self._client: Callable[[], httpx.AsyncClient] | None = None
        self._used = False  # since it was made
        self._left: list[httpx.AsyncClient] = []  # with an older certificate; their last calls may still run
        self._retries = retries
        self.reachable: bool | None = None  # None until the first answer
        self.way = Reachability()
        self._asking = 0
        self._clock_offset = timedelta(0)
        self.stock: dict[str, int] = {}  # blanks of counted paper left here, as of the last hello

    def use(self, base_url: str, context: ssl.SSLContext | None = None) -> None:
        """From now on ask there. `context` trusts the backend's authority and holds the kiosk's certificate."""
        if self._http is not None:
            self._left.append(self._http)

        def client() -> httpx.AsyncClient:
            return httpx.AsyncClient(
                base_url=base_url + API_PREFIX,
                verify=context if context is not None else True,
                timeout=self._timeout,
                transport=self._transport,
                trust_env=False,
            )

        self._client = client
        self._http = client()

    async def rest(self) -> None:
        """Nobody is served: let go of connections that would only wait. The next call makes a new one."""
        if self._http is None or self._client is None or self._asking or not self._used:
            return
        left, self._left = [*self._left, self._http], []
        self._http, self._used = self._client(), False
        for http in left:
            await http.aclose()

    async def close(self) -> None:
        for http in (*self._left, self._http):
            if http is not None:
                await http.aclose()

    async def hello(self) -> Hello | Fault:
        # A resident may be waiting: a stalled line must show soon, not after the time-out of a real request.
        answer = await self._call(Hello, "GET", "/hello", retries=0, timeout_s=_HELLO_TIMEOUT_S)
        if isinstance(answer, Hello):
            self._clock_offset = answer.now - datetime.now(UTC)
            self.stock = answer.stock
        return answer

    def now(self) -> datetime:
        """The backend's time: deadlines come from there, and a terminal's own clock may be wrong."""
        return datetime.now(UTC) + self._clock_offset

    async def assert_identity(self, assertion: IdentityAssertion) -> IdentityProof | Fault:
        return await self._call(IdentityProof, "POST", "/identity/assertions", assertion)

    async def request_sms(self, request: SmsRequest) -> SmsChallenge | Fault:
        return await self._call(SmsChallenge, "POST", "/identity/sms", request, retries=0)

    async def answer_sms(self, challenge_id: str, answer: SmsAnswer) -> IdentityProof | Fault:
        # Not repeated by itself: every try counts against the resident.
        return await self._call(IdentityProof, "POST", f"/identity/sms/{challenge_id}/verify", answer, retries=0)

    async def review(self, request: ReviewRequest) -> ReviewReply | Fault:
        return await self._call(ReviewReply, "POST", "/certificates/review", request)

    async def issue(self, request: IssueRequest) -> IssuedCertificate | Fault:
        return await self._call(IssuedCertificate, "POST", "/certificates", request)

    async def certificate(self, intent_id: str) -> IssuedCertificate | Fault:
        return await self._call(IssuedCertificate, "GET", f"/certificates/{intent_id}")

    async def certificate_file(self, intent_id: str) -> bytes | Fault:
        return await self._raw(f"/certificates/{intent_id}/file")

    async def certificate_preview(self, intent_id: str) -> bytes | Fault:
        return await self._raw(f"/certificates/{intent_id}/preview")

    async def report_delivery(self, intent_id: str, report: DeliveryReport) -> IssuedCertificate | Fault:
        return await self._call(IssuedCertificate, "POST", f"/certificates/{intent_id}/delivery", report)

    async def query_bill(self, query: BillQuery) -> Bill | Fault:
        return await self._call(Bill, "POST", "/bills/query", query)

    async def pay(self, request: PaymentRequest) -> Payment | Fault:
        return await self._call(Payment, "POST", "/payments", request)

    async def payment(self, intent_id: str) -> Payment | Fault:
        return await self._call(Payment, "GET", f"/payments/{intent_id}")

    async def close_payment(self, intent_id: str) -> Payment | Fault:
        return await self._call(Payment, "POST", f"/payments/{intent_id}/close")

    async def report_receipt(self, intent_id: str, report: ReceiptReport) -> Payment | Fault:
        return await self._call(Payment, "POST", f"/payments/{intent_id}/receipt", report)

    async def rate(self, rating: Rating) -> Fault | None:
        answer = await self._send("POST", "/ratings", rating.model_dump_json().encode(), retries=0)
        return answer if isinstance(answer, Refusal | Unreachable) else None

    async def _call(
        self,
        model: type[M],
        method: str,
        path: str,
        body: BaseModel | None = None,
        *,
        retries: int | None = None,
        timeout_s: float | None = None,
    ) -> M | Fault:
        content = body.model_dump_json().encode() if body is not None else None
        answer = await self._send(method, path, content, retries=retries, timeout_s=timeout_s)
        return self._read(model, answer)

    async def _upload(self, model: type[M], path: str, data: bytes) -> M | Fault:
        kind = "image/png" if data.startswith(b"\x89PNG") else "image/jpeg"
        return self._read(model, await self._send("POST", path, data, kind=kind))

    def _read(self, model: type[M], answer: httpx.Response | Fault) -> M | Fault:
        if isinstance(answer, Refusal | Unreachable):
            return answer
        try:
            return model.model_validate_json(answer.content)
        except ValidationError:
            # The error would quote the body, which may hold personal data: only its kind is logged.
            log.error("backend_reply_invalid", model=model.__name__)
            return Unreachable("invalid reply")

    async def _raw(self, path: str) -> bytes | Fault:
        answer = await self._send("GET", path, None)
        return answer if isinstance(answer, Refusal | Unreachable) else answer.content

    async def _send(
        self,
        method: str,
        path: str,
        content: bytes | None,
        *,
        retries: int | None = None,
        timeout_s: float | None = None,
        kind: str = "application/json",
    ) -> httpx.Response | Fault:
        tries = 1 + (self._retries if retries is None else retries)
        http = self._http
        if http is None:
            self.reachable = False
            return Unreachable("not registered")
        self._asking += 1
        self._used = True
        try:
            return await self._tried(http, method, path, content, tries, timeout_s, kind)
        finally:
            self._asking -= 1

    async def _tried(
        self,
        http: httpx.AsyncClient,
        method: str,
        path: str,
        content: bytes | None,
        tries: int,
        timeout_s: float | None,
        kind: str,
    ) -> httpx.Response | Fault:
        fault = Unreachable("never tried")
        for attempt in range(tries):
            if attempt:
                await asyncio.sleep(0.3 * 2 ** (attempt - 1))
            try:
                reply = await http.request(
                    method,
                    path,
                    content=content,
                    headers={"Content-Type": kind} if content else None,
                    timeout=timeout_s if timeout_s is not None else self._timeout,
                )
            except httpx.HTTPError as error:
                fault = Unreachable(type(error).__name__)
                self._note(False, fault.reason, doubt=path != "/hello")
                continue
            self._note(True, "")
            if reply.is_success:
                return reply
            refusal = _refusal(reply)
            if reply.status_code >= 500 and refusal.code not in _SAID_NO:
                # A database that is away, a bug: what was asked for may have been done all the same.
                fault = Unreachable(f"http {reply.status_code}")
                continue
            return refusal
        return fault

    def _note(self, reachable: bool, reason: str, *, doubt: bool = False) -> None:
        if not reachable and doubt:
            self.way.doubt()
        if reachable is not self.reachable:
            log.info("backend_reachable" if reachable else "backend_unreachable", reason=reason)
        self.reachable = reachable


def _refusal(reply: httpx.Response) -> Refusal:
    try:
        problem = Problem.model_validate_json(reply.content)
        return Refusal(problem.code, problem.detail)
    except ValidationError:
        return Refusal({401: "unauthorised", 422: "invalid"}.get(reply.status_code, f"http-{reply.status_code}"))
