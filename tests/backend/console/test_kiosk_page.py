"""The page of one kiosk: words instead of codes, commands, and never a resident's data."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from backend.db.engine import writing
from backend.fleet import words
from backend.fleet.commands.models import Command
from backend.fleet.events import EventKind, Severity, event
from backend.fleet.models import Kiosk, KioskState
from backend.payments.models import PaymentRow
from backend.staff.approvals import Approval
from backend.staff.roles import Role
from tests.backend.desk import ADMIN, OPERATOR, Desk, staff_with
from tests.browser.province import bring_to_life

KIOSK = "K-990101000000"
MASKED = ("张*", "****2718", "20261122223344556677")


async def alive(desk: Desk) -> None:
    await desk.seed(0.004)
    async with writing(desk.sessions) as session:
        await bring_to_life(session)
        kiosk = await session.get_one(Kiosk, KIOSK)
        kiosk.identity, kiosk.epoch = "enrolled", 1
        await session.commit()


async def test_payments_are_sums_without_persons(desk: Desk) -> None:
    await alive(desk)
    now = datetime.now(UTC)
    async with writing(desk.sessions) as session:
        for number, (state, age) in enumerate((("delivered", 1), ("delivered", 2), ("refunded", 3), ("delivered", 40))):
            row = PaymentRow(intent_id=f"i{number}", kiosk_id=KIOSK, service_id="water-bill", bill_id="b", state=state)
            row.department, row.bill_no, row.channel, row.amount_fen = "water", MASKED[2], "alipay", 1234
            row.out_trade_no, row.receipt_no, row.trade_no = f"o{number}", f"r{number}", MASKED[2]
            row.title_zh = row.title_en = row.period_zh = row.period_en = "x"
            row.account_masked, row.customer_masked = MASKED[1], MASKED[0]
            row.created_at = row.expires_at = now - timedelta(days=age)
            session.add(row)
        await session.commit()
    for path in (f"/console/kiosks/{KIOSK}", "/console/sites/S-990101000000", f"/api/staff/v1/kiosks/{KIOSK}"):
        text = (await desk.get(path)).text
        assert not [secret for secret in MASKED if secret in text], path
    page = (await desk.get(f"/console/kiosks/{KIOSK}")).text
    assert "¥24.68" in page  # two of 12.34; the one of forty days ago is out
    assert "¥12.34" in page


async def test_a_command_is_given_and_a_wrong_one_explained(desk: Desk) -> None:
    await alive(desk)
    path = f"/console/kiosks/{KIOSK}/commands"
    # All fields are sent where there is no JavaScript: only those of the kind count.
    form = {"kind": "volume", "percent": "35", "what": "machine", "hours": "24", "urgent": "1"}
    assert (await desk.post(path, OPERATOR, data=form)).status_code == 303
    async with desk.sessions() as session:
        (command,) = await session.scalars(select(Command))
        assert (command.kind, command.arguments, command.urgent) == ("volume", {"percent": 35}, True)
        assert command.created_by == OPERATOR.staff_id
    percents = [{"kind": "volume", "percent": percent} for percent in ("350", "٣", "")]
    for wrong in (*percents, {"kind": "wipe"}, {"kind": "x"}, {}):
        reply = await desk.post(path, OPERATOR, data=wrong)
        assert (reply.status_code, 'role="alert"' in reply.text) == (422, True), wrong
    assert (await desk.post(path, staff_with(Role.VIEWER), data=form)).status_code == 403
    elsewhere = staff_with(Role.OPERATOR, "9902" + "0" * 8)
    assert (await desk.post(path, elsewhere, data=form)).status_code == 404
    viewer = (await desk.get(f"/console/kiosks/{KIOSK}", staff_with(Role.VIEWER))).text
    assert f'action="{path}"' not in viewer


async def test_history_is_paged_filtered_and_in_words(desk: Desk) -> None:
    await alive(desk)
    async with writing(desk.sessions) as session:
        for number in range(45):
            at = datetime.now(UTC) - timedelta(minutes=number)
            kind = EventKind.RESTARTED if number % 3 == 0 else EventKind.ONLINE
            session.add(event(KIOSK, "990101000000", kind, at, Severity.INFO, note=f"<n{number}>"))
        await session.commit()
    seen, before = [], None
    while True:
        query = "kind=restarted" + (f"&before={before}" if before else "")
        reply = (await desk.get(f"/api/staff/v1/kiosks/{KIOSK}/events?{query}")).json()
        seen += reply["events"]
        before = reply["before"]
        if before is None:
            break
    assert len({entry["id"] for entry in seen}) == len(seen) == 15
    fragment = await desk.get(f"/console/kiosks/{KIOSK}/events", ADMIN, headers={"hx-request": "true"})
    assert "已重启" in fragment.text
    assert "<n" not in fragment.text
    assert fragment.text.count("<li") == 20
    assert "before_id=" in fragment.text


async def test_every_panel_of_the_page_is_there_to_be_fetched(desk: Desk) -> None:
    await alive(desk)
    page = (await desk.get(f"/console/kiosks/{KIOSK}")).text
    paths = re.findall(r'hx-get="(/console/kiosks/[^"]+/panels/[a-z]+)"', page)
    assert [path.rpartition("/")[2] for path in paths] == ["alerts", "work", "identity", "rollouts", "settings"]
    for path in paths:
        reply = await desk.get(path)
        assert reply.status_code == 200, path
        assert "<html" not in reply.text, path


async def test_a_wipe_is_asked_for_with_a_reason_and_waits_for_a_second_person(desk: Desk) -> None:
    await alive(desk)
    path = f"/console/kiosks/{KIOSK}/wipe"
    administrator = staff_with(Role.SYSTEM_ADMIN)
    assert f'action="{path}"' in (await desk.get(f"/console/kiosks/{KIOSK}", administrator)).text
    assert f'action="{path}"' not in (await desk.get(f"/console/kiosks/{KIOSK}", OPERATOR)).text
    assert (await desk.post(path, administrator, data={"reason": " "})).status_code == 422
    assert (await desk.post(path, OPERATOR, data={"reason": "sold"})).status_code == 403
    assert (await desk.post(path, administrator, data={"reason": "sold"})).status_code == 303
    async with desk.sessions() as session:
        (approval,) = await session.scalars(select(Approval))
        assert (approval.action, approval.state, approval.reason) == ("kiosk.wipe", "open", "sold")
        assert list(await session.scalars(select(Command))) == []


@pytest.mark.parametrize(
    ("code", "zh", "en"),
    [
        ("document_printer.paper.jammed", "文档打印机卡纸", "Document printer: paper jam"),
        ("receipt_printer.cutter.jammed", "凭条打印机切刀卡住", "Receipt printer: cutter jammed"),
        ("camera.noDevice", "摄像头未连接", "Camera: not connected"),
        ("interface.stuck", "画面停滞", "Screen: stuck"),
        ("storage.low", "存储不足", "Storage: low"),
        ("newer.thing.odd", "newerthingodd", "newer: thing odd"),
        ("", "", ""),
    ],
)
def test_troubles_have_words(code: str, zh: str, en: str) -> None:
    assert words.trouble(code) == (zh, en)


@pytest.mark.parametrize(
    ("kind", "detail", "zh", "en"),
    [
        (
            "device-changed",
            {"device": "document_printer", "before": {}, "after": {"state": "online", "supplies": {"paper": "jammed"}}},
            "文档打印机卡纸",
            "Document printer: paper jam",
        ),
        ("device-changed", {"device": "camera", "after": {"state": "online"}}, "摄像头恢复正常", "Camera: works again"),
        ("version-changed", {"of": "software", "before": "1", "after": "2"}, "软件 1 → 2", "Software 1 → 2"),
        ("command", {"kind": "restart", "state": "done", "command": "x"}, "重启；已完成", "Restart; Done"),
        ("service-changed", {"in_service": False, "reason": ""}, "暂停服务", "out of service"),
        ("something-new", {"a": {"b": 1}}, "a：b 1", "a: b 1"),
    ],
)
def test_events_have_words(kind: str, detail: dict[str, object], zh: str, en: str) -> None:
    assert words.event_detail(kind, detail) == (zh, en)


async def test_a_kiosk_is_not_closed_without_a_word_and_says_why_in_both(desk: Desk) -> None:
    await alive(desk)
    path = f"/console/kiosks/{KIOSK}/commands"
    form = {"kind": "out-of-service", "reason_zh": "", "reason_en": "Repair"}
    refused = await desk.post(path, OPERATOR, data=form, headers={"accept-language": "zh"})
    assert (refused.status_code, "请填写给群众看的原因" in refused.text) == (422, True)
    assert (await desk.post(path, OPERATOR, data=form | {"reason_zh": "检修中"})).status_code == 303
    async with writing(desk.sessions) as session:
        (command,) = await session.scalars(select(Command))
        command.state = "done"
        state = await session.get_one(KioskState, KIOSK)
        state.health, state.in_service, state.report = "out-of-service", False, {"out_of_service": "Repair"}
        await session.commit()
    for language, shown in (("zh", "检修中"), ("en", "Repair")):
        page = (await desk.get(f"/console/kiosks/{KIOSK}", headers={"accept-language": language})).text
        card = page.split('id="troubles-title"')[1].split("</section>")[0]
        assert shown in card
        assert (shown == "Repair") == ("Repair" in card)
