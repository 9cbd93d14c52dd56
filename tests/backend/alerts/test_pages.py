"""What staff see and do: lists, acknowledgement, work orders up to the closing checks, rosters, rules."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import select, update

from backend.alerts.engine import Engine
from backend.alerts.models import Alert
from backend.alerts.queries import counts, open_for_kiosk
from backend.alerts.work.models import WorkOrder
from backend.contract.fleet_api import IdentityState
from backend.db.engine import writing
from backend.fleet.models import Kiosk, KioskState
from backend.staff.audit import AuditEntry
from backend.staff.roles import Role
from tests.backend.desk import CITY, EVERYBODY, OTHER_CITY, Desk, staff_with

API = "/api/staff/v1"
KIOSK = f"K-{CITY}"
CODE = "document_printer.paper.jammed"
TECHNICIAN = staff_with(Role.TECHNICIAN)


async def jammed(desk: Desk, *, jam: bool = True) -> None:
    """The city's hall has a jam, and the engine has seen it (or seen it go)."""
    troubles = [{"code": CODE, "severity": "error", "action": "clear", "detail": "tray 2"}] if jam else []
    async with writing(desk.sessions) as session:
        await session.execute(
            update(Kiosk).where(Kiosk.kiosk_id == KIOSK).values(identity=IdentityState.ENROLLED.value)
        )
        state = await session.get_one(KioskState, KIOSK)
        state.health, state.online, state.in_service = ("fault" if jam else "ok"), True, True
        state.troubles, state.trouble = troubles, CODE if jam else ""
        await session.commit()
    now = datetime.now(UTC)
    for later in (0, 90, 300):
        engine = Engine(
            desk.sessions,
            desk.app.state.alerts_settings,
            "http://desk.invalid",
            clock=lambda later=later: now + timedelta(seconds=later),  # type: ignore[misc]
        )
        await engine.sweep()


async def the_alert(desk: Desk) -> Alert:
    async with desk.sessions() as session:
        return (await session.scalars(select(Alert).where(Alert.rule == "device-fault"))).one()


async def test_an_alert_is_seen_where_it_is_and_nowhere_else(desk: Desk) -> None:
    await desk.seed()
    await jammed(desk)
    alert = await the_alert(desk)
    own, other = staff_with(Role.OPERATOR, CITY), staff_with(Role.OPERATOR, OTHER_CITY)
    assert (await desk.get(f"{API}/alerts", own)).json()["total"] == 1
    assert (await desk.get(f"{API}/alerts", other)).json()["total"] == 0
    assert (await desk.get(f"{API}/alerts/{alert.alert_id}", other)).status_code == 404
    assert (await desk.get(f"/console/alerts/{alert.alert_id}", other)).status_code == 404
    body = {"alert_ids": [alert.alert_id]}
    assert (await desk.post(f"{API}/alerts/acknowledge", other, json=body)).json() == {"acknowledged": 0}
    assert (await desk.post(f"{API}/alerts/acknowledge", EVERYBODY[Role.VIEWER], json=body)).status_code == 403
    assert (await desk.post(f"{API}/alerts/acknowledge", own, json=body)).json() == {"acknowledged": 1}
    assert (await desk.post(f"{API}/alerts/acknowledge", own, json=body)).json() == {"acknowledged": 0}
    async with desk.sessions() as session:
        assert (await counts(session, own)).errors == 1
        assert (await counts(session, own)).unacknowledged == 0
        assert (await counts(session, other)).errors == 0
        assert [one.alert_id for one in await open_for_kiosk(session, KIOSK)] == [alert.alert_id]
        actions = list(await session.scalars(select(AuditEntry.action)))
    assert actions.count("alert.acknowledge") == 1


async def test_what_is_ticked_stays_ticked_when_the_rows_come_again(desk: Desk) -> None:
    await desk.seed()
    await jammed(desk)
    alert = await the_alert(desk)
    rows = (await desk.get(f"/console/alerts/rows?state=open&alert_id={alert.alert_id}")).text
    assert f'value="{alert.alert_id}"' in rows
    assert " checked>" in rows
    assert " checked>" not in (await desk.get("/console/alerts/rows?state=open")).text


async def test_every_page_in_both_languages(desk: Desk) -> None:
    await desk.seed()
    await jammed(desk)
    alert = await the_alert(desk)
    order = (await desk.post(f"/console/alerts/{alert.alert_id}/work-order")).headers["location"]
    pages = [
        "/console/alerts",
        "/console/alerts?state=all&search=K-99&page=2",
        f"/console/alerts/{alert.alert_id}",
        f"/console/alerts/rules?region={CITY}",
        "/console/duty",
        "/console/work",
        f"/console/work/new?kiosk={KIOSK}",
        order,
        f"/console/kiosks/{KIOSK}/panels/alerts",
        f"/console/kiosks/{KIOSK}/panels/work",
    ]
    for language in ("zh", "en"):
        for path in pages:
            reply = await desk.get(path, headers={"cookie": f"menkou_language={language}"})
            assert reply.status_code == 200, path
            assert " style=" not in reply.text
            assert "onclick" not in reply.text


async def test_a_work_order_is_closed_only_when_the_trouble_is_gone(desk: Desk) -> None:
    await desk.seed()
    await jammed(desk)
    alert = await the_alert(desk)
    made = (
        await desk.post(f"{API}/work-orders", TECHNICIAN, json={"kiosk_id": KIOSK, "alert_id": alert.alert_id})
    ).json()
    again = (
        await desk.post(f"{API}/work-orders", TECHNICIAN, json={"kiosk_id": KIOSK, "alert_id": alert.alert_id})
    ).json()
    assert again["order_id"] == made["order_id"]
    assert (made["kind"], made["trouble"]) == ("paper", CODE)
    path = f"{API}/work-orders/{made['order_id']}"

    async def do(deed: str) -> Any:
        return await desk.post(f"{path}/deeds", TECHNICIAN, json={"deed": deed})

    assert (await do("close")).status_code == 409  # not even accepted
    for deed in ("accept", "arrive", "done"):
        assert (await do(deed)).status_code == 200
    refused = await do("close")
    assert refused.status_code == 409
    assert refused.json()["missing"] == ["check:test-print", "check:counter", "check:locked", "trouble"]
    for check in ("test-print", "counter", "locked"):
        reply = await desk.post(f"{path}/checks", TECHNICIAN, json={"check": check})
        assert reply.status_code == 200
    assert (await do("close")).json()["missing"] == ["trouble"]
    page = await desk.post(f"/console/work/{made['order_id']}/deed", TECHNICIAN, data={"name": "close"})
    assert page.status_code == 409
    assert "故障仍在" in page.text
    await jammed(desk, jam=False)
    assert (await do("close")).status_code == 200
    assert (await do("close")).status_code == 200  # pressed twice
    assert (await the_alert(desk)).state == "cleared"
    reopened = (await do("reopen")).json()
    assert (reopened["state"], reopened["reopened"], reopened["checks"]) == ("accepted", 1, [])


async def test_a_foreign_technician_cannot_touch_it(desk: Desk) -> None:
    await desk.seed()
    await jammed(desk)
    made = (await desk.post(f"{API}/work-orders", TECHNICIAN, json={"kiosk_id": KIOSK, "task": "clean"})).json()
    stranger = staff_with(Role.TECHNICIAN, OTHER_CITY)
    path = f"{API}/work-orders/{made['order_id']}"
    assert (await desk.get(path, stranger)).status_code == 404
    assert (await desk.post(f"{path}/deeds", stranger, json={"deed": "accept"})).status_code == 404
    assert (await desk.post(f"{path}/deeds", EVERYBODY[Role.VIEWER], json={"deed": "accept"})).status_code == 403


async def test_the_technician_s_telephone(desk: Desk) -> None:
    """The whole way by the page's forms, with a test print on site."""
    await desk.seed()
    await jammed(desk)
    alert = await the_alert(desk)
    where = (await desk.post(f"/console/alerts/{alert.alert_id}/work-order", TECHNICIAN)).headers["location"]
    for name in ("accept", "arrive"):
        assert (await desk.post(f"{where}/deed", TECHNICIAN, data={"name": name})).status_code == 303
    assert (await desk.post(f"{where}/command", TECHNICIAN, data={"name": "document"})).status_code == 303
    assert (await desk.post(f"{where}/note", TECHNICIAN, data={"text": "4711"})).status_code == 303
    assert (await desk.post(f"{where}/check", TECHNICIAN, data={"name": "locked", "on": "true"})).status_code == 303
    assert (await desk.post(f"{where}/check", TECHNICIAN, data={"name": "nonsense", "on": "true"})).status_code == 409
    page = (await desk.get(where, TECHNICIAN)).text
    assert "4711" in page
    assert "打印文档测试" in page
    async with desk.sessions() as session:
        (order,) = await session.scalars(select(WorkOrder))
    assert (order.state, order.assignee, list(order.checks)) == ("on-site", TECHNICIAN.staff_id, ["locked"])


async def test_a_roster_by_the_page(desk: Desk) -> None:
    await desk.seed()
    operator = staff_with(Role.OPERATOR, CITY)
    person = {
        "region_code": CITY,
        "name": "张",
        "email": "zhang@example.org",
        "phone": "",
        "webhook": "",
        "staff_id": "",
    }
    person["language"] = "zh"
    foreign = {**person, "region_code": OTHER_CITY}
    assert (await desk.post("/console/duty/people", operator, data=foreign)).status_code == 404
    bad = await desk.post("/console/duty/people", operator, data={**person, "webhook": "http://127.0.0.1/"})
    assert bad.headers["location"].endswith("problem=webhook")
    assert (await desk.post("/console/duty/people", operator, data=person)).status_code == 303
    roster = (await desk.get(f"{API}/duty", operator)).json()
    shift = {
        "person_id": roster["people"][0]["person_id"],
        "weekday": list("0123456"),
        "start": "00:00",
        "end": "00:00",
    }
    assert (await desk.post("/console/duty/shifts", operator, data=shift)).headers["location"] == "/console/duty"
    assert "值班中" in (await desk.get("/console/duty", operator)).text
    now = (await desk.get(f"{API}/duty/now?region={CITY}", EVERYBODY[Role.VIEWER])).json()
    assert now == {"region_code": CITY, "people": ["张"]}


async def test_a_rule_s_settings_with_their_provenance(desk: Desk) -> None:
    await desk.seed()
    reply = await desk.post("/console/alerts/rules/temperature", data={"region": CITY, "threshold": "55"})
    assert reply.status_code == 303
    rules = (await desk.get(f"{API}/alert-rules?region={CITY}")).json()
    assert rules["temperature"]["threshold"] == 55
    assert rules["temperature"]["said_by"] == {"threshold": CITY}
    bad = await desk.post("/console/alerts/rules/temperature", data={"region": CITY, "threshold": "-3"})
    assert "problem=1" in bad.headers["location"]
    foreign = staff_with(Role.OPERATOR, OTHER_CITY)
    reply = await desk.post("/console/alerts/rules/temperature", foreign, data={"region": CITY, "threshold": "9"})
    assert reply.status_code == 404
