"""The cabinet's whole state as the page and the tests see it, and the bodies of the calls."""

from __future__ import annotations

from typing import Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from drivers.virtual.cabinet.camera_stream import Pose, Trouble, Who
from drivers.virtual.cabinet.network import CableState
from drivers.virtual.cabinet.phone import Message, PayResult


class DeviceView(BaseModel):
    """`failure` says why the simulator did not start; `active`: the kiosk is using the device just now."""

    failure: str = ""
    active: bool = False
    plugged: bool = True


class IdReaderView(DeviceView):
    card: str | None = None
    faults: list[str] = []


class CameraView(DeviceView):
    who: Who
    person: str
    pose: Pose
    trouble: Trouble = Trouble.NONE
    watchers: int


class ScannerView(DeviceView):
    beam: bool = False
    presented: int = 0


class ReceiptView(DeviceView):
    paper: str = "unknown"  # full | low | out
    trouble: list[str] = []  # faults, by the names of the actions that cause them
    slips: int = 0


class Sheet(BaseModel):
    id: str
    state: str  # printing | printed | aborted
    bytes: int


class A4View(DeviceView):
    uri: str = ""
    printer_state: str = "off"
    reasons: list[str] = []
    tray: int = 0
    toner: int = 0
    sheets_printed: int = 0
    sheets: list[Sheet] = []


class PhoneView(BaseModel):
    failure: str = ""
    active: bool = False
    reachable: bool
    messages: list[Message]
    last: PayResult | None


class NetworkView(BaseModel):
    state: CableState
    port: int
    connections: int
    backend_online: bool


class ScreenView(BaseModel):
    vnc: bool
    visible_to_phone: bool


class EventView(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    number: int
    at: AwareDatetime
    device: str
    text: str


class StepView(BaseModel):
    """One line of the scenario that plays; `depth`: how far it stands in."""

    text_zh: str
    text_en: str
    depth: int = 0
    state: Literal["waiting", "doing", "done", "failed"] = "waiting"


class ScenarioView(BaseModel):
    """The scenario that plays or played last; an empty name: none yet. `detail` says why it failed (English)."""

    name: str = ""
    title_zh: str = ""
    title_en: str = ""
    state: Literal["none", "playing", "done", "stopped", "failed"] = "none"
    detail: str = ""
    steps: list[StepView] = []


class ScenarioSummary(BaseModel):
    """A scenario that can be played by its name."""

    name: str
    title_zh: str
    title_en: str
    about_zh: str = ""
    about_en: str = ""
    steps: int


# --- what is sent ---------------------------------------------------------------------------------------------------


class _Call(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Nothing(_Call):
    """No details."""


class LayCard(_Call):
    card: str = "li"


class RemoveMidway(_Call):
    card: str | None = None  # laid first, when given


class ReaderFaultCall(_Call):
    fault: str  # a name of the reader simulator's faults, or "none": all mended
    on: bool = True
    times: int | None = Field(default=None, ge=1, le=1000)


class Plug(_Call):
    plugged: bool


class CameraCall(_Call):
    """What is not named stays as it is."""

    who: Who | None = None
    person: str | None = None
    pose: Pose | None = None
    trouble: Trouble | None = None


class CameraTroubleCall(_Call):
    """What is wrong with the camera or its light; "none": all is well."""

    trouble: Trouble


class Present(_Call):
    """Exactly one of the two."""

    preset: str | None = None
    text: str | None = Field(default=None, min_length=1, max_length=8000, repr=False)


class ActionCall(_Call):
    action: str


class Pay(_Call):
    outcome: str = "success"
    qr: str | None = Field(default=None, max_length=4000, repr=False)


class NetworkCall(_Call):
    state: CableState


class PlayCall(_Call):
    """Exactly one of the two: a shipped scenario's name, or a scenario as YAML."""

    name: str | None = Field(default=None, max_length=100)
    yaml: str | None = Field(default=None, max_length=65536)


class Done(BaseModel):
    ok: bool = True
