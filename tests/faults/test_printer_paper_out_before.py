"""No paper before the start: the service is shown as unavailable with the reason, and cannot be started.

Device: document_printer
Resident: A4 打印机没有纸了，请拨打 12345 告知
Staff: clear
"""

from __future__ import annotations

from drivers.status import DeviceState, DeviceStatus, SupplyState
from kiosk.availability import unavailable_reason
from kiosk.journeys import texts
from kiosk.journeys.context import Devices
from tests.kiosk.journeys.fakes import FakeDocumentPrinter, FakeReader, FakeReceiptPrinter, Points, World
from tests.kiosk.journeys.house import SERVICES

PROOF = SERVICES["social-insurance-enrolment-proof"]
WATER = SERVICES["water-bill"]


def _devices() -> Devices:
    world, points = World(), Points()
    return Devices(FakeReader(), FakeReceiptPrinter(world, points), FakeDocumentPrinter(world, points))  # type: ignore[arg-type]


def test_says_why() -> None:
    devices = _devices()
    assert unavailable_reason(PROOF, devices, backend_reachable=True) is None
    devices.document_printer.status = DeviceStatus(DeviceState.ONLINE, {"paper": SupplyState.OUT})  # type: ignore[union-attr,misc]
    assert unavailable_reason(PROOF, devices, backend_reachable=True) == texts.DOCUMENT_PAPER_OUT
    assert unavailable_reason(WATER, devices, backend_reachable=True) is None, "other services go on"


def test_unknown_is_never_ok() -> None:
    devices = _devices()
    devices.document_printer.status = DeviceStatus()  # type: ignore[union-attr,misc]
    assert unavailable_reason(PROOF, devices, backend_reachable=True) == texts.NO_DOCUMENT_PRINTER
    assert unavailable_reason(PROOF, Devices(), backend_reachable=True) is not None
    assert unavailable_reason(WATER, _devices(), backend_reachable=False) == texts.NO_BACKEND
