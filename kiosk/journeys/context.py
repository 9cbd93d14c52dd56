"""What a journey works with: the terminal's parts, the session, and the service as content."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from content.schema.service import Service
from content.schema.text import Text
from drivers.manager import DeviceSet
from kiosk.guide_lights import GuideLights
from kiosk.identity.face.port import FaceVerifier
from kiosk.journal.journal import Journal
from kiosk.link.client import BackendLink
from kiosk.loudness import Loudness
from kiosk.paper_camera import PaperCamera
from kiosk.screens import Stage, Step, Trail
from kiosk.session import Session
from kiosk.settings import KioskSettings


class RasterPort(Protocol):
    """Pictures of PDF pages, made in a worker process."""

    async def render(self, pdf: bytes, page: int, width_px: int) -> bytes | None: ...


Devices = DeviceSet


@dataclass
class Terminal:
    """Everything that outlives a session."""

    settings: KioskSettings
    stage: Stage
    devices: Devices
    link: BackendLink
    journal: Journal
    face: FaceVerifier | None
    raster: RasterPort | None
    paper_camera: PaperCamera | None = None
    departments: Mapping[str, Text] = field(default_factory=dict)  # their names, by id
    can_report: bool = False  # there is a service for what could not be done
    lights: GuideLights = field(init=False)
    loudness: Loudness = field(init=False)

    def __post_init__(self) -> None:
        self.lights = GuideLights(self.devices.cabinet)
        self.loudness = Loudness(self.devices.cabinet, self.settings.volume)

    def department(self, name: str) -> Text:
        """The name of a department that content calls by its id; a name is itself."""
        return self.departments.get(name, Text.same(name))


@dataclass
class Journey:
    """One resident doing one thing."""

    terminal: Terminal
    service: Service
    session: Session = field(default_factory=Session)
    steps: int = 5

    @property
    def stage(self) -> Stage:
        return self.terminal.stage

    @property
    def lights(self) -> GuideLights:
        return self.terminal.lights

    @property
    def settings(self) -> KioskSettings:
        return self.terminal.settings

    @property
    def site(self) -> Text:
        return Text(self.settings.site, self.settings.site_en)

    def trail(self, number: int) -> Trail:
        return Trail(self.service.title, Step(number, self.steps))


class JourneyOver(Exception):
    """The journey ended early and the resident has already been told why. `reported`: a keyword of what went wrong, if
    the resident wants it reported (办不成事)."""

    def __init__(self, reason: str, reported: str = "") -> None:
        super().__init__(reason)
        self.reported = reported


class TimedOut(Exception):
    """Nobody answered "需要更多时间吗?"."""
