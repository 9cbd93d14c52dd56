"""Alerts, what is told about them to whom, and the rules' settings."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    ColumnElement,
    Float,
    Index,
    Integer,
    String,
    and_,
    literal_column,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from backend.db.base import Base, UtcDateTime
from backend.fleet.models import Serial


class AlertState(StrEnum):
    PENDING = "pending"  # seen, not yet long enough to tell anybody
    OPEN = "open"
    CLEARED = "cleared"


class MessageKind(StrEnum):
    ALERT = "alert"
    AGAIN = "again"  # still open after hours
    ESCALATION = "escalation"  # nobody has acknowledged: to the region above
    CLEAR = "clear"


class MessageState(StrEnum):
    WAITING = "waiting"
    SENT = "sent"
    GIVEN_UP = "given-up"
    DROPPED = "dropped"  # the trouble was gone before the quiet hours were


_LIVE_GROUP = "members > 0 AND live IS NOT NULL"


class Alert(Base):
    """A trouble of one subject under one rule, from the first sight to the end; or a group of such (`members` > 0)."""

    __tablename__ = "alert"
    __table_args__ = (
        Index("ix_alert_due_at", "due_at"),
        Index("ix_alert_kiosk_id_state", "kiosk_id", "state"),
        Index("ix_alert_state_region_code", "state", "region_code"),
        Index("ix_alert_opened_at", "opened_at"),
        Index("ix_alert_group_id_state", "group_id", "state"),
        Index("ix_alert_rule_state", "rule", "state"),
        # Few among many, and asked for in every round.
        Index("ix_alert_live_groups", "rule", sqlite_where=text(_LIVE_GROUP), postgresql_where=text(_LIVE_GROUP)),
        Index("ix_alert_cleared_at", "cleared_at"),
    )

    alert_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    # "RULE|SUBJECT" as long as it lives, then null: two alerts of one trouble cannot be.
    live: Mapped[str | None] = mapped_column(String(200), unique=True)
    rule: Mapped[str] = mapped_column(String(40))
    subject: Mapped[str] = mapped_column(String(150))  # "kiosk:K-1", "kiosk:K-1/receipt_printer.paper", "job:NAME"
    kiosk_id: Mapped[str | None] = mapped_column(String(60))
    region_code: Mapped[str] = mapped_column(String(12))
    severity: Mapped[str] = mapped_column(String(10))  # fleet.events.Severity
    state: Mapped[str] = mapped_column(String(10))
    since: Mapped[datetime] = mapped_column(UtcDateTime)  # when the trouble began, as well as we know
    opened_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    gone_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # not there any more; cleared if it stays away
    cleared_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    due_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # when to look at it next; null: never again
    repetitions: Mapped[int] = mapped_column(Integer, default=0)  # how often it went and came back
    acknowledged_by: Mapped[str | None] = mapped_column(String(80))
    acknowledged_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    suppressed: Mapped[str] = mapped_column(String(40), default="")  # why nobody is told; "": not suppressed
    told: Mapped[bool] = mapped_column(Boolean, default=False)  # there was somebody to tell: an all-clear is owed
    notified_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    escalated_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    group_id: Mapped[str | None] = mapped_column(String(32))  # the group it belongs to
    members: Mapped[int] = mapped_column(Integer, default=0)  # of a group: how many there were in all
    detail: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)  # what the rule says; never personal data


def is_live_group() -> ColumnElement[bool]:
    """The index's own condition: with a parameter in it the index is not found."""
    return and_(Alert.members > literal_column("0"), Alert.live.is_not(None))


class AlertNote(Base):
    """The history of one alert."""

    __tablename__ = "alert_note"
    __table_args__ = (Index("ix_alert_note_alert_id_id", "alert_id", "id"),)

    id: Mapped[int] = mapped_column(Serial, primary_key=True, autoincrement=True)
    alert_id: Mapped[str] = mapped_column(String(32))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    what: Mapped[str] = mapped_column(String(40))
    actor: Mapped[str] = mapped_column(String(80), default="system")
    detail: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)


class AlertMessage(Base):
    """The outbox: written with the alert, sent afterwards, at least once. `message_id` is what a receiver may use to
    drop a repetition."""

    __tablename__ = "alert_message"
    __table_args__ = (
        Index("ix_alert_message_state_next_at", "state", "next_at"),
        Index("ix_alert_message_alert_id", "alert_id"),
    )

    number: Mapped[int] = mapped_column(Serial, primary_key=True, autoincrement=True)
    message_id: Mapped[str] = mapped_column(String(40), unique=True)
    alert_id: Mapped[str] = mapped_column(String(32))
    kind: Mapped[str] = mapped_column(String(12))
    channel: Mapped[str] = mapped_column(String(10))  # "email", "webhook", "sms"
    address: Mapped[str] = mapped_column(String(300))
    person: Mapped[str] = mapped_column(String(80), default="")  # who that is, for the page; "": the fallback
    title: Mapped[str] = mapped_column(String(200))
    text: Mapped[str] = mapped_column(String(2000))
    facts: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)  # the same for programs
    state: Mapped[str] = mapped_column(String(10))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    next_at: Mapped[datetime] = mapped_column(UtcDateTime)
    attempts: Mapped[int] = mapped_column(Integer, default=0)
    lease: Mapped[str | None] = mapped_column(String(32))
    lease_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    sent_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    error: Mapped[str] = mapped_column(String(80), default="")  # of the last attempt: a kind, never a text


class AlertRuleSetting(Base):
    """What a region says about a rule; null: what the region above says."""

    __tablename__ = "alert_rule_setting"

    region_code: Mapped[str] = mapped_column(String(12), primary_key=True)
    rule: Mapped[str] = mapped_column(String(40), primary_key=True)
    enabled: Mapped[bool | None] = mapped_column(Boolean)
    severity: Mapped[str | None] = mapped_column(String(10))
    threshold: Mapped[float | None] = mapped_column(Float)  # in the rule's unit
    hold_s: Mapped[int | None] = mapped_column(Integer)
    quiet_s: Mapped[int | None] = mapped_column(Integer)
    again_h: Mapped[float | None] = mapped_column(Float)  # 0: never
    escalate_min: Mapped[float | None] = mapped_column(Float)  # 0: never
    set_by: Mapped[str] = mapped_column(String(80))
    set_at: Mapped[datetime] = mapped_column(UtcDateTime)


class AlertCursor(Base):
    """How far a job has read."""

    __tablename__ = "alert_cursor"

    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    value: Mapped[int] = mapped_column(BigInteger, default=0)
    text: Mapped[str] = mapped_column(String(80), default="")
    at: Mapped[datetime | None] = mapped_column(UtcDateTime)
