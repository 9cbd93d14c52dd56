"""Entering sites and kiosks before anything stands there."""

from __future__ import annotations

import re
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from backend.contract.fleet_api import IdentityState
from backend.fleet.desired.revisions import current_revision
from backend.fleet.health import Health
from backend.fleet.models import Kiosk, KioskPulse, KioskState, Site
from backend.fleet.search import text_of

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,59}")
_PAGES = ("new", "bulk")  # of the console, where a kiosk's own page would be


def is_kiosk_id(name: str) -> bool:
    """1-60 letters, digits, dots, dashes or underscores: it is a path, a file name and a certificate's subject."""
    return _NAME.fullmatch(name) is not None and name.lower() not in _PAGES


async def add_kiosk(session: AsyncSession, kiosk_id: str, site: Site, at: datetime, *, model: str = "") -> Kiosk:
    """Enter a kiosk; it cannot do anything before it is enrolled. The caller commits. Raises ValueError."""
    if not is_kiosk_id(kiosk_id):
        raise ValueError("a kiosk's name is 1-60 letters, digits, dots, dashes or underscores, and no page's name")
    kiosk = Kiosk(
        kiosk_id=kiosk_id,
        site_id=site.site_id,
        region_code=site.region_code,
        model=model,
        identity=IdentityState.PLANNED.value,
        search_text=await text_of(session, kiosk_id, site),
        created_at=at,
    )
    session.add(kiosk)
    await session.flush()
    session.add(KioskPulse(kiosk_id=kiosk_id, settings_wanted=await current_revision(session)))
    session.add(KioskState(kiosk_id=kiosk_id, region_code=site.region_code, health=Health.PLANNED.value, changed_at=at))
    await session.flush()
    return kiosk
