"""The home screen and the lists behind its doors, from the content pack and the terminal's health."""

from __future__ import annotations

from content.load import Brief, Pack
from content.schema.service import Door, Service
from content.schema.text import Text
from kiosk.availability import Here, unavailable_reason
from kiosk.journeys import service_texts, texts
from kiosk.journeys.context import Devices
from kiosk.journeys.registry import JOURNEYS
from kiosk.journeys.steps.papers import scanned
from kiosk.screens import Home, ServiceList, Tile, Unavailable

_DOORS: dict[Door, tuple[Text, Text, str]] = {
    Door.CERTIFICATES: (
        Text("证明开具", "Certificates"),
        Text("社保、公积金、纳税、无房", "Insurance, tax, housing"),
        "file-text",
    ),
    Door.FEES: (
        Text("税费缴纳", "Taxes and fees"),
        Text("水电气、医保、非税、罚款", "Water, power, fines"),
        "credit-card",
    ),
    Door.PACKAGES: (
        Text("一件事一次办", "One matter, one visit"),
        Text("开店、入学、退休、新生儿", "Shops, school, births"),
        "package",
    ),
    Door.APPLICATIONS: (
        Text("自助申办", "Applications"),
        Text("居住证、就业、补贴", "Residence, jobs, subsidies"),
        "clipboard-list",
    ),
    Door.APPOINTMENTS: (
        Text("预约取号", "Appointments"),
        Text("窗口预约、排队取号", "Book a window, queue"),
        "calendar-check",
    ),
    Door.ENQUIRIES: (Text("业务查询", "Enquiries"), Text("办件进度、办事指南", "Progress, guides"), "search"),
    Door.LIVING: (Text("民生服务", "Daily life"), Text("社保卡、不动产、车辆", "Cards, property, cars"), "house"),
    Door.FEEDBACK: (
        Text("投诉评价", "Feedback"),
        Text("12345、办不成事、好差评", "Complaints and ratings"),
        "message-square-text",
    ),
}
_FREQUENT = 6


def start_reason(
    service: Service | Brief, devices: Devices, backend_reachable: bool, here: Here | None = None
) -> Text | None:
    """Why a service cannot start now, or None. What this program cannot walk is said before anything else."""
    if service.journey not in JOURNEYS:
        return service_texts.NO_JOURNEY
    if isinstance(service, Service) and _must_scan(service):
        camera = devices.camera
        if camera is None or not camera.status.ready:
            return service_texts.NO_CAMERA
    return unavailable_reason(service, devices, backend_reachable, here)


def _must_scan(service: Service) -> bool:
    """Content should name the camera among its devices; where it does not, nobody shall find out at the papers."""
    parts = service.package.parts if service.package is not None else []
    materials = [*service.materials, *(material for part in parts for material in part.materials)]
    return any(scanned(material) and material.necessity == "required" for material in materials)


def service_tile(service: Service | Brief, devices: Devices, backend_reachable: bool, here: Here | None = None) -> Tile:
    return Tile(
        id=service.id,
        title=service.title,
        summary=service.summary,
        icon=service.icon,
        unavailable=start_reason(service, devices, backend_reachable, here),
    )


def home_screen(pack: Pack, devices: Devices, backend_reachable: bool, here: Here | None = None) -> Home:
    """Doors without a service that can start say why, but can be opened to read about it. Made every few seconds:
    looks at one service for each set of needs, never at all of them."""

    def tile(brief: Brief) -> Tile:
        return service_tile(brief, devices, backend_reachable, here)

    doors = []
    for door, (title, summary, icon) in _DOORS.items():
        reasons = [start_reason(brief, devices, backend_reachable, here) for brief in pack.needs_behind(door)]
        reason = texts.DOOR_EMPTY if not reasons else None
        if all(found is not None for found in reasons):
            reason = reasons[0] if reasons else reason
        doors.append(Tile(door.value, title, summary, icon, reason))
    return Home(
        question=texts.HOME,
        speech=texts.HOME,
        doors=tuple(doors),
        frequent=tuple(tile(brief) for brief in pack.briefs[:_FREQUENT]),
        search=lambda query: tuple(tile(brief) for brief in pack.search(query)),
        notice=texts.HOME_NOTICE,
    )


def door_screen(
    pack: Pack, door: Door, devices: Devices, backend_reachable: bool, here: Here | None = None
) -> ServiceList:
    title = _DOORS[door][0]
    return ServiceList(
        question=title,
        speech=title,
        tiles=tuple(service_tile(brief, devices, backend_reachable, here) for brief in pack.behind(door)),
    )


def unavailable_screen(reason: Text) -> Unavailable:
    return Unavailable(
        question=texts.UNAVAILABLE, speech=reason, reason=reason, advice=texts.UNAVAILABLE_ADVICE, idle_s=20.0
    )
