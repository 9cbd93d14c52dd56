"""What can be started now: a service whose devices or backend are missing is shown as unavailable *before* the
resident starts, with the reason, never at the end."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from content.calendar import WorkingDays
from content.load import Brief
from content.offered import Closed, Ended, NotHere, NotOffered, NotYet, hours_text, not_offered
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


@dataclass(frozen=True)
class Here:
    """Where and when this terminal offers its services. `division`: its code, "" when it is not known."""

    division: str
    working_days: WorkingDays
    now: Callable[[], datetime] = lambda: datetime.now(UTC)


def unavailable_reason(
    service: Service | Brief, devices: Devices, backend_reachable: bool, here: Here | None = None
) -> Text | None:
    """The sentence for the resident, or None if the service can start. Asks nobody: uses the last known states.
    `here` None: hours, places and dates are not judged."""
    if here is not None and (closed := _not_offered(service, here)) is not None:
        return _offer_reason(closed)
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


def _not_offered(service: Service | Brief, here: Here) -> NotOffered | None:
    return not_offered(
        service.availability,
        service.effective,
        at=here.now(),
        division=here.division,
        working_days=here.working_days,
    )


def _offer_reason(reason: NotOffered) -> Text:
    match reason:
        case Closed(hours=hours):
            return texts.ONLY_AT_HOURS.format(hours=hours_text(hours))
        case NotYet(since=day):
            return texts.NOT_YET_OFFERED.format(day=Text(f"{day.month} 月 {day.day} 日", f"{day:%-d %B}"))
        case Ended():
            return texts.NO_LONGER_OFFERED
        case NotHere():
            return texts.NOT_OFFERED_HERE


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
