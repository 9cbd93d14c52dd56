"""The backend's client: refusals and silence are values, repeats are safe, nothing personal is logged."""

from __future__ import annotations

from collections.abc import Callable

import httpx
import pytest
from structlog.testing import capture_logs

from backend.contract.kiosk_api import IdentityAssertion, PaymentRequest, SmsAnswer
from kiosk.link.client import BackendLink, Refusal, Unreachable

PAYMENT = PaymentRequest(
    intent_id="paym-00000001", service_id="water-bill", bill_id="b", amount_fen=4340, channel="alipay_qr"
)


def _link(handler: Callable[[httpx.Request], httpx.Response]) -> BackendLink:
    link = BackendLink(retries=2, transport=httpx.MockTransport(handler))
    link.use("http://backend.invalid")
    return link


async def test_a_kiosk_that_is_nobody_asks_nobody() -> None:
    link = BackendLink()
    assert await link.hello() == Unreachable("not registered")
    assert link.reachable is False
    await link.close()


async def test_a_problem_is_a_refusal_with_its_code() -> None:
    link = _link(lambda request: httpx.Response(409, json={"code": "nothing-due", "detail": ""}))
    assert await link.pay(PAYMENT) == Refusal("nothing-due")
    assert link.reachable is True
    await link.close()


@pytest.mark.parametrize(("status", "code"), [(401, "unauthorised"), (422, "invalid"), (418, "http-418")])
async def test_other_refusals_have_a_code_too(status: int, code: str) -> None:
    link = _link(lambda request: httpx.Response(status, json={"what": "ever"}))
    assert await link.payment("paym-00000001") == Refusal(code)
    await link.close()


@pytest.mark.parametrize("code", ["database-away", "storage-full", "internal"])
async def test_trouble_of_the_backend_is_no_refusal(code: str) -> None:
    """What was asked for may have been done all the same."""
    tries = 0

    def answer(request: httpx.Request) -> httpx.Response:
        nonlocal tries
        tries += 1
        return httpx.Response(503 if tries % 2 else 500, json={"code": code, "detail": ""})

    assert isinstance(await _link(answer).payment("paym-00000001"), Unreachable)
    assert tries > 1
    said = _link(lambda request: httpx.Response(503, json={"code": "department-down", "detail": ""}))
    assert await said.payment("paym-00000001") == Refusal("department-down")


async def test_silence_is_tried_again_with_the_same_intent() -> None:
    bodies: list[bytes] = []

    def handler(request: httpx.Request) -> httpx.Response:
        bodies.append(request.content)
        raise httpx.ReadTimeout("slow")

    link = _link(handler)
    assert isinstance(await link.pay(PAYMENT), Unreachable)
    assert len(bodies) == 3
    assert len(set(bodies)) == 1, "the very same request"
    assert link.reachable is False
    await link.close()


async def test_a_try_that_costs_the_resident_is_not_repeated() -> None:
    calls = 0

    def handler(request: httpx.Request) -> httpx.Response:
        nonlocal calls
        calls += 1
        raise httpx.ConnectError("gone")

    link = _link(handler)
    assert isinstance(await link.answer_sms("c1", SmsAnswer(code="000000", pin="000000")), Unreachable)
    assert calls == 1
    await link.close()


async def test_personal_data_is_in_the_body_only_and_in_no_log() -> None:
    seen: list[httpx.Request] = []

    def handler(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200, content=b'{"proof_id": 3, "name": "\xe6\x9d\x8e\xe6\xa0\xb7\xe6\x9c\xac"}')

    link = _link(handler)
    assertion = IdentityAssertion(
        name="李样本", number="519999199001010025", card_valid_to=None, score_band="match", algorithm="x"
    )
    with capture_logs() as logs:
        assert isinstance(await link.assert_identity(assertion), Unreachable)
    assert "519999199001010025" in seen[0].content.decode()
    assert "5199" not in str(seen[0].url)
    assert "5199" not in str(seen[0].headers)
    assert logs, "the bad reply is logged"
    assert "李样本" not in str(logs)
    assert "5199" not in str(logs)
    assert "519999" not in repr(assertion)
    await link.close()
