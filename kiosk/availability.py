"""What can be started now: a service whose devices or backend are missing is shown as unavailable *before* the
resident starts, with the reason, never at the end."""

from __future__ import annotations

from content.schema.service import Device, Service
from content.schema.text import Text
from drivers.cabinet.port import Mains
from drivers.device import DeviceClass
from drivers.status import DeviceStatus, SupplyState
from kiosk.journeys import device_texts, service_texts, texts
from kiosk.journeys.context import Devices

_FAULTS = {
    Device.ID_READER: texts.NO_ID_READER,
    Device.DOCUMENT_PRINTER: texts.NO_DOCUMENT_PRINTER,
    Device.RECEIPT_PRINTER: texts.NO_RECEIPT_PRINTER,
    Device.CARD_TERMINAL: device_texts.NO_CARD_TERMINAL,
    Device.CASH: device_texts.NO_CASH,
    Device.SMART_CARD: device_texts.NO_SMART_CARD_READER,
    Device.CODE_SCANNER: service_texts.NO_CODE_SCANNER,
    Device.CAMERA: service_texts.NO_CAMERA,
}
_USED_UP = {
    (Device.DOCUMENT_PRINTER, "paper"): texts.DOCUMENT_PAPER_OUT,
    (Device.RECEIPT_PRINTER, "paper"): texts.RECEIPT_PAPER_OUT,
    (Device.CASH, "cashbox_space"): device_texts.STACKER_FULL,
}


def unavailable_reason(service: Service, devices: Devices, backend_reachable: bool) -> Text | None:
    """The sentence for the resident, or None if the service can start. Asks nobody: uses the last known states."""
    if (no_power := power_reason(devices)) is not None:
        return no_power
    if storage_fails(devices):
        return device_texts.STORAGE_FAILED
    if not backend_reachable:
        return texts.NO_BACKEND
    for device in service.devices:
        status = _status(devices, device)
        if not status.ready:
            used_up = (
                _USED_UP.get((device, supply)) for supply, state in status.supplies.items() if state is SupplyState.OUT
            )
            return next((text for text in used_up if text is not None), _FAULTS[device])
    return None


def power_reason(devices: Devices) -> Text | None:
    """On battery nothing new is begun: it may not last to the end. A supply that is not heard stops nothing."""
    power = devices.cabinet.state.power if devices.cabinet is not None else None
    return device_texts.POWER.get(power.mains) if power is not None and power.mains is not Mains.ONLINE else None


def storage_fails(devices: Devices) -> bool:
    """What cannot be written into the journal must not be begun. A cabinet that watches no disk stops nothing."""
    storage = devices.cabinet.state.storage if devices.cabinet is not None else None
    return storage is not None and not storage.writable


def _status(devices: Devices, device: Device) -> DeviceStatus:
    found = devices.present().get(DeviceClass(device.value))
    return found.status if found is not None else DeviceStatus()
