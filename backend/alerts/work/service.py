"""A work order's way: new → accepted → on site → done → closed, with what is missing said before it is closed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import uuid4

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from backend.alerts.duty.roster import on_duty
from backend.alerts.models import Alert, AlertNote, AlertState
from backend.alerts.rules import RULES
from backend.alerts.words import trouble_words
from backend.alerts.work.checks import CHECKS, WorkKind, kind_of
from backend.alerts.work.models import WorkNote, WorkOrder, WorkState
from backend.fleet.events import EventKind, event
from backend.fleet.models import Kiosk, KioskState
from backend.staff import audit
from backend.staff.roles import Permission, Staff


class Deed(StrEnum):
    ACCEPT = "accept"
    ARRIVE = "arrive"
    DONE = "done"
    CLOSE = "close"
    REOPEN = "reopen"
    CANCEL = "cancel"


_STEPS: dict[Deed, tuple[tuple[WorkState, ...], WorkState]] = {
    Deed.ACCEPT: ((WorkState.NEW,), WorkState.ACCEPTED),
    Deed.ARRIVE: ((WorkState.ACCEPTED,), WorkState.ON_SITE),
    Deed.DONE: ((WorkState.ON_SITE,), WorkState.DONE),
    Deed.CLOSE: ((WorkState.DONE,), WorkState.CLOSED),
    Deed.REOPEN: ((WorkState.DONE, WorkState.CLOSED), WorkState.ACCEPTED),
    Deed.CANCEL: ((WorkState.NEW, WorkState.ACCEPTED), WorkState.CANCELLED),
}


@dataclass(frozen=True)
class Missing:
    """Why an order cannot be closed: `what` for programs, the words for people."""

    what: str
    zh: str
    en: str


class WorkError(Exception):
    """Not to be done now; `code` for programs, `missing` for closing."""

    def __init__(self, code: str, text: str, missing: tuple[Missing, ...] = ()) -> None:
        super().__init__(text)
        self.code = code
        self.missing = missing


_CODE = 60  # characters of WorkOrder.trouble


async def create(
    session: AsyncSession,
    actor: str,
    kiosk: Kiosk,
    task: str,
    at: datetime,
    *,
    kind: WorkKind = WorkKind.VISIT,
    alert: Alert | None = None,
    trouble: str = "",
) -> WorkOrder:
    """A new order for whoever is on duty there and has an account. One order an alert: the same is given back.
    The caller commits."""
    if alert is not None:
        known: WorkOrder | None = await session.scalar(
            select(WorkOrder).where(
                WorkOrder.alert_id == alert.alert_id,
                WorkOrder.state.not_in((WorkState.CLOSED.value, WorkState.CANCELLED.value)),
            )
        )
        if known is not None:
            return known
        trouble = str(alert.detail.get("code", ""))
        kind = kind_of(alert.rule, trouble or str(alert.detail.get("supply", "")))
        task = task or "\n".join(RULES[alert.rule].words(alert.detail))
    duty = await on_duty(session, kiosk.region_code, at)
    assigned = next((person for person in duty.people if person.staff_id), None) if duty else None
    order = WorkOrder(
        order_id=uuid4().hex,
        kiosk_id=kiosk.kiosk_id,
        region_code=kiosk.region_code,
        alert_id=alert.alert_id if alert else None,
        kind=kind.value,
        trouble=trouble[:_CODE],
        task=task[:300],
        state=WorkState.NEW.value,
        assignee=assigned.staff_id if assigned else None,
        assignee_name=assigned.name if assigned else "",
        created_by=actor,
        created_at=at,
        changed_at=at,
        reopened=0,
        checks={},
    )
    session.add(order)
    await _note(session, order, actor, "created", "", at)
    if alert is not None:
        session.add(
            AlertNote(alert_id=alert.alert_id, at=at, what="work-order", actor=actor, detail={"order": order.order_id})
        )
    return order


async def missing(session: AsyncSession, order: WorkOrder) -> tuple[Missing, ...]:
    """What stands between this order and its closing: unticked checks, and the trouble itself."""
    found = [
        Missing(f"check:{name}", f"未确认：{zh}", f"Not ticked: {en}")
        for name, zh, en in CHECKS[WorkKind(order.kind)]
        if name not in order.checks
    ]
    alert = await session.get(Alert, order.alert_id) if order.alert_id else None
    state = await session.get(KioskState, order.kiosk_id)
    if state is not None and not state.online and (alert is None or alert.rule == "offline" or order.trouble):
        found.append(Missing("offline", "终端仍离线", "The terminal is still offline"))
    codes = {str(one.get("code"))[:_CODE] for one in state.troubles} if state is not None else set()
    if order.trouble and order.trouble in codes:
        zh, en = trouble_words(order.trouble)
        found.append(Missing("trouble", f"故障仍在：{zh}", f"Still there: {en}"))
    elif alert is not None and alert.state == AlertState.OPEN and alert.gone_at is None and not order.trouble:
        zh, en = RULES[alert.rule].words(alert.detail)
        found.append(Missing("alert", f"告警仍在：{zh}", f"Still there: {en}"))
    return tuple(found)


async def step(session: AsyncSession, staff: Staff, order: WorkOrder, deed: Deed, at: datetime, text: str = "") -> None:
    """Take an order on; the caller commits. Raises WorkError."""
    before, after = _STEPS[deed]
    if order.state == after.value and deed is not Deed.REOPEN:
        return  # pressed twice
    if WorkState(order.state) not in before:
        raise WorkError("state", f"not possible in the state {order.state}")
    if deed is Deed.CLOSE and (lacking := await missing(session, order)):
        raise WorkError("missing", "not to be closed yet", lacking)
    if deed in (Deed.ACCEPT, Deed.ARRIVE):
        order.assignee, order.assignee_name = staff.staff_id, staff.name
    if deed is Deed.REOPEN:
        order.reopened += 1
        order.checks = {}
    order.state, order.changed_at = after.value, at
    order.closed_at = at if after.final else None
    await _note(session, order, staff.staff_id, deed.value, text, at)
    if deed is Deed.CLOSE and order.alert_id:
        session.add(
            AlertNote(
                alert_id=order.alert_id, at=at, what="work-done", actor=staff.staff_id, detail={"order": order.order_id}
            )
        )
    await audit.record(
        session,
        staff.staff_id,
        f"work.{deed.value}",
        f"work-order:{order.order_id}",
        at,
        region_code=order.region_code,
        detail={"kiosk": order.kiosk_id},
    )


async def tick(session: AsyncSession, staff: Staff, order: WorkOrder, check: str, on: bool, at: datetime) -> None:
    """Tick a check, or take the tick away; the caller commits. Raises WorkError."""
    if check not in {name for name, _, _ in CHECKS[WorkKind(order.kind)]}:
        raise WorkError("no-such-check", "there is no such check")
    if order.state not in (WorkState.ON_SITE, WorkState.DONE):
        raise WorkError("state", "checks are ticked on site")
    checks = dict(order.checks)
    if on:
        checks[check] = staff.staff_id
    else:
        checks.pop(check, None)
    order.checks, order.changed_at = checks, at
    await _note(session, order, staff.staff_id, "checked" if on else "unchecked", check, at)


async def note(session: AsyncSession, staff: Staff, order: WorkOrder, text: str, at: datetime) -> None:
    """Write something down; the caller commits."""
    order.changed_at = at
    await _note(session, order, staff.staff_id, "note", text, at)


async def notes_of(session: AsyncSession, order_id: str) -> list[WorkNote]:
    return list(await session.scalars(select(WorkNote).where(WorkNote.order_id == order_id).order_by(WorkNote.id)))


async def _note(session: AsyncSession, order: WorkOrder, actor: str, what: str, text: str, at: datetime) -> None:
    session.add(WorkNote(order_id=order.order_id, at=at, actor=actor, what=what, text=text[:500]))
    if what in (*Deed, "created"):
        session.add(
            event(
                order.kiosk_id,
                order.region_code,
                EventKind.WORK_ORDER,
                at,
                order=order.order_id,
                what=what,
                state=order.state,
            )
        )
    await session.flush()


def may_work(staff: Staff, order: WorkOrder) -> bool:
    return staff.may(Permission.WORK, order.region_code)


async def write_command(session: AsyncSession, staff: Staff, order: WorkOrder, words: str, at: datetime) -> None:
    """A command was given from the order's page; the caller commits."""
    order.changed_at = at
    await _note(session, order, staff.staff_id, "command", words, at)
