"""The slips recovery makes are those of the journeys; a second one is marked."""

from __future__ import annotations

import pytest

from backend.contract.kiosk_api import PaymentState
from backend.contract.service_api import CaseRequest
from kiosk.journeys.receipts import payment_slip
from kiosk.journeys.service_slips import case_slip, slip_of
from tests.kiosk.journeys.fakes import FakeLink, Points, World, is_copy
from tests.kiosk.journeys.house import SETTINGS
from tests.kiosk.journeys.service_world import receipt_for


@pytest.mark.parametrize("copy", [True, False])
async def test_by_what_was_done(copy: bool) -> None:
    payment = await FakeLink(World(payments={"paym-1": PaymentState.PAID}), Points()).payment("paym-1")
    assert slip_of(payment, SETTINGS, copy=copy) == payment_slip(payment, SETTINGS, copy=copy)
    case = receipt_for(CaseRequest(intent_id="case-12345678", service_id="s", service_version=1, form={}))
    assert slip_of(case, SETTINGS, copy=copy) == case_slip(case, SETTINGS, copy=copy)
    assert is_copy(slip_of(case, SETTINGS, copy=copy)) is copy


def test_nothing_is_printed_for_what_is_not_known() -> None:
    with pytest.raises(TypeError):
        slip_of(object(), SETTINGS, copy=False)
