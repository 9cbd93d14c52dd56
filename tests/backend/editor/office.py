"""What editors do, as their browsers do it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import unescape
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import httpx
from sqlalchemy import select

from backend.editor.models import ContentDraft, ContentItem, ContentRelease, ContentVersion
from backend.staff.roles import Grant, Role, Staff
from tests.backend.desk import Desk, staff_with

EDITOR = staff_with(Role.EDITOR)
OTHER = Staff("other-editor", "other", EDITOR.grants)
PUBLISHER = staff_with(Role.PUBLISHER)
BOTH = Staff("both", "both", (*EDITOR.grants, Grant(Role.PUBLISHER, EDITOR.grants[0].region_code)))


@dataclass
class Office:
    desk: Desk
    catalogue: Path

    async def get(self, path: str = "", staff: Staff = EDITOR, **query: str) -> httpx.Response:
        return await self.desk.get(f"/console/editor{path}", staff, params=query)

    async def post(self, path: str, staff: Staff = EDITOR, **data: Any) -> httpx.Response:
        return await self.desk.post(f"/console/editor{path}", staff, data=data)

    async def form(self, item: str, staff: Staff = EDITOR, view: str = "edit") -> dict[str, list[str]]:
        """The form as it stands in the page, every input with its value."""
        reply = await self.get(f"/items/{item}/{view}", staff)
        assert reply.status_code == 200, reply.text
        return inputs(reply.text)

    async def send(
        self, item: str, form: dict[str, list[str]], staff: Staff = EDITOR, view: str = "edit", **changed: str
    ) -> httpx.Response:
        data = form | {name.replace("__", "."): [value] for name, value in changed.items()}
        return await self.desk.post(f"/console/editor/items/{item}/{view}", staff, data=data)

    async def write(self, item: str, staff: Staff = EDITOR, **changed: str) -> httpx.Response:
        """Change texts in the form (`title__zh`) and save."""
        return await self.send(item, await self.form(item, staff), staff, **changed)

    async def publish(self, item: str, note: str = "why", **changed: str) -> None:
        """All the way."""
        assert (await self.write(item, **changed)).status_code == 303
        assert_done(await self.post(f"/items/{item}/submit", note=note), "submitted")
        assert_done(await self.post(f"/items/{item}/decide", PUBLISHER, decision="agree"), "approved")
        assert_done(await self.post(f"/items/{item}/publish", PUBLISHER), "published")

    async def pack(self) -> ContentRelease:
        """Let the job build; the newest release."""
        await self.desk.app.state.jobs.run_once("content-packs")
        async with self.desk.sessions() as session:
            found = await session.scalars(select(ContentRelease).order_by(ContentRelease.requested_at.desc()).limit(1))
            return found.one()

    async def item(self, item: str) -> ContentItem:
        async with self.desk.sessions() as session:
            return await session.get_one(ContentItem, item)

    async def draft(self, item: str) -> ContentDraft:
        """The newest."""
        async with self.desk.sessions() as session:
            query = select(ContentDraft).where(ContentDraft.item_id == item)
            return (await session.scalars(query.order_by(ContentDraft.created_at.desc()).limit(1))).one()

    async def versions(self, item: str) -> list[ContentVersion]:
        async with self.desk.sessions() as session:
            query = select(ContentVersion).where(ContentVersion.item_id == item).order_by(ContentVersion.number)
            return list(await session.scalars(query))


def assert_done(reply: httpx.Response, done: str) -> None:
    assert reply.status_code == 303, reply.text
    assert reply.headers["location"].endswith(f"done={done}")


def refused(reply: httpx.Response, status: int, words: str) -> None:
    assert reply.status_code == status, (reply.status_code, reply.headers.get("location"))
    assert words in unescape(re.sub(r"<[^>]+>", "", reply.text)), reply.text


class _Inputs(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: dict[str, list[str]] = {}
        self._inside = False
        self._area: str | None = None
        self._text = ""
        self._select: str | None = None

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        given = dict(attributes)
        name = given.get("name")
        if tag == "form":
            self._inside = given.get("id") == "form"
        if not self._inside:
            return
        if tag == "input" and name:
            if given.get("type") == "checkbox" and "checked" not in given:
                return
            self.found.setdefault(name, []).append(given.get("value") or "")
        elif tag == "textarea" and name:
            self._area, self._text = name, ""
        elif tag == "select" and name:
            self._select = name
        elif tag == "option" and self._select and "selected" in given:
            self.found[self._select] = [given.get("value") or ""]

    def handle_data(self, data: str) -> None:
        self._text += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea" and self._area:
            self.found[self._area] = [self._text.removeprefix("\n")]
            self._area = None
        elif tag == "select":
            self._select = None
        elif tag == "form":
            self._inside = False


def inputs(page: str) -> dict[str, list[str]]:
    """Name and values of everything the page's form would post."""
    parser = _Inputs()
    parser.feed(page)
    return parser.found
