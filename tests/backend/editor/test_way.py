"""A change from its first word to the pack: four eyes, conflicts, schedules, the way back."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from html import unescape

import pytest
from sqlalchemy import func, select, update

from backend.db.engine import writing
from backend.editor.bodies import loaded
from backend.editor.models import ContentDraft, ContentItem, ContentRelease, ContentSave
from backend.regions.models import Region
from backend.staff import approvals
from backend.staff.approvals import Approval
from backend.staff.audit import AuditEntry
from backend.staff.roles import Role
from content.load import load_pack
from tests.backend.desk import staff_with
from tests.backend.editor.office import BOTH, EDITOR, OTHER, PUBLISHER, Office, assert_done, refused
from tests.content.samples import Sample


async def test_the_store_begins_with_the_catalogue(office: Office) -> None:
    reply = await office.get()
    assert reply.status_code == 200
    proof = await office.item("proof")
    assert (proof.published, proof.draft_id, proof.department) == (1, None, "bureau")
    assert [version.by for version in await office.versions("proof")] == ["catalogue"]


async def test_an_item_is_found_by_what_people_type(office: Office) -> None:
    await office.get()
    proof = await office.item("proof")
    for query in ("社保", "shebao", "SB", proof.code, "示范局", "proof", "参保 社保"):
        assert "/items/proof" in (await office.get(q=query)).text, query
    assert "/items/proof" not in (await office.get(q="no%such_")).text
    assert "/items/proof" in (await office.get(department="bureau", row="1")).text
    assert "/items/proof" not in (await office.get(state="draft")).text
    await office.write("proof", summary__zh="改过的说明")
    assert "/items/proof" in (await office.get(state="draft")).text


async def test_a_text_goes_all_the_way_into_a_pack_that_waits_for_signatures(office: Office) -> None:
    await office.publish("proof", summary__zh="当场打印两份", summary__en="Two printed now")
    first, second = await office.versions("proof")
    assert (second.number, second.by, second.approved_by, second.reason) == (
        2, EDITOR.staff_id, PUBLISHER.staff_id, "why",
    )  # fmt: skip
    assert loaded(first.body)["summary"]["zh"] == "当场打印"
    assert loaded(second.body) == loaded(first.body) | {
        "version": 2,
        "summary": {"zh": "当场打印两份", "en": "Two printed now"},
    }
    release = await office.pack()
    assert (release.state, release.items) == ("built", [["proof", 2]])
    waiting = office.desk.app.state.tuf.state().waiting
    assert [one.version for one in waiting] == [release.version]
    pack = load_pack(office.desk.app.state.editor_dir / "pack")
    assert pack.services["proof"].summary.zh == "当场打印两份"
    assert len(pack.services) == len(Sample().services)
    page = (await office.get("/releases")).text
    assert release.version in page
    assert "待签名" in page


async def test_a_form_saved_as_it_was_changes_nothing(office: Office) -> None:
    await office.get()
    async with office.desk.sessions() as session:
        items = list(await session.scalars(select(ContentItem.item_id)))
    for item in items:
        reply = await office.write(item)
        assert reply.headers["location"].endswith("/edit?done=same"), item
    async with office.desk.sessions() as session:
        assert await session.scalar(select(func.count()).select_from(ContentDraft)) == 0


async def test_yaml_saved_as_it_was_changes_nothing(office: Office) -> None:
    await office.get()
    form = await office.form("proof", view="yaml")
    reply = await office.send("proof", form, view="yaml")
    assert reply.headers["location"].endswith("/yaml?done=same")


async def test_faults_stand_at_their_place_and_block_submitting(office: Office) -> None:
    await office.get()
    await office.write("proof", guide__notes__en="", guide__materials__zh="身份证等相关材料")
    draft = await office.draft("proof")
    assert draft.faults == 2
    page = (await office.get("/items/proof/edit")).text
    slot = page.split('data-fault-for="guide.materials"')[1].split("</span></span>")[0]
    assert "等相关材料" in slot
    refused(await office.post("/items/proof/submit", note="x"), 422, "还有 2 处问题")
    assert (await office.draft("proof")).state == "draft"


async def test_the_lint_answers_while_somebody_types_and_saves_nothing(office: Office) -> None:
    await office.get()
    form = await office.form("proof")
    reply = await office.send("proof", form, view="lint", guide__fees__zh="视情况收费")
    assert 'data-at="guide.fees"' in reply.text
    assert "视情况" in reply.text
    yaml = await office.form("proof", view="yaml")
    text = yaml["yaml"][0].replace("summary:", "summry:")
    number = next(line for line, one in enumerate(text.splitlines(), 1) if one.startswith("summry:"))
    reply = await office.send("proof", yaml, view="lint", yaml=text)
    assert f'data-line="{number}"' in reply.text
    assert (await office.item("proof")).draft_id is None


async def test_broken_yaml_is_shown_again_and_not_saved(office: Office) -> None:
    await office.get()
    form = await office.form("proof", view="yaml")
    reply = await office.send("proof", form, view="yaml", yaml="title: {zh: a, zh: b}\n<x>")
    assert reply.status_code == 422
    assert "title: {zh: a, zh: b}\n<x>" in unescape(reply.text)
    assert "写了两次" in reply.text
    assert (await office.item("proof")).draft_id is None


@pytest.mark.parametrize(
    "bad", ["- 1\n- 2", "guide: [1, 2]\nmaterials: {a: b}\nform: words", "situations: [x, y]", "a: b"]
)
async def test_a_body_that_fits_nothing_can_be_saved_and_opened_again(office: Office, bad: str) -> None:
    await office.get()
    form = await office.form("proof", view="yaml")
    assert (await office.send("proof", form, view="yaml", yaml=bad)).status_code == 303
    for view in ("", "/edit", "/yaml", "/diff", "/history"):
        assert (await office.get(f"/items/proof{view}", draft="1")).status_code == 200, view
    assert (await office.write("proof", title__zh="还是能改")).status_code == 303
    assert loaded((await office.draft("proof")).body)["title"]["zh"] == "还是能改"


async def test_nobody_approves_what_they_have_written(office: Office) -> None:
    await office.get()
    await office.write("proof", BOTH, summary__zh="甲写的")
    await office.write("proof", OTHER, summary__en="Written by the other")
    assert_done(await office.post("/items/proof/submit", OTHER, note="x"), "submitted")
    # Neither who wrote half of it …
    refused(await office.post("/items/proof/decide", BOTH, decision="agree"), 403, "须由他人审核")
    # … nor who may not publish.
    refused(await office.post("/items/proof/decide", EDITOR, decision="agree"), 403, "没有权限")
    assert (await office.draft("proof")).state == "submitted"
    assert_done(await office.post("/items/proof/decide", PUBLISHER, decision="agree"), "approved")
    assert (await office.draft("proof")).approved_by == PUBLISHER.staff_id


async def test_who_may_approve_kiosks_may_not_approve_content_and_the_other_way_round(office: Office) -> None:
    await office.get()
    await office.write("proof", summary__zh="改了")
    await office.post("/items/proof/submit", note="x")
    submission = (await office.draft("proof")).submission
    security = staff_with(Role.SECURITY_ADMIN)
    reply = await office.desk.post(f"/console/approvals/{submission}", security, data={"decision": "agree"})
    assert reply.status_code == 403
    reply = await office.desk.post(f"/console/approvals/{submission}", PUBLISHER, data={"decision": "agree"})
    assert reply.status_code == 403  # that page is for those who approve deeds on kiosks
    admin = staff_with(Role.SYSTEM_ADMIN)
    reply = await office.desk.post(f"/console/approvals/{submission}", admin, data={"decision": "agree"})
    assert reply.status_code == 303
    assert (await office.draft("proof")).state == "approved"


async def test_what_is_sent_back_says_why_and_can_go_on(office: Office) -> None:
    await office.get()
    await office.write("proof", summary__zh="改了")
    await office.post("/items/proof/submit", note="x")
    refused(await office.post("/items/proof/decide", PUBLISHER, decision="refuse"), 422, "写明原因")
    done = await office.post("/items/proof/decide", PUBLISHER, decision="refuse", reason="依据不对")
    assert_done(done, "refused")
    draft = await office.draft("proof")
    assert (draft.state, draft.answer) == ("draft", "依据不对")
    assert "依据不对" in (await office.get("/items/proof")).text
    assert (await office.write("proof", summary__zh="再改")).status_code == 303
    assert_done(await office.post("/items/proof/submit", note="x"), "submitted")


async def test_what_is_submitted_is_not_changed_any_more(office: Office) -> None:
    await office.get()
    await office.write("proof", summary__zh="改了")
    form = await office.form("proof")
    await office.post("/items/proof/submit", note="x")
    refused(await office.send("proof", form, summary__zh="偷偷再改"), 409, "请先撤回")
    assert_done(await office.post("/items/proof/retract"), "retracted")
    assert (await office.send("proof", form, summary__zh="可以再改")).status_code == 303
    async with office.desk.sessions() as session:
        states = list(await session.scalars(select(Approval.state)))
    assert states == ["refused"]  # nobody can agree to what was taken back


async def test_a_request_nobody_answers_goes_back_to_its_author(office: Office) -> None:
    await office.get()
    await office.write("proof", summary__zh="改了")
    await office.post("/items/proof/submit", note="x")
    for days, state in ((13, "submitted"), (15, "draft")):
        async with writing(office.desk.sessions) as session:
            await approvals.expire(session, datetime.now(UTC) + timedelta(days=days))
            await session.commit()
        assert (await office.draft("proof")).state == state


async def test_who_saves_second_loses_nothing_and_overwrites_nothing(office: Office) -> None:
    await office.get()
    hers, his = await office.form("proof"), await office.form("proof", OTHER)
    assert (await office.send("proof", hers, summary__zh="她写的")).status_code == 303
    reply = await office.send("proof", his, OTHER, title__zh="他写的标题")
    assert reply.status_code == 409
    assert "先保存了" in reply.text
    form = inputs_of_conflict(reply.text)
    assert "他写的标题" in form["yaml"][0]
    assert loaded((await office.draft("proof")).body)["summary"]["zh"] == "她写的"
    # He puts his on top; hers stays in the saves.
    assert (await office.send("proof", form, OTHER, view="yaml")).status_code == 303
    draft = await office.draft("proof")
    assert loaded(draft.body)["title"]["zh"] == "他写的标题"
    assert draft.authors == [EDITOR.staff_id, OTHER.staff_id]
    async with office.desk.sessions() as session:
        saves = list(await session.scalars(select(ContentSave).order_by(ContentSave.revision)))
    assert [(one.revision, one.by) for one in saves] == [(1, EDITOR.staff_id), (2, OTHER.staff_id)]
    assert "她写的" in saves[0].body


def inputs_of_conflict(page: str) -> dict[str, list[str]]:
    from tests.backend.editor.office import inputs

    return inputs(page.replace('<form class="card"', '<form id="form" class="card"'))


async def test_a_form_of_before_the_draft_was_published_is_a_conflict_too(office: Office) -> None:
    await office.get()
    await office.write("proof", summary__zh="一")
    stale = await office.form("proof")
    assert_done(await office.post("/items/proof/submit", note="x"), "submitted")
    await office.post("/items/proof/decide", PUBLISHER, decision="agree")
    await office.post("/items/proof/publish", PUBLISHER)
    reply = await office.send("proof", stale, summary__zh="二")
    assert reply.status_code == 409
    assert "二" in inputs_of_conflict(reply.text)["yaml"][0]
    assert (await office.item("proof")).draft_id is None


async def test_roll_back_is_a_new_version_with_an_old_body(office: Office) -> None:
    await office.publish("proof", summary__zh="改坏了")
    refused(await office.post("/items/proof/versions/1/restore"), 422, "原因")
    refused(await office.post("/items/proof/versions/2/restore", reason="x"), 422, "现行版本")
    assert (await office.post("/items/proof/versions/9/restore", reason="x")).status_code == 404
    assert_done(await office.post("/items/proof/versions/1/restore", reason="改错了"), "submitted")
    refused(await office.post("/items/proof/versions/1/restore", reason="x"), 409, "已有一次回退")
    draft = (await office.draft("proof")).draft_id
    page = (await office.get("/items/proof/diff", after="back")).text
    assert "改坏了" in page
    assert_done(await office.post("/items/proof/decide", PUBLISHER, decision="agree", draft_id=draft), "approved")
    assert_done(await office.post("/items/proof/publish", PUBLISHER, draft_id=draft), "published")
    first, second, third = await office.versions("proof")
    assert (third.number, third.restores, third.sha256) == (3, 1, first.sha256)
    assert loaded(third.body) == loaded(first.body) | {"version": 3}
    assert second.sha256 != first.sha256
    assert (await office.item("proof")).published == 3


async def test_a_change_that_was_overtaken_is_not_published_over_the_other(office: Office) -> None:
    await office.publish("proof", summary__zh="第二版")
    await office.write("proof", summary__zh="第三版的草稿")
    await office.post("/items/proof/versions/1/restore", reason="先退回")
    async with office.desk.sessions() as session:
        back = await session.scalar(select(ContentDraft.draft_id).where(ContentDraft.restores == 1))
    await office.post("/items/proof/decide", PUBLISHER, decision="agree", draft_id=back)
    await office.post("/items/proof/publish", PUBLISHER, draft_id=back)
    refused(await office.post("/items/proof/submit", note="x"), 409, "发布了新版本")
    assert (await office.post("/items/proof/rebase")).status_code == 303
    assert_done(await office.post("/items/proof/submit", note="x"), "submitted")
    await office.post("/items/proof/decide", PUBLISHER, decision="agree")
    assert_done(await office.post("/items/proof/publish", PUBLISHER), "published")
    assert [loaded(one.body)["summary"]["zh"] for one in await office.versions("proof")] == [
        "当场打印", "第二版", "当场打印", "第三版的草稿",
    ]  # fmt: skip


@pytest.mark.parametrize("by_itself", [False, True])
async def test_what_was_approved_before_it_was_overtaken_waits_for_people(office: Office, by_itself: bool) -> None:
    await office.publish("proof", summary__zh="第二版")
    await office.write("proof", summary__zh="第三版")
    await office.post("/items/proof/submit", note="x")
    await office.post("/items/proof/decide", PUBLISHER, decision="agree")
    await office.post("/items/proof/versions/1/restore", reason="先退回")
    async with office.desk.sessions() as session:
        back = await session.scalar(select(ContentDraft.draft_id).where(ContentDraft.restores == 1))
    await office.post("/items/proof/decide", PUBLISHER, decision="agree", draft_id=back)
    await office.post("/items/proof/publish", PUBLISHER, draft_id=back)
    if by_itself:
        async with writing(office.desk.sessions) as session:
            open_draft = (await session.get_one(ContentItem, "proof")).draft_id
            query = update(ContentDraft).where(ContentDraft.draft_id == open_draft)
            await session.execute(query.values(scheduled_at=datetime.now(UTC) - timedelta(seconds=1)))
            await session.commit()
        await office.pack()
        assert "发布了新版本" in (await office.get("/items/proof")).text
    else:
        refused(await office.post("/items/proof/publish", PUBLISHER), 409, "发布了新版本")
    assert (await office.item("proof")).published == 3
    assert (await office.item("proof")).draft_state == "approved"


async def test_only_what_is_approved_is_published(office: Office) -> None:
    await office.get()
    await office.write("proof", summary__zh="改了")
    refused(await office.post("/items/proof/publish", PUBLISHER), 409, "还没有通过审核")
    refused(await office.post("/items/proof/schedule", PUBLISHER, at="2030-01-01T08:00"), 409, "还没有通过审核")
    assert (await office.post("/items/proof/publish", EDITOR)).status_code == 403


async def test_a_change_is_published_when_its_time_has_come(office: Office) -> None:
    await office.get()
    await office.write("proof", summary__zh="明天生效")
    await office.post("/items/proof/submit", note="x")
    await office.post("/items/proof/decide", PUBLISHER, decision="agree")
    refused(await office.post("/items/proof/schedule", PUBLISHER, at="2020-01-01T08:00"), 422, "将来")
    refused(await office.post("/items/proof/schedule", PUBLISHER, at="soon"), 422, "日期")
    assert_done(await office.post("/items/proof/schedule", PUBLISHER, at="2099-01-01T08:00"), "scheduled")
    assert (await office.draft("proof")).scheduled_at == datetime(2099, 1, 1, tzinfo=UTC)  # 08:00 in China
    await office.desk.app.state.jobs.run_once("content-packs")
    assert (await office.item("proof")).published == 1
    async with writing(office.desk.sessions) as session:
        await session.execute(update(ContentDraft).values(scheduled_at=datetime.now(UTC) - timedelta(seconds=1)))
        await session.commit()
    release = await office.pack()
    assert (release.state, release.requested_by) == ("built", "system")
    assert (await office.item("proof")).published == 2


async def test_a_pack_that_cannot_be_built_says_why(office: Office) -> None:
    (office.catalogue / "departments.yaml").write_text("departments: []\n", encoding="utf-8")
    await office.get()
    async with writing(office.desk.sessions) as session:
        session.add(
            ContentRelease(
                release_id="r", state="waiting", items=[["proof", 1]], faults=[], requested_by="x",
                requested_at=datetime.now(UTC),
            )
        )  # fmt: skip
        await session.commit()
    release = await office.pack()
    assert release.state == "failed"
    assert any("departments.yaml" in en for _, en in release.faults)
    assert "departments.yaml" in (await office.get("/releases")).text
    assert office.desk.app.state.tuf.state().waiting == ()


async def test_giving_a_change_up_keeps_what_was_saved(office: Office) -> None:
    await office.get()
    await office.write("proof", summary__zh="不要了")
    assert_done(await office.post("/items/proof/retract"), "withdrawn")
    item = await office.item("proof")
    assert (item.draft_id, item.draft_state, item.published) == (None, "", 1)
    async with office.desk.sessions() as session:
        assert "不要了" in (await session.scalars(select(ContentSave.body))).one()
    assert "不要了" not in (await office.get("/items/proof/edit")).text


async def test_a_new_item_is_a_copy_without_codes(office: Office) -> None:
    assert (await office.post("/new", item_id="library-card", like="proof")).status_code == 303
    body = loaded((await office.draft("library-card")).body)
    assert (body["id"], "codes" in body) == ("library-card", False)
    assert "library-card" in (await office.get(state="unpublished")).text
    refused(await office.post("/new", item_id="library-card", like="proof"), 422, "已有事项使用")
    refused(await office.post("/new", item_id="Bad Id", like="proof"), 422, "小写字母")
    assert (await office.post("/new", item_id="another", like="no-such")).status_code in (404, 422)


async def test_codes_that_are_taken_are_refused(office: Office) -> None:
    await office.post("/new", item_id="library-card", like="proof")
    codes = loaded((await office.versions("proof"))[0].body)["codes"]
    form = await office.form("library-card")
    fields = {f"codes__{name}": value for name, value in codes.items()}
    await office.send("library-card", form, **fields)
    page = (await office.get("/items/library-card/edit")).text
    assert "已用于事项 proof" in page
    refused(await office.post("/items/library-card/submit", note="x"), 422, "已用于事项 proof")


async def test_items_of_other_regions_are_out_of_sight(office: Office) -> None:
    await office.get()
    async with writing(office.desk.sessions) as session:
        session.add(Region(code="519999000000", parent="519900000000", level=3, name_zh="青口县", name_en="Qingkou"))
        await session.execute(update(ContentItem).values(region_code="519999000000"))
        await session.commit()
    assert (await office.get("/items/proof")).status_code == 404
    assert (await office.get("/items/proof/edit")).status_code == 404
    assert "/items/proof" not in (await office.get()).text
    assert len((await office.get("/export", format="json")).json()["items"]) == 0
    local = staff_with(Role.EDITOR, "519999000000")
    assert (await office.write("proof", local, summary__zh="本县改的")).status_code == 303


async def test_everything_is_in_the_audit_log(office: Office) -> None:
    await office.publish("proof", summary__zh="改了")
    async with office.desk.sessions() as session:
        entries = list(await session.scalars(select(AuditEntry).order_by(AuditEntry.number)))
    deeds = [(entry.action, entry.actor) for entry in entries]
    assert deeds == [
        ("content.publish.request", EDITOR.staff_id),
        ("content.publish.approve", PUBLISHER.staff_id),
        ("content.published", PUBLISHER.staff_id),
    ]
    assert "改了" not in json.dumps([entry.detail for entry in entries], ensure_ascii=False)


async def test_many_are_submitted_decided_and_published_together(office: Office) -> None:
    await office.get()
    async with office.desk.sessions() as session:
        names = list(await session.scalars(select(ContentItem.item_id).order_by(ContentItem.item_id)))[:3]
    for name in names:
        await office.write(name, guide__notes__zh="一起改的注意事项")
    await office.write("proof" if "proof" not in names else names[0], guide__notes__en="")  # with a fault: left out
    faulty = "proof" if "proof" not in names else names[0]
    sound = [name for name in names if name != faulty]
    reply = await office.post("/batch", deed="submit", query="state=draft", note="一起")
    assert reply.headers["location"].endswith(f"done=submit&count={len(sound)}")
    assert (await office.draft(faulty)).state == "draft"
    await office.post(f"/items/{sound[0]}/decide", PUBLISHER, decision="agree")
    assert {(await office.draft(name)).state for name in sound} == {"approved"}
    assert (await office.post("/batch", deed="publish", query="state=approved")).status_code == 403
    reply = await office.post("/batch", PUBLISHER, deed="publish", query="state=approved")
    assert reply.headers["location"].endswith(f"done=publish&count={len(sound)}")
    release = await office.pack()
    assert (release.state, sorted(name for name, _ in release.items)) == ("built", sound)
