"""The times a department offers."""

from __future__ import annotations

import re
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from backend.contract.kiosk_api import ProblemCode
from backend.contract.service_api import Slot
from backend.identity.service import Exchange
from backend.problems import Refused
from backend.records.service import unusable
from content.schema.service import Service

_SHANGHAI = ZoneInfo("Asia/Shanghai")
_AT_MOST = 400  # on one screen, by pages
_SLOT_ID = re.compile(r"[\x21-\x7e]{1,80}")


async def offered(exchange: Exchange, service: Service, form: dict[str, str], now: datetime) -> list[Slot]:
    """From now on, in their order; full ones are left out. Refused: service-unknown, department-down."""
    operation = service.operation
    if operation is None:
        raise Refused(ProblemCode.SERVICE_UNKNOWN)
    today = now.astimezone(_SHANGHAI).date()
    answer = await exchange.call(operation, {**form, "day": today.isoformat()})
    if answer["result"] != "ok":
        raise unusable(operation, "result")
    try:
        slots = [_slot(one) for one in answer["slots"][:_AT_MOST]]
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise unusable(operation, type(error).__name__) from None
    coming = [slot for slot in slots if slot.left > 0 and begins(slot.day, slot.from_time) > now]
    return sorted(coming, key=lambda slot: (slot.day, slot.from_time, slot.slot_id))


def begins(day: date, from_time: str) -> datetime:
    return datetime.combine(day, time.fromisoformat(from_time), _SHANGHAI)


def _slot(one: dict[str, Any]) -> Slot:
    slot_id, place = str(one["slot"]), one.get("place")
    if not _SLOT_ID.fullmatch(slot_id):
        raise ValueError("slot")
    if isinstance(place, dict):
        zh, en = str(place["zh"]), str(place.get("en") or place["zh"])
    else:
        zh = str(one.get("place_zh") or place or "")
        en = str(one.get("place_en") or zh)
    return Slot(
        slot_id=slot_id,
        day=date.fromisoformat(one["day"]),
        from_time=f"{time.fromisoformat(one['from']):%H:%M}",
        to_time=f"{time.fromisoformat(one['to']):%H:%M}",
        left=int(one["left"]),
        place_zh=zh[:120],
        place_en=en[:240],
    )
