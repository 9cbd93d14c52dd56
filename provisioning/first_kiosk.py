"""At the first start of the stack: the desk is told of its one kiosk, and gives out what lets it in.

    python -m provisioning.first_kiosk TERMINAL TOKEN-FILE TICKET-FILE

A process of its own, because the backend reads its settings from the environment. The code goes into a file that only
its owner can read, never to a log.
"""

from __future__ import annotations

import asyncio
import sys
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncSession

from backend.db.engine import make_engine, make_sessions, writing
from backend.db.migrate import migrate
from backend.devices.service import issue_token
from backend.fleet.identity import desk
from backend.fleet.identity.authority import open_authority
from backend.fleet.models import Kiosk, Site
from backend.fleet.settings import FleetSettings
from backend.regions.division import COUNTRY
from backend.regions.models import Region
from backend.secret_files import write_secret
from backend.settings import BackendSettings
from provisioning.demo_signing import demo_keepers

_BY = "command-line:first-start"
_SITE = "S-QK"
_AT = (105.1, 29.1)  # degrees, among the invented province's cities
# An invented village, from the province down.
_REGIONS = (
    ("990000000000", "样本省", "Yangben Province"),
    ("999900000000", "门口市", "Menkou City"),
    ("999901000000", "青口区", "Qingkou District"),
    ("999901001000", "青口街道", "Qingkou Subdistrict"),
    ("999901001001", "青口社区", "Qingkou Community"),
)


async def make(terminal: str, token_file: Path, ticket_file: Path) -> None:
    """May be repeated: what is there already is left, an older code is void."""
    settings, fleet = BackendSettings(), FleetSettings()
    settings.var_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    authority = open_authority(fleet, settings)
    engine = make_engine(settings.effective_database_url)
    try:
        await migrate(engine)
        demo_keepers(settings).ensure_root(datetime.now(UTC))  # before the kiosk is enrolled: it is told then
        sessions = make_sessions(engine)
        now = datetime.now(UTC)
        async with writing(sessions) as session:
            await _enter(session, terminal, now)
            ticket = await desk.make_code(session, authority, fleet, _BY, terminal, now)
            await session.commit()
        if not token_file.exists():  # noqa: ASYNC240 - a process of its own
            async with writing(sessions) as session:
                token = await issue_token(session, terminal, settings.site)
            write_secret(token_file, token.encode() + b"\n")
        write_secret(ticket_file, ticket.as_uri().encode() + b"\n")
    finally:
        await engine.dispose()


async def _enter(session: AsyncSession, terminal: str, now: datetime) -> None:
    parent = COUNTRY
    for level, (code, zh, en) in enumerate(_REGIONS, 1):
        if await session.get(Region, code) is None:
            longitude, latitude = _AT
            session.add(
                Region(
                    code=code,
                    parent=parent,
                    level=level,
                    name_zh=zh,
                    name_en=en,
                    longitude=longitude,
                    latitude=latitude,
                )
            )
        parent = code
    await session.flush()
    if await session.get(Site, _SITE) is None:
        site = desk.NewSite(
            site_id=_SITE,
            region_code=_REGIONS[-1][0],
            name_zh="青口社区便民服务站",
            name_en="Qingkou Community Service Point",
            longitude=_AT[0],
            latitude=_AT[1],
        )
        await desk.add_site(session, _BY, site, now)
    if await session.get(Kiosk, terminal) is None:
        await desk.add_kiosk(session, _BY, desk.NewKiosk(kiosk_id=terminal, site_id=_SITE, model="Menkou"), now)


if __name__ == "__main__":
    asyncio.run(make(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])))
