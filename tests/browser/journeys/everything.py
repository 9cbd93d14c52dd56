"""One thing of every kind, so that no page of the console is empty; and the addresses of all its pages."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from backend.alerts.duty.models import DutyPerson, DutyShift
from backend.alerts.models import Alert, AlertNote, AlertState
from backend.alerts.work.models import WorkNote, WorkOrder
from backend.contract.fleet_api import CommandKind
from backend.db.engine import Sessions, writing
from backend.fleet.commands.models import Command
from backend.fleet.desired.service import Change, apply
from backend.fleet.models import Kiosk
from backend.regions.synthetic import PROVINCE
from backend.releases.models import Release, Rollout, RolloutGroup, RolloutMember
from backend.staff import approvals, audit
from backend.staff.models import StaffGrant, StaffMember
from backend.staff.roles import Grant, Role, Staff

VILLAGE = "990101001001"
KIOSK = f"K-{VILLAGE}"
CHEN = Staff("chen", "陈样本", tuple(Grant(role, PROVINCE) for role in Role))
_REASON = "3 of 12 attempted failed; allowed are 2.0%"

PAGES = (
    "/console/sign-in",
    "/console/",
    "/console/?region=990101001000",
    "/console/kiosks",
    "/console/kiosks?q=zzzz",
    f"/console/kiosks/{KIOSK}",
    f"/console/kiosks/{KIOSK}/events",
    f"/console/kiosks/{KIOSK}/enrol",
    "/console/kiosks/new",
    f"/console/sites/S-{VILLAGE}",
    "/console/alerts",
    "/console/alerts/alert-1",
    "/console/alerts/alert-2",
    "/console/alerts/rules",
    "/console/duty",
    "/console/work",
    "/console/work/order-1",
    f"/console/work/new?kiosk={KIOSK}",
    "/console/editor",
    "/console/editor?q=zzzz",
    "/console/editor/new",
    "/console/editor/import",
    "/console/editor/releases",
    "/console/editor/items/housing-fund-loan",
    "/console/editor/items/housing-fund-loan/edit",
    "/console/editor/items/housing-fund-loan/yaml",
    "/console/editor/items/housing-fund-loan/diff",
    "/console/editor/items/housing-fund-loan/history",
    "/console/editor/items/housing-fund-loan/versions/1",
    "/console/rollouts",
    "/console/rollouts/new",
    "/console/rollouts/halted",
    "/console/rollouts/draft",
    "/console/settings",
    f"/console/settings?scope=kiosk&id={KIOSK}",
    "/console/settings/history",
    "/console/reports",
    "/console/reports?view=usage",
    "/console/reports?view=satisfaction",
    "/console/approvals",
    "/console/staff",
    "/console/staff/new",
    "/console/staff/chen",
    "/console/audit",
    "/console/account",
    "/console/account/password",
    "/console/account/second-factor",
    "/console/kiosks/K-no-such",
)


async def furnish(sessions: Sessions) -> None:
    """After `populate`."""
    at = datetime.now(UTC) - timedelta(hours=3)
    place = {"kiosk_id": KIOSK, "region_code": VILLAGE}
    async with writing(sessions) as session:
        await session.execute(update(Kiosk).where(Kiosk.kiosk_id == KIOSK).values(identity="enrolled", epoch=1))
        session.add(
            StaffMember(staff_id="chen", login="chen", name="陈样本", region_code=PROVINCE, active=True, created_at=at)
        )
        await session.flush()
        session.add_all(
            StaffGrant(staff_id="chen", role=role.value, region_code=PROVINCE, granted_by="system", granted_at=at)
            for role in (Role.OPERATOR, Role.PUBLISHER)
        )
        jam = {"device": "document_printer", "supply": "paper", "state": "jammed", "note": "media-jam"}
        jam |= {"code": "document_printer.paper.jammed", "action": "clear"}
        session.add_all(
            [
                Alert(
                    alert_id="alert-1",
                    rule="device-fault",
                    subject=f"kiosk:{KIOSK}/document_printer.paper",
                    severity="error",
                    state=AlertState.OPEN.value,
                    since=at,
                    opened_at=at,
                    detail=jam,
                    repetitions=2,
                    **place,
                ),
                Alert(
                    alert_id="alert-2",
                    rule="offline",
                    subject=f"kiosk:{KIOSK}",
                    severity="error",
                    state=AlertState.CLEARED.value,
                    since=at - timedelta(days=1),
                    opened_at=at - timedelta(days=1),
                    cleared_at=at,
                    acknowledged_by="chen",
                    acknowledged_at=at - timedelta(hours=20),
                    **place,
                ),
                AlertNote(alert_id="alert-1", at=at, what="opened", actor="system"),
                WorkOrder(
                    order_id="order-1",
                    alert_id="alert-1",
                    kind="paper",
                    trouble="document_printer.paper.jammed",
                    task="文档打印机卡纸",
                    state="on-site",
                    assignee="chen",
                    assignee_name="陈样本",
                    created_by="chen",
                    created_at=at,
                    changed_at=at,
                    checks={"test-print": "chen"},
                    **place,
                ),
                WorkNote(order_id="order-1", at=at, actor="chen", what="created"),
                WorkNote(order_id="order-1", at=at, actor="chen", what="note", text="计数器 10240"),
                DutyPerson(person_id="duty-1", region_code=PROVINCE, name="李样本", email="li@example.invalid"),
                Command(
                    command_id="command-1",
                    epoch=1,
                    kind="log-bundle",
                    state="done",
                    created_at=at,
                    created_by="chen",
                    expires_at=at + timedelta(hours=1),
                    **place,
                ),
            ]
        )
        await session.flush()
        days = {"weekdays": 127, "start": 8 * 60, "end": 20 * 60}
        session.add(DutyShift(shift_id="shift-1", region_code=PROVINCE, person_id="duty-1", **days))
        await _rollouts(session, at)
        await apply(
            session, CHEN, [Change(scope="region", scope_id=PROVINCE, key="volume", value=45)], "夜间更安静", at
        )
        phone = Change(scope="kiosk", scope_id=KIOSK, key="staff_phone", value="0000-54321")
        await apply(session, CHEN, [phone], "", at)
        which = {"kiosk_id": KIOSK}
        await approvals.request(
            session, CHEN, "kiosk.wipe", f"kiosk:{KIOSK}", VILLAGE, which, "机器将报废", datetime.now(UTC)
        )
        detail = {"kind": CommandKind.RESTART.value}
        await audit.record(session, "chen", "kiosk.command", f"kiosk:{KIOSK}", at, region_code=VILLAGE, detail=detail)
        await session.commit()


async def _rollouts(session: AsyncSession, at: datetime) -> None:
    release = Release(
        release_id="release-1",
        kind="trial",
        version="2026.11.2-trial",
        sha256="0" * 64,
        size=1,
        created_by="chen",
        created_at=at,
    )
    session.add(release)
    await session.flush()
    for name, state in (("halted", "halted"), ("draft", "draft")):
        halted = state == "halted"
        session.add(
            Rollout(
                rollout_id=name,
                release_id="release-1",
                title="十一月服务内容演练" if halted else "夜间试发布",
                region_code=PROVINCE,
                state=state,
                reason=f"1%: {_REASON}" if halted else "",
                max_error_share=0.02,
                min_sample=10,
                silence_s=3600,
                reach_s=86_400,
                soak_s=1800,
                window_from=22 * 60,
                window_to=5 * 60,
                bytes_per_s=200_000,
                created_by="chen",
                created_at=at,
                started_at=at if halted else None,
                finished_at=at if halted else None,
            )
        )
        await session.flush()
        for number, label, size in ((1, "1%", 12), (2, "10%", 30), (3, "其余", 60)):
            session.add(
                RolloutGroup(
                    rollout_id=name,
                    number=number,
                    name=label,
                    size=size,
                    state="halted" if halted and number == 1 else "waiting",
                    report={"reason": _REASON, "attempted": 12, "errors": 3} if halted and number == 1 else {},
                )
            )
        await session.flush()
        states = ["succeeded"] * 9 + ["failed", "failed", "silent"] + ["waiting"] * 90
        for index, member in enumerate(states):
            session.add(
                RolloutMember(
                    rollout_id=name,
                    kiosk_id=f"K-9901010010{index:02d}",
                    group_number=1 if index < 12 else 2 if index < 42 else 3,
                    region_code=VILLAGE,
                    state=member if halted else "waiting",
                    detail="digest" if member == "failed" and halted else "",
                    heard_at=at if halted and index < 12 else None,
                )
            )
