"""Finding kiosks among many, exporting them, and commanding what was found."""

from __future__ import annotations

import csv
import io
import re

from sqlalchemy import func, select, update
from sqlalchemy import text as sql

from backend.db.engine import writing
from backend.fleet.commands.models import Command
from backend.fleet.listing import PAGE, KioskFilter
from backend.fleet.models import Kiosk, KioskState, Site
from backend.fleet.search import refresh
from backend.staff.audit import AuditEntry
from backend.staff.roles import Grant, Role, Staff
from tests.backend.desk import ADMIN, CITY, OPERATOR, OTHER_CITY, Desk, staff_with
from tests.browser.province import bring_to_life

JAM = "document_printer.paper.jammed"


async def alive(desk: Desk, share: float = 0.02) -> None:
    await desk.seed(share)
    async with writing(desk.sessions) as session:
        await bring_to_life(session)
        await session.commit()


async def found(desk: Desk, query: str, staff: Staff = ADMIN) -> tuple[int, list[str]]:
    reply = (await desk.get(f"/api/staff/v1/kiosks?{query}", staff)).json()
    return reply["total"], [row["kiosk_id"] for row in reply["kiosks"]]


async def jam(desk: Desk, kiosk_id: str, *, compact: bool) -> None:
    """Two troubles, the jam not the worst; stored with and without spaces, as different writers do."""
    codes = ["card_terminal.offline", JAM]
    async with writing(desk.sessions) as session:
        state = await session.get_one(KioskState, kiosk_id)
        state.health, state.trouble = "fault", codes[0]
        state.troubles = [{"code": code, "severity": "error", "action": "", "detail": ""} for code in codes]
        await session.commit()
        if compact:
            text = "[" + ",".join(f'{{"code":"{code}","severity":"error"}}' for code in codes) + "]"
            await session.execute(
                sql("UPDATE kiosk_state SET troubles = :text WHERE kiosk_id = :id")
                if session.get_bind().dialect.name == "sqlite"
                else sql("UPDATE kiosk_state SET troubles = CAST(:text AS json) WHERE kiosk_id = :id"),
                {"text": text, "id": kiosk_id},
            )
            await session.commit()


async def test_the_one_with_the_jam_is_found(desk: Desk) -> None:
    await desk.seed(0.02)
    await jam(desk, "K-990101000000", compact=False)
    await jam(desk, "K-990100000000", compact=True)
    both = ["K-990100000000", "K-990101000000"]
    for query in (
        f"trouble={JAM}",
        "trouble=document_printer",
        "trouble=document_printer.paper",
        "q=卡纸",
        "q=paper+jam",
    ):
        assert await found(desk, query + "&sort=kiosk") == (2, both), query
    assert (await found(desk, "trouble=document_printer.paper.jam"))[0] == 0
    assert (await found(desk, "q=卡纸+K-990101"))[1] == both[1:]
    page = await desk.get("/console/kiosks?q=卡纸")
    assert "文档打印机" not in page.text.split('id="list"')[1]  # the worst is the terminal, and one more
    assert "银行卡终端无应答" in page.text
    assert "+1" in page.text


async def test_search_is_by_id_serial_site_and_region_in_both_languages(desk: Desk) -> None:
    await desk.seed(0.02)
    async with desk.sessions() as session:
        site = await session.get_one(Site, "S-990101000000")
        names = (site.name_zh, site.name_en)
    for text in ("k-990101000000", "SN990101000000", *names):
        assert "K-990101000000" in (await found(desk, f"q={text}"))[1], text
    for text in ("%", "_", "\\", "'; --", "zzz"):
        assert (await desk.get("/api/staff/v1/kiosks", params={"q": text})).json()["total"] == 0, text
    async with writing(desk.sessions) as session:
        (await session.get_one(Site, "S-990101000000")).name_zh = "新名字中心"
        await session.flush()
        await refresh(session, "S-990101000000")
        await session.commit()
    assert (await found(desk, "q=新名字"))[1] == ["K-990101000000"]


async def test_pages_cover_everything_once_in_every_order(desk: Desk) -> None:
    await alive(desk)
    async with desk.sessions() as session:
        everything = set(await session.scalars(select(KioskState.kiosk_id)))
    for sort in ("worst", "kiosk", "region", "since", "seen", "trouble", "software", "certificate"):
        for order in ("", "desc"):
            seen: list[str] = []
            for number in range(1, -(-len(everything) // PAGE) + 1):
                seen += (await found(desk, f"sort={sort}&order={order}&page={number}"))[1]
            assert len(seen) == len(everything), sort
            assert set(seen) == everything, sort
    last = (await desk.get("/api/staff/v1/kiosks?page=99999")).json()
    assert last["page"] == last["pages"]


async def test_counts_agree_everywhere(desk: Desk) -> None:
    await alive(desk)
    region = (await desk.get(f"/api/staff/v1/regions/{CITY}")).json()
    for health, number in region["by_health"].items():
        assert (await found(desk, f"region={CITY}&health={health}"))[0] == number
    assert (await found(desk, f"region={CITY}&health=bad"))[0] == region["bad"]
    assert sum(child["kiosks"] for child in region["below"]) == region["kiosks"] - 1  # the city's own seat
    assert (await found(desk, ""))[0] == region["kiosks"] + (await found(desk, f"region={OTHER_CITY}"))[0]


async def test_two_regions_of_one_person_are_both_seen(desk: Desk) -> None:
    await desk.seed(0.05)
    county = "990101" + "0" * 6
    both = Staff("both", "both", (Grant(Role.VIEWER, county), Grant(Role.VIEWER, OTHER_CITY)))
    total, _ = await found(desk, "", both)
    assert total == (await found(desk, f"region={county}"))[0] + (await found(desk, f"region={OTHER_CITY}"))[0]


async def test_an_export_has_every_row_and_no_formula(desk: Desk) -> None:
    await desk.seed(0.02)
    async with writing(desk.sessions) as session:
        await session.execute(update(Site).where(Site.site_id == "S-990101000000").values(name_zh="=HYPERLINK(1)"))
        await session.commit()
    reply = await desk.get("/console/kiosks.csv?sort=seen")
    assert reply.content.startswith(b"\xef\xbb\xbf")
    lines = list(csv.reader(io.StringIO(reply.content.decode("utf-8-sig"))))
    assert len(lines) - 1 == (await found(desk, ""))[0]
    assert len({line[0] for line in lines}) == len(lines)
    assert [line[1] for line in lines if line[0] == "K-990101000000"] == ["'=HYPERLINK(1)"]


async def test_a_command_to_many_asks_first_and_reaches_those_only(desk: Desk) -> None:
    await alive(desk)
    query = f"region={CITY}&health=ok"
    number = (await found(desk, query))[0]
    asked = await desk.post("/console/kiosks/bulk", OPERATOR, data={"kind": "restart", "query": query})
    assert re.search(rf'name="agreed" value="{number}"', asked.text)
    wrong = {"kind": "restart", "query": query, "agreed": str(number - 1)}
    assert (await desk.post("/console/kiosks/bulk", OPERATOR, data=wrong)).status_code == 200
    async with desk.sessions() as session:
        assert await session.scalar(select(func.count()).select_from(Command)) == 0
    agreed = wrong | {"agreed": str(number)}
    assert (await desk.post("/console/kiosks/bulk", OPERATOR, data=agreed)).status_code == 303
    async with desk.sessions() as session:
        rows = (
            await session.execute(
                select(Command.kind, KioskState.health, Kiosk.region_code)
                .join(Kiosk, Kiosk.kiosk_id == Command.kiosk_id)
                .join(KioskState, KioskState.kiosk_id == Command.kiosk_id)
            )
        ).all()
        assert len(rows) == number
        assert {(row[0], row[1], row[2][:4]) for row in rows} == {("restart", "ok", CITY[:4])}
        entry = (await session.scalars(select(AuditEntry).where(AuditEntry.action == "command.restart"))).one()
        assert entry.detail["kiosks"] == number


async def test_a_command_to_many_stays_where_the_person_may_operate(desk: Desk) -> None:
    await alive(desk, 0.05)
    mixed = Staff("mixed", "mixed", (Grant(Role.VIEWER, "99" + "0" * 10), Grant(Role.OPERATOR, OTHER_CITY)))
    asked = await desk.post("/console/kiosks/bulk", mixed, data={"kind": "resync", "query": "health=ok"})
    agreed = re.search(r'name="agreed" value="(\d+)"', asked.text)
    assert agreed is not None
    assert int(agreed[1]) == (await found(desk, f"health=ok&region={OTHER_CITY}"))[0]
    data = {"kind": "resync", "query": "health=ok", "agreed": agreed[1]}
    await desk.post("/console/kiosks/bulk", mixed, data=data)
    async with desk.sessions() as session:
        regions = set(await session.scalars(select(Command.region_code)))
    assert regions
    assert {code[:4] for code in regions} == {OTHER_CITY[:4]}
    assert (await desk.post("/console/kiosks/bulk", mixed, data={"kind": "wipe"})).status_code == 422
    assert (await desk.post("/console/kiosks/bulk", staff_with(Role.VIEWER), data=data)).status_code == 403


async def test_without_javascript_ticked_columns_are_kept(desk: Desk) -> None:
    await desk.seed(0.004)
    page = await desk.get("/console/kiosks?column=model&column=serial&column=nonsense")
    heads = page.text.split("<thead>")[1].split("</thead>")[0]
    assert "型号" in heads
    assert "序列号" in heads
    assert "站点" not in heads
    fragment = await desk.get("/console/kiosks", headers={"hx-request": "true", "hx-target": "list"})
    assert fragment.text.lstrip().startswith("<section")


def test_an_address_without_sense_is_an_empty_filter() -> None:
    bad = {"page": "²", "region": "99'", "sort": "drop", "expiring": "x", "q": "a\0b", "unknown": "1"}
    made = KioskFilter.of(bad)
    assert made == KioskFilter(q="ab")
    assert KioskFilter.of({"page": "0"}).page == 1
    assert KioskFilter(q="卡纸", page=3).query(sort="kiosk") == "q=%E5%8D%A1%E7%BA%B8&sort=kiosk"


async def test_the_filters_offer_what_the_person_may_see(desk: Desk) -> None:
    await desk.seed(0.02)
    async with writing(desk.sessions) as session:
        await session.execute(
            update(KioskState)
            .where(KioskState.region_code.between(OTHER_CITY, "990299999999"))
            .values(software="9.9-there", content="c-there", trouble="camera.offline")
        )
        await session.execute(
            update(Kiosk).where(Kiosk.region_code.between(OTHER_CITY, "990299999999")).values(model="M-there")
        )
        await session.commit()
    there = ("9.9-there", "c-there", "camera.offline", "M-there")
    for staff, offered in ((ADMIN, True), (staff_with(Role.OPERATOR, CITY), False), (ADMIN, True)):
        page = (await desk.get("/console/kiosks", staff)).text
        choices = page.split('id="list"')[0]
        assert [f'<option value="{value}"' in choices or f"<option>{value}<" in choices for value in there] == [
            offered
        ] * 4


async def test_found_by_the_device_in_trouble(desk: Desk) -> None:
    await desk.seed(0.02)
    await jam(desk, "K-990101000000", compact=True)
    for query in ("q=printer", "q=文档打印机", "q=刷卡机", "q=printer+卡纸"):
        assert await found(desk, query) == (1, ["K-990101000000"]), query
    assert (await found(desk, "q=scanner"))[0] == 0


async def test_many_are_not_closed_without_a_word(desk: Desk) -> None:
    await alive(desk)
    async with writing(desk.sessions) as session:
        await session.execute(update(Kiosk).values(identity="enrolled", epoch=1))
        await session.commit()
    asked = {"query": "", "kind": "out-of-service"}
    first = (await desk.post("/console/kiosks/bulk", OPERATOR, data=asked)).text
    [agreed] = re.findall('name="agreed" value="([0-9]+)"', first)
    refused = await desk.post("/console/kiosks/bulk", OPERATOR, data=asked | {"agreed": agreed, "reason_zh": " "})
    assert (refused.status_code, "请填写给群众看的原因" in refused.text) == (200, True)
    given = await desk.post("/console/kiosks/bulk", OPERATOR, data=asked | {"agreed": agreed, "reason_zh": "检修"})
    assert given.status_code == 303
