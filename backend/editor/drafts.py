"""A draft's way: saved, submitted, seen by a second person, published. Everything that was ever saved or published is
kept. All of it wants a writing session; the caller commits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import uuid4

from sqlalchemy import Select, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from backend.editor.bodies import Body, digest, loaded, stored
from backend.editor.check import Checked
from backend.editor.items import describe, describe_roughly, regions_known, visible
from backend.editor.models import ContentDraft, ContentItem, ContentSave, ContentVersion, DraftState
from backend.staff.audit import record
from backend.staff.errors import StaffError
from backend.staff.roles import Permission, Staff
from content.schema.service import Service


class Conflict(Exception):
    """Somebody else has changed the item since it was read. `draft`: what there is now; None: it is gone, because it
    was published or withdrawn."""

    def __init__(self, draft: ContentDraft | None) -> None:
        super().__init__("changed meanwhile")
        self.draft = draft


@dataclass(frozen=True)
class Seen:
    """What an editor had before their eyes: the draft's revision (0: there was none) and the published version."""

    revision: int
    base: int | None


def not_found() -> StaffError:
    return StaffError("not-found", "没有这个事项。", "There is no such item.", 404)


async def item_of(
    session: AsyncSession, staff: Staff, permission: Permission, item_id: str, *, held: bool = False
) -> ContentItem:
    """The item; 404 if there is none, or none for this person, 403 where they may only look. `held`: nobody else
    changes it until this transaction ends."""
    query = select(ContentItem).where(ContentItem.item_id == item_id[:80], visible(staff, Permission.VIEW))
    found: ContentItem | None = await session.scalar(query.with_for_update() if held else query)
    if found is None:
        raise not_found()
    if permission is not Permission.VIEW and not await session.scalar(
        select(ContentItem.item_id).where(ContentItem.item_id == found.item_id, visible(staff, permission))
    ):
        raise StaffError("not-allowed", "您没有这个权限。", f"Needs the permission {permission.value} there.", 403)
    return found


async def draft_of(session: AsyncSession, item: ContentItem) -> ContentDraft | None:
    return await session.get(ContentDraft, item.draft_id) if item.draft_id else None


async def version_of(session: AsyncSession, item: ContentItem, number: int | None = None) -> ContentVersion | None:
    """A version by its number, or the one in force."""
    number = item.published if number is None else number
    return await session.get(ContentVersion, (item.item_id, number)) if number is not None else None


async def body_to_edit(session: AsyncSession, item: ContentItem) -> tuple[Body, Seen]:
    """The draft's body, else the published one, else what was withdrawn last."""
    if (draft := await draft_of(session, item)) is not None:
        return loaded(draft.body), Seen(draft.revision, draft.base)
    if (version := await version_of(session, item)) is not None:
        return loaded(version.body), Seen(0, item.published)
    last = await session.scalar(
        select(ContentDraft.body)
        .where(ContentDraft.item_id == item.item_id)
        .order_by(ContentDraft.changed_at.desc())
        .limit(1)
    )
    return (loaded(last) if last else {"id": item.item_id}), Seen(0, None)


async def save(
    session: AsyncSession,
    staff: Staff,
    item: ContentItem,
    body: Body,
    checked: Checked,
    seen: Seen,
    at: datetime,
    *,
    batch: str = "",
) -> ContentDraft:
    """Keep a body as the item's draft. `checked`: of this very body. Raises Conflict, StaffError."""
    draft = await draft_of(session, item)
    if draft is None:
        if seen.revision or seen.base != item.published:
            raise Conflict(None)
        draft = ContentDraft(
            draft_id=uuid4().hex,
            item_id=item.item_id,
            state=DraftState.DRAFT.value,
            base=item.published,
            revision=0,
            authors=[],
            created_at=at,
            batch=batch,
        )
        session.add(draft)
        item.draft_id = draft.draft_id
    elif draft.state != DraftState.DRAFT:
        raise StaffError(
            "submitted",
            "修改已提交或已通过审核，不能再改；请先撤回。",
            "This change was submitted or approved already; take it back first.",
        )
    elif draft.revision != seen.revision:
        raise Conflict(draft)
    draft.revision += 1
    draft.body = stored(checked.body(body))
    draft.faults = len(checked.faults)
    draft.changed_by, draft.changed_at = staff.staff_id, at
    if staff.staff_id not in draft.authors:
        draft.authors = [*draft.authors, staff.staff_id]
    await session.flush()
    session.add(
        ContentSave(draft_id=draft.draft_id, revision=draft.revision, body=draft.body, by=staff.staff_id, at=at)
    )
    item.draft_state = draft.state
    if item.published is None:
        if checked.service is not None:
            describe(item, checked.service, await regions_known(session, [checked.service]), at)
        else:
            describe_roughly(item, body, at)
    await session.flush()
    return draft


async def create(session: AsyncSession, item_id: str, at: datetime) -> ContentItem:
    """A new item without any body. Raises StaffError where the name is taken."""
    if await session.get(ContentItem, item_id) is not None:
        raise StaffError("taken", f"编号“{item_id}”已有事项使用。", f"The id {item_id!r} is taken.", 422)
    item = ContentItem(item_id=item_id, search=item_id, sha256="", draft_state="", changed_at=at)
    session.add(item)
    await session.flush()
    return item


async def taken(session: AsyncSession, item_id: str, service: Service) -> list[tuple[str, str, str]]:
    """(place, Chinese, English) of codes that another item has already."""
    codes = service.codes
    code = (codes.task_handle_item or codes.task_code) if codes else ""
    kind = service.certificate.type_code if service.certificate else ""
    others = await session.execute(
        select(ContentItem.item_id, ContentItem.code, ContentItem.type_code).where(
            ContentItem.item_id != item_id,
            or_(
                (ContentItem.code == code) & (ContentItem.code != ""),
                (ContentItem.type_code == kind) & (ContentItem.type_code != ""),
            ),
        )
    )
    found = []
    for other, its_code, its_kind in others:
        if code and its_code == code:
            place = "codes.task_handle_item" if codes and codes.task_handle_item else "codes.task_code"
            found.append((place, f"{code} 已用于事项 {other}；请另取", f"{code} is {other}'s; give each its own"))
        if kind and its_kind == kind:
            place = "certificate.type_code"
            found.append((place, f"{kind} 已用于事项 {other}；请另取", f"{kind} is {other}'s; give each its own"))
    return found


async def rebase(session: AsyncSession, staff: Staff, item: ContentItem, at: datetime) -> ContentDraft:
    """Somebody has published meanwhile; this draft is to go on top of that."""
    draft = await draft_of(session, item)
    if draft is None or draft.state != DraftState.DRAFT:
        raise _no_draft()
    draft.base = item.published
    draft.revision += 1
    draft.changed_at = at
    session.add(
        ContentSave(draft_id=draft.draft_id, revision=draft.revision, body=draft.body, by=staff.staff_id, at=at)
    )
    return draft


async def withdraw(session: AsyncSession, staff: Staff, item: ContentItem, at: datetime) -> None:
    """Give a change up that nobody is asked about at the moment. Its saves are kept."""
    draft = await draft_of(session, item)
    if draft is None or draft.state == DraftState.SUBMITTED:
        raise _no_draft()
    draft.state = DraftState.WITHDRAWN.value
    item.draft_id, item.draft_state = None, ""
    detail = {"draft": draft.draft_id, "revision": draft.revision}
    await record(
        session,
        staff.staff_id,
        "content.withdraw",
        f"item:{item.item_id}",
        at,
        region_code=item.region_code,
        detail=detail,
    )


async def publish(
    session: AsyncSession, actor: str, drafts: Sequence[ContentDraft], at: datetime
) -> list[tuple[str, int]]:
    """Approved drafts become the version in force; (item, version) of each. Raises StaffError for the first that
    cannot be."""
    done: list[tuple[str, int]] = []
    services = {draft.draft_id: Service.model_validate(loaded(draft.body)) for draft in drafts}
    regions = await regions_known(session, services.values())
    for draft in drafts:
        item = await session.get_one(ContentItem, draft.item_id, with_for_update=True)
        if draft.state != DraftState.APPROVED:
            raise StaffError("not-approved", "还没有通过审核。", "It is not approved yet.")
        if draft.base != item.published:
            raise stale(item)
        number = (await session.scalar(_newest(item.item_id)) or 0) + 1
        body = loaded(draft.body) | {"version": number}
        version = ContentVersion(
            item_id=item.item_id,
            number=number,
            body=stored(body),
            sha256=digest(body),
            at=at,
            by=draft.changed_by,
            approved_by=draft.approved_by,
            reason=draft.note,
            restores=draft.restores,
        )
        session.add(version)
        describe(item, services[draft.draft_id], regions, at)
        item.published, item.sha256 = number, version.sha256
        draft.state = DraftState.PUBLISHED.value
        if item.draft_id == draft.draft_id:
            item.draft_id, item.draft_state = None, ""
        done.append((item.item_id, number))
    await session.flush()
    for item_id, number in done[:100]:
        await record(session, actor, "content.published", f"item:{item_id}", at, detail={"version": number})
    return done


def _newest(item_id: str) -> Select[int]:
    return select(func.max(ContentVersion.number)).where(ContentVersion.item_id == item_id)


def stale(item: ContentItem) -> StaffError:
    return StaffError(
        "stale",
        f"{item.title_zh or item.item_id} 在您修改期间发布了新版本；请对照后“以最新版本为基础”再提交。",
        f"{item.title_en or item.item_id} was published anew meanwhile: compare, then put your change on top of it.",
    )


def _no_draft() -> StaffError:
    return StaffError("no-draft", "没有可以这样处理的修改。", "There is no change this can be done with.")
