"""Releases, rollouts, their groups and their members."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, Boolean, Float, ForeignKey, Index, Integer, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from backend.db.base import Base, UtcDateTime


class Release(Base):
    """A version of something that kiosks run. Its payload lies in the var dir under its SHA-256."""

    __tablename__ = "release"
    __table_args__ = (UniqueConstraint("kind", "version"),)

    release_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    kind: Mapped[str] = mapped_column(String(20))  # states.ReleaseKind
    version: Mapped[str] = mapped_column(String(80))
    sha256: Mapped[str] = mapped_column(String(64))
    size: Mapped[int] = mapped_column(BigInteger)  # bytes
    notes: Mapped[str] = mapped_column(String(1000), default="")
    created_by: Mapped[str] = mapped_column(String(80))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Rollout(Base):
    """A release on its way to kiosks. Whom it concerns is fixed when it is made (`RolloutMember`)."""

    __tablename__ = "rollout"
    __table_args__ = (Index("ix_rollout_state", "state"),)

    rollout_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    release_id: Mapped[str] = mapped_column(ForeignKey("release.release_id"))
    title: Mapped[str] = mapped_column(String(120))
    region_code: Mapped[str] = mapped_column(String(12))  # the smallest region that holds all members
    state: Mapped[str] = mapped_column(String(20))  # states.RolloutState
    reason: Mapped[str] = mapped_column(String(300), default="")  # why it stands still
    # The gate
    max_error_share: Mapped[float] = mapped_column(Float)  # errors ÷ attempted, above which the rollout halts
    min_sample: Mapped[int] = mapped_column(Integer)  # attempts before a group can be judged (or all of a smaller one)
    silence_s: Mapped[int] = mapped_column(Integer)  # after the switch is due: no word by then is a failure
    reach_s: Mapped[int] = mapped_column(Integer)  # how long a group waits for kiosks that are not heard at all
    soak_s: Mapped[int] = mapped_column(Integer)  # after a good group, before the next one
    # Restraint
    window_from: Mapped[int | None] = mapped_column(Integer)  # minutes after midnight in China; None: any time
    window_to: Mapped[int | None] = mapped_column(Integer)
    bytes_per_s: Mapped[int] = mapped_column(Integer, default=0)  # per kiosk; 0: no cap
    created_by: Mapped[str] = mapped_column(String(80))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    started_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    # Every pulse says what its member's state asks for; False: `offers.tell_all` has something to do
    pulses_told: Mapped[bool] = mapped_column(Boolean, default=True)


class RolloutGroup(Base):
    """Members that are attempted together; the next group waits for this one's success."""

    __tablename__ = "rollout_group"

    rollout_id: Mapped[str] = mapped_column(ForeignKey("rollout.rollout_id"), primary_key=True)
    number: Mapped[int] = mapped_column(Integer, primary_key=True)  # 1, 2, …
    name: Mapped[str] = mapped_column(String(120))
    size: Mapped[int] = mapped_column(Integer)
    state: Mapped[str] = mapped_column(String(20))  # states.GroupState
    started_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    report: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)  # the gate's reasoning when it ended


class RolloutMember(Base):
    """One kiosk in one rollout."""

    __tablename__ = "rollout_member"
    __table_args__ = (
        Index("ix_rollout_member_rollout_id_group_number_state", "rollout_id", "group_number", "state"),
        Index("ix_rollout_member_kiosk_id", "kiosk_id"),
    )

    rollout_id: Mapped[str] = mapped_column(ForeignKey("rollout.rollout_id"), primary_key=True)
    kiosk_id: Mapped[str] = mapped_column(String(60), primary_key=True)
    group_number: Mapped[int] = mapped_column(Integer)
    region_code: Mapped[str] = mapped_column(String(12))
    state: Mapped[str] = mapped_column(String(20))  # states.MemberState
    stage: Mapped[str] = mapped_column(String(20), default="")  # what the kiosk last said
    detail: Mapped[str] = mapped_column(String(300), default="")
    previous_version: Mapped[str] = mapped_column(String(80), default="")
    offered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # a heartbeat from then on has heard the offer
    heard_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # its first word after the offer: attempted
    deadline_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
