"""What a resident sees of a fault. Every file here begins with a docstring of this form, and a test in it asserts the
quoted sentence with `sees`; `menkou faults` prints the list from it:

    \"\"\"The cash box is full in the middle of a payment.

    Device: cash
    Resident: 钱箱已满，不能再收现金。请换一种付款方式。
    Staff: clear
    \"\"\"

`Device` is a device class, or `backend`, `network`, `session`. `Resident` quotes the Chinese sentence, or says in
brackets what is seen where no sentence is: "(nothing: the page comes out a second later)". `Staff` is the XFS4IoT
action: none, reset, clear (a clerk), maintenance (a technician).
"""

from __future__ import annotations

import re

from content.schema.text import Text
from drivers.status import Action, DeviceStatus
from kiosk.availability import unavailable_reason
from kiosk.journeys.context import Devices
from tests.kiosk.journeys.house import SERVICES

PROOF = "social-insurance-enrolment-proof"
BILL = "water-bill"


def said(doc: str | None, field: str) -> str:
    """The value of one field of a fault's docstring; joined when it goes over several lines."""
    found = re.search(rf"^{field}: (.+(?:\n  +.+)*)", doc or "", re.MULTILINE)
    assert found, f"the docstring has no field {field}"
    return re.sub(r"\n +", "", found.group(1)).strip()


def sees(doc: str | None, *texts: Text | None) -> None:
    """The docstring's Resident line quotes these very sentences, of which there is at least one."""
    assert texts, "no sentence was given"
    for text in texts:
        assert text is not None, "nothing is said to the resident"
        assert text.zh in said(doc, "Resident"), f"the docstring does not quote: {text.zh}"


def tile(service_id: str, devices: Devices, *, backend: bool = True) -> Text | None:
    """What stands on a service's tile: why it cannot be started now, or None when it can."""
    return unavailable_reason(SERVICES[service_id], devices, backend)


def staff(doc: str | None, status: DeviceStatus) -> None:
    """The docstring's Staff line is what the device's status asks for."""
    assert status.action is Action(said(doc, "Staff"))
