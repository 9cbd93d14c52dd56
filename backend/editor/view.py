"""What the pages of one item share: who may do what with it now, and messages at their places."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from fastapi import Depends, Request
from sqlalchemy.ext.asyncio import AsyncSession

from backend.editor import form
from backend.editor.bodies import Body
from backend.editor.check import Checked, Rules
from backend.editor.choices import JOURNEYS
from backend.editor.drafts import draft_of, taken, version_of
from backend.editor.items import ensure_filled
from backend.editor.models import ContentDraft, ContentItem, DraftState
from backend.editor.names import name_of
from backend.editor.review import roll_back_of
from backend.staff.models import StaffMember
from backend.staff.roles import Permission, Staff

STATE_WORDS: dict[str, tuple[str, str, str]] = {
    DraftState.DRAFT: ("修改中", "being edited", "warning"),
    DraftState.SUBMITTED: ("待审核", "waits for approval", "fault"),
    DraftState.APPROVED: ("待发布", "approved", "ok"),
    DraftState.PUBLISHED: ("已发布", "published", "ok"),
    DraftState.WITHDRAWN: ("已撤销", "withdrawn", ""),
}


@dataclass(frozen=True)
class Message:
    """A fault or note of the lint. `at`: the form's place it stands at, "" for none; `name`: how that is called."""

    place: str
    at: str
    name: tuple[str, str]
    text: tuple[str, str]
    line: int | None
    note: bool


def rules_of(request: Request) -> Rules:
    rules: Rules = request.app.state.editor_rules
    return rules


async def _filled(request: Request) -> None:
    """Whoever comes first, by whatever address, finds the catalogue in the store."""
    if not getattr(request.app.state, "editor_filled", False):
        await ensure_filled(request.app.state.sessions, rules_of(request))
        request.app.state.editor_filled = True


FILLED = Depends(_filled)


def messages(body: Body, checked: Checked, more: Iterable[tuple[str, str, str]] = ()) -> list[Message]:
    """Faults first. `more`: (place, Chinese, English) of faults the lint cannot know."""
    known = set(form.places(body))
    told = [(one.place, (one.message.zh, one.message.en), one.line, one.note) for one in checked.faults]
    told += [(place, (zh, en), None, False) for place, zh, en in more]
    told += [(one.place, (one.message.zh, one.message.en), one.line, True) for one in checked.notes]
    return [
        Message(place, form.nearest(place, known), name_of(_spoken(body, place)), text, line, note)
        for place, text, line, note in told
    ]


def _spoken(body: Body, place: str) -> Sequence[str]:
    """Entries of lists by their own names: materials.0.name → materials, lease, name."""
    steps: list[str] = []
    here: Any = body
    for step in place.split(".") if place else []:
        here = form.get(here, step) if isinstance(here, dict | list) else None
        own = (
            next((str(here[key]) for key in ("id", "name", "value") if isinstance(here.get(key), str)), "")
            if (isinstance(here, dict) and step.isdigit())
            else ""
        )
        steps.append(own or (str(int(step) + 1) if step.isdigit() else step))
    return steps


async def faults_beside(session: AsyncSession, item_id: str, checked: Checked) -> list[tuple[str, str, str]]:
    """What only the other items tell."""
    return await taken(session, item_id, checked.service) if checked.service is not None else []


async def context(session: AsyncSession, staff: Staff, item: ContentItem, tab: str) -> dict[str, Any]:
    """What the frame of an item's page needs."""
    draft, roll_back = await draft_of(session, item), await roll_back_of(session, item)
    version = await version_of(session, item)
    people = {name for one in (draft, roll_back) if one for name in (*one.authors, one.approved_by) if name}
    return {
        "item": item,
        "draft": draft,
        "roll_back": roll_back,
        "in_force": version,
        "tab": tab,
        "may_edit": may(staff, Permission.EDIT, item),
        "may_release": may(staff, Permission.RELEASE, item),
        "own": lambda one: staff.staff_id in one.authors,
        "people": await names_of(session, people | ({version.by, version.approved_by} if version else set())),
        "states": STATE_WORDS,
        "journeys": JOURNEYS,
        "nav": "editor",
        "title": (item.title_zh or item.item_id, item.title_en or item.item_id),
    }


def may(staff: Staff, permission: Permission, item: ContentItem) -> bool:
    if not item.region_code:
        return staff.may_anywhere(permission)
    return staff.may(permission, item.region_code)


async def names_of(session: AsyncSession, people: Iterable[str]) -> dict[str, str]:
    """How staff are called, by their ids; the id itself of whom we do not know."""
    found = {name: name for name in people}
    for name in list(found):
        member = await session.get(StaffMember, name)
        if member is not None:
            found[name] = member.name
    return found


def is_open(draft: ContentDraft | None) -> bool:
    return draft is not None and draft.state == DraftState.DRAFT
