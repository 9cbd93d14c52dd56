"""The home screen and the lists behind its doors, from the content pack and the terminal's health."""

from __future__ import annotations

from content.load import Pack
from content.schema.service import Door, Service
from content.schema.text import Text
from kiosk.availability import unavailable_reason
from kiosk.journeys import texts
from kiosk.journeys.context import Devices
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


def service_tile(service: Service, devices: Devices, backend_reachable: bool) -> Tile:
    return Tile(
        id=service.id,
        title=service.title,
        summary=service.summary,
        icon=service.icon,
        unavailable=unavailable_reason(service, devices, backend_reachable),
    )


def home_screen(pack: Pack, devices: Devices, backend_reachable: bool) -> Home:
    """Doors without a service that can start say why, but can be opened to read about it."""
    tiles = {sid: service_tile(service, devices, backend_reachable) for sid, service in pack.services.items()}
    doors = []
    for door, (title, summary, icon) in _DOORS.items():
        behind = [tiles[service.id] for service in pack.behind(door)]
        reason = texts.DOOR_EMPTY if not behind else None
        if behind and all(tile.unavailable is not None for tile in behind):
            reason = behind[0].unavailable
        doors.append(Tile(door.value, title, summary, icon, reason))
    return Home(
        question=texts.HOME,
        speech=texts.HOME,
        doors=tuple(doors),
        frequent=tuple(tiles.values())[:_FREQUENT],
        searchable=tuple((tiles[sid], _keys(pack, sid)) for sid in pack.services),
        notice=texts.HOME_NOTICE,
    )


def door_screen(pack: Pack, door: Door, devices: Devices, backend_reachable: bool) -> ServiceList:
    title = _DOORS[door][0]
    return ServiceList(
        question=title,
        speech=title,
        tiles=tuple(service_tile(service, devices, backend_reachable) for service in pack.behind(door)),
    )


def unavailable_screen(reason: Text) -> Unavailable:
    return Unavailable(
        question=texts.UNAVAILABLE, speech=reason, reason=reason, advice=texts.UNAVAILABLE_ADVICE, idle_s=20.0
    )


def _keys(pack: Pack, service_id: str) -> tuple[str, ...]:
    keys = pack.search_keys[service_id]
    return (*keys.hanzi, *keys.pinyin, *keys.initials, *keys.english)
