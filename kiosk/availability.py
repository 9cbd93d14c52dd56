"""What can be started now: a service whose devices or backend are missing is shown as unavailable *before* the
resident starts, with the reason, never at the end."""

from __future__ import annotations

from content.schema.service import Device, Service
from content.schema.text import Text
from drivers.status import DeviceStatus, SupplyState
from kiosk.journeys import texts
from kiosk.journeys.context import Devices

_FAULTS = {
    Device.ID_READER: (texts.NO_ID_READER, texts.NO_ID_READER),
    Device.DOCUMENT_PRINTER: (texts.NO_DOCUMENT_PRINTER, texts.DOCUMENT_PAPER_OUT),
    Device.RECEIPT_PRINTER: (texts.NO_RECEIPT_PRINTER, texts.RECEIPT_PAPER_OUT),
}


def unavailable_reason(service: Service, devices: Devices, backend_reachable: bool) -> Text | None:
    """The sentence for the resident, or None if the service can start. Asks nobody: uses the last known states."""
    if not backend_reachable:
        return texts.NO_BACKEND
    for device in service.devices:
        status = _status(devices, device)
        if not status.ready:
            fault, paper_out = _FAULTS[device]
            return paper_out if status.supplies.get("paper") is SupplyState.OUT else fault
    return None


def _status(devices: Devices, device: Device) -> DeviceStatus:
    found = {
        Device.ID_READER: devices.id_reader,
        Device.DOCUMENT_PRINTER: devices.document_printer,
        Device.RECEIPT_PRINTER: devices.receipt_printer,
    }[device]
    return found.status if found is not None else DeviceStatus()
