"""What the kiosk asks of the cabinet it stands in (`Auxiliaries` of XFS4IoT). Each part may be absent: None."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from drivers.device import Device


class Mains(StrEnum):
    ONLINE = "online"
    ON_BATTERY = "on-battery"
    BATTERY_LOW = "battery-low"  # the machine is about to be shut down (by upsmon): nothing new is begun
    UNKNOWN = "unknown"  # the supply is not heard: not a reason to stop, a reason to send a technician


class Sensor(StrEnum):
    """Lines of the box. ACTIVE means what the name says: door open, box tampered with, somebody there, headset in.

    A broken wire reads as what is safe: door open, tampered with, vibration, somebody there; but no headset (private
    speech would come from the loudspeaker) and a fan that stands still.
    """

    DOOR = "door"
    SERVICE_DOOR = "service-door"
    TAMPER = "tamper"
    VIBRATION = "vibration"
    PRESENCE = "presence"
    HEADSET = "headset"
    FAN = "fan"  # active: it turns


class Light(StrEnum):
    """Where the light strip guides the hand."""

    ID_READER = "id-reader"
    CARD_SLOT = "card-slot"
    NOTE_SLOT = "note-slot"
    DOCUMENT_TRAY = "document-tray"
    RECEIPT_TRAY = "receipt-tray"
    SCANNER = "scanner"


@dataclass(frozen=True)
class Power:
    mains: Mains = Mains.UNKNOWN
    battery_percent: int | None = None
    runtime_s: int | None = None
    replace_battery: bool = False  # the supply's own test says so
    overloaded: bool = False
    battery_low: bool = False  # with mains: it is charging again after a failure


@dataclass(frozen=True)
class Storage:
    """The disk the journal lives on."""

    read_only: bool = False
    free_bytes: int | None = None
    wear_percent: int | None = None  # of the life time the maker promises, used up
    full: bool = False  # no room for the journal
    failed: bool = False  # it answers with errors, or not at all; what else stands here is from before

    @property
    def writable(self) -> bool:
        """Without it nothing may be begun: what a session does could not be written down."""
        return not (self.read_only or self.full or self.failed)


@dataclass(frozen=True)
class CabinetState:
    """Everything at one moment. Not in `sensors`: one that is absent or not heard. Of broken wires see `Sensor`."""

    power: Power | None = None
    sensors: Mapping[Sensor, bool] = field(default_factory=dict)
    temperature_c: float | None = None
    storage: Storage | None = None


class Cabinet(Device, Protocol):
    """`status` sums up what somebody has to come for: an open door, no mains, a stopped fan, a worn disk."""

    @property
    def state(self) -> CabinetState:
        """The last known state."""

    async def changed(self, known: CabinetState) -> CabinetState:
        """Wait until the state differs from `known`; return it."""

    async def set_light(self, light: Light, on: bool) -> None:
        """Does nothing where there is no such light."""

    async def set_backlight(self, percent: int) -> None:
        """Brightness of the screen, 1 to 100; never dark: a resident would think it broken."""

    async def set_volume(self, percent: int) -> None:
        """Loudness of speaker and headset, 0 to 100."""
