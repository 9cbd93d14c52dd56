"""The world of the cross-region matrix: one thing of every kind in a region, found by the name of a path parameter.

A new route with a path parameter of its own adds a line to PARAMETERS, and if the thing is a row, makes it in `build`.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from backend.alerts.duty.models import DutyPerson, DutyShift
from backend.alerts.models import Alert
from backend.alerts.work.models import WorkOrder
from backend.editor.models import ContentItem, ContentVersion
from backend.fleet.commands.models import Command
from backend.fleet.desired.models import SettingRevision
from backend.fleet.seed import kiosk_id_of
from backend.releases.models import Release, Rollout
from backend.staff.approvals import Approval
from backend.staff.models import StaffMember

OWN = "990101000000"  # in CITY
FOREIGN = "990201000000"  # in OTHER_CITY
_REVISIONS = {OWN: 1, FOREIGN: 2}

# What stands for a path parameter (or a field of a body or query) of that name, in a region.
PARAMETERS: dict[str, Callable[[str], Any]] = {
    "kiosk_id": kiosk_id_of,
    "kiosk": kiosk_id_of,
    "site_id": lambda region: f"S-{region}",
    "site": lambda region: f"S-{region}",
    "region_code": lambda region: region,
    "region": lambda region: region,
    "code": lambda region: region,
    "scope": lambda region: "region",
    "scope_id": lambda region: region,
    "staff_id": lambda region: f"staff-{region}",
    "approval_id": lambda region: f"approval-{region}",
    "alert_id": lambda region: f"alert-{region}",
    "order_id": lambda region: f"order-{region}",
    "person_id": lambda region: f"person-{region}",
    "shift_id": lambda region: f"shift-{region}",
    "rollout_id": lambda region: f"rollout-{region}",
    "release_id": lambda region: "release-1",
    "command_id": lambda region: f"command-{region}",
    "revision": lambda region: _REVISIONS[region],
    "token_id": lambda region: "nobody-s",
    "role": lambda region: "viewer",
    "deed": lambda region: "pause",
    "rule": lambda region: "offline",
    "item_id": lambda region: f"item-{region}",
    "number": lambda region: 1,
}


async def build(session: AsyncSession) -> None:
    """After `seed_province`; the caller commits."""
    at = datetime.now(UTC)
    session.add(
        Release(
            release_id="release-1",
            kind="trial",
            version="1",
            sha256="0" * 64,
            size=1,
            created_by="x",
            created_at=at,
        )
    )
    await session.flush()
    for region in (OWN, FOREIGN):
        place = {"region_code": region}
        kiosk = {"kiosk_id": kiosk_id_of(region), **place}
        session.add_all(
            [
                StaffMember(
                    staff_id=f"staff-{region}", login=f"staff-{region}", name=f"人员 {region}", created_at=at, **place
                ),
                Approval(
                    approval_id=f"approval-{region}",
                    action="kiosk.wipe",
                    subject=f"kiosk:{kiosk_id_of(region)}",
                    arguments={"kiosk_id": kiosk_id_of(region)},
                    reason="x",
                    state="open",
                    requested_by="somebody",
                    requested_at=at,
                    expires_at=at + timedelta(hours=1),
                    **place,
                ),
                Alert(
                    alert_id=f"alert-{region}",
                    rule="offline",
                    subject=f"kiosk:{kiosk_id_of(region)}",
                    severity="warning",
                    state="open",
                    since=at,
                    opened_at=at,
                    **kiosk,
                ),
                WorkOrder(
                    order_id=f"order-{region}",
                    kind="visit",
                    task="x",
                    state="new",
                    created_by="x",
                    created_at=at,
                    changed_at=at,
                    **kiosk,
                ),
                Command(
                    command_id=f"command-{region}",
                    epoch=0,
                    kind="self-test",
                    state="waiting",
                    created_at=at,
                    created_by="x",
                    expires_at=at + timedelta(hours=1),
                    **kiosk,
                ),
                SettingRevision(revision=_REVISIONS[region], at=at, by="x", note="x", changes=[], **place),
                ContentItem(item_id=f"item-{region}", published=1, search=f"item-{region}", changed_at=at, **place),
                DutyPerson(person_id=f"person-{region}", name="x", **place),
                Rollout(
                    rollout_id=f"rollout-{region}",
                    release_id="release-1",
                    title=f"rollout {region}",
                    state="draft",
                    max_error_share=0.1,
                    min_sample=1,
                    silence_s=60,
                    reach_s=60,
                    soak_s=0,
                    created_by="x",
                    created_at=at,
                    **place,
                ),
            ]
        )
        await session.flush()
        session.add(
            ContentVersion(item_id=f"item-{region}", number=1, body="{}", sha256="0" * 64, at=at, by="x", reason="")
        )
        session.add(
            DutyShift(shift_id=f"shift-{region}", person_id=f"person-{region}", weekdays=127, start=0, end=600, **place)
        )
        await session.flush()
