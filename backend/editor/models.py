"""Items, their drafts and their versions. Bodies are JSON text of `content.schema.service.Service`."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, Boolean, ForeignKey, Index, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from backend.db.base import Base, UtcDateTime


class DraftState(StrEnum):
    DRAFT = "draft"
    SUBMITTED = "submitted"  # waits for a second pair of eyes
    APPROVED = "approved"  # waits for its day, or for somebody to publish it
    PUBLISHED = "published"
    WITHDRAWN = "withdrawn"


OPEN = (DraftState.DRAFT.value, DraftState.SUBMITTED.value, DraftState.APPROVED.value)


class ReleaseState(StrEnum):
    WAITING = "waiting"  # for the job that builds
    BUILT = "built"  # and handed to the keepers of the keys
    FAILED = "failed"


class ContentItem(Base):
    """What lists and searches need of a service or package, taken from its published body (its draft's, while nothing
    is published)."""

    __tablename__ = "content_item"
    __table_args__ = (
        Index("ix_content_item_row_order_item_id", "row_order", "item_id"),
        Index("ix_content_item_code", "code"),
        Index("ix_content_item_draft_state", "draft_state"),
    )

    item_id: Mapped[str] = mapped_column(String(80), primary_key=True)
    region_code: Mapped[str] = mapped_column(String(12), default="")  # of its agency, where the desk knows it; "": all
    package: Mapped[bool] = mapped_column(Boolean, default=False)
    journey: Mapped[str] = mapped_column(String(20), default="")
    row: Mapped[str] = mapped_column(String(10), default="")
    row_order: Mapped[int] = mapped_column(Integer, default=0)
    title_zh: Mapped[str] = mapped_column(String(120), default="")
    title_en: Mapped[str] = mapped_column(String(240), default="")
    department: Mapped[str] = mapped_column(String(80), default="")
    agency_zh: Mapped[str] = mapped_column(String(120), default="")
    code: Mapped[str] = mapped_column(String(40), default="")  # 业务办理项编码, else 实施编码
    type_code: Mapped[str] = mapped_column(String(40), default="")  # of its certificate
    search: Mapped[str] = mapped_column(Text, default="")  # lower case: what somebody may type
    published: Mapped[int | None] = mapped_column(Integer)  # number of the version in force; None: none yet
    sha256: Mapped[str] = mapped_column(String(64), default="")  # of that body
    draft_id: Mapped[str | None] = mapped_column(String(40))  # the open draft, if there is one
    draft_state: Mapped[str] = mapped_column(String(20), default="")
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)


class ContentVersion(Base):
    """A body that was published. Never changed, never removed."""

    __tablename__ = "content_version"

    item_id: Mapped[str] = mapped_column(ForeignKey("content_item.item_id"), primary_key=True)
    number: Mapped[int] = mapped_column(Integer, primary_key=True)
    body: Mapped[str] = mapped_column(Text)
    sha256: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    by: Mapped[str] = mapped_column(String(80))  # who wrote it
    approved_by: Mapped[str] = mapped_column(String(80), default="")
    reason: Mapped[str] = mapped_column(String(300), default="")
    restores: Mapped[int | None] = mapped_column(Integer)  # the version whose body it takes up again


class ContentDraft(Base):
    """A change of one item on its way. `base`: the version it changes; `revision`: counts its saves."""

    __tablename__ = "content_draft"
    __table_args__ = (
        Index("ix_content_draft_item_id", "item_id"),
        Index("ix_content_draft_submission", "submission"),
        Index("ix_content_draft_batch", "batch"),
        Index("ix_content_draft_state_scheduled_at", "state", "scheduled_at"),
    )

    draft_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    item_id: Mapped[str] = mapped_column(ForeignKey("content_item.item_id"))
    state: Mapped[str] = mapped_column(String(20))
    base: Mapped[int | None] = mapped_column(Integer)
    revision: Mapped[int] = mapped_column(Integer)
    body: Mapped[str] = mapped_column(Text)
    faults: Mapped[int] = mapped_column(Integer)  # of the lint, when it was saved
    authors: Mapped[list[Any]] = mapped_column(JSON)  # everybody who has saved it
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    changed_by: Mapped[str] = mapped_column(String(80))
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    note: Mapped[str] = mapped_column(String(300), default="")  # why, said when it was submitted
    batch: Mapped[str] = mapped_column(String(40), default="")  # of an import
    submission: Mapped[str] = mapped_column(String(40), default="")  # drafts that are decided together share it
    answer: Mapped[str] = mapped_column(String(300), default="")  # why it was sent back
    approved_by: Mapped[str] = mapped_column(String(80), default="")
    scheduled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    restores: Mapped[int | None] = mapped_column(Integer)


class ContentSave(Base):
    """Every saved state of a draft: nobody's work is lost to somebody else's."""

    __tablename__ = "content_save"

    draft_id: Mapped[str] = mapped_column(ForeignKey("content_draft.draft_id"), primary_key=True)
    revision: Mapped[int] = mapped_column(Integer, primary_key=True)
    body: Mapped[str] = mapped_column(Text)
    by: Mapped[str] = mapped_column(String(80))
    at: Mapped[datetime] = mapped_column(UtcDateTime)


class ContentRelease(Base):
    """A pack of everything that is published, built for the keepers of the keys."""

    __tablename__ = "content_release"
    __table_args__ = (Index("ix_content_release_state", "state"),)

    release_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    state: Mapped[str] = mapped_column(String(20))
    items: Mapped[list[Any]] = mapped_column(JSON)  # [item id, version] that are new in it
    notes: Mapped[str] = mapped_column(String(300), default="")
    version: Mapped[str] = mapped_column(String(80), default="")  # of the pack
    faults: Mapped[list[Any]] = mapped_column(JSON)  # [Chinese, English] why it could not be built
    requested_by: Mapped[str] = mapped_column(String(80))
    requested_at: Mapped[datetime] = mapped_column(UtcDateTime)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
