"""`GET /api/state`: a part for each desk (null: the terminal has no such device), and what is not a desk."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, create_model

from drivers.virtual.cabinet.desks import PLACES
from drivers.virtual.cabinet.named import Named
from drivers.virtual.cabinet.state import (
    CameraView,
    EventView,
    NetworkView,
    PhoneView,
    ScenarioView,
    ScreenView,
)


class DeviceName(BaseModel):
    """What a device is called. `actions` go to `POST /api/devices/{name}/act`."""

    name: str
    label_zh: str
    label_en: str
    actions: list[Named]


class CommonState(BaseModel):
    """What is there whichever devices are."""

    terminal: str
    speed: float
    devices_file: str
    devices: list[DeviceName]
    cards: list[Named]
    codes: list[Named]
    scenes: list[Named]
    poses: list[Named]
    camera_troubles: list[Named]
    keys: list[Named]
    card_taps: list[Named]
    reader_actions: list[Named]
    a4_actions: list[Named]
    receipt_actions: list[Named]
    pay_outcomes: list[Named]
    camera: CameraView
    phone: PhoneView
    network: NetworkView
    screen: ScreenView
    scenario: ScenarioView
    events: list[EventView]


_parts: dict[str, Any] = {place.name: (place.view | None, None) for place in PLACES}

CabinetState: type[CommonState] = create_model(
    "CabinetState", __base__=CommonState, __doc__="The whole cabinet, as the page and tests see it.", **_parts
)
