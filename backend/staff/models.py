"""Accounts of the people behind the desk, and what they are known by."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, Boolean, ForeignKey, Index, Integer, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from backend.db.base import Base, UtcDateTime


class StaffMember(Base):
    """One person. Never deleted, so that the audit log's names stay somebody's: an account that has ended is disabled.

    `staff_id` is the first login and stays when the login changes. Two counters of failures: one for strangers, one
    for browsers that have signed in here before, so that strangers cannot keep the owner out.
    """

    __tablename__ = "staff_member"

    staff_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    login: Mapped[str] = mapped_column(String(40), unique=True)  # lower case
    name: Mapped[str] = mapped_column(String(80))
    region_code: Mapped[str] = mapped_column(String(12), index=True)  # who looks after the account
    active: Mapped[bool] = mapped_column(Boolean, default=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    signed_in_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    password: Mapped[str] = mapped_column(String(200), default="")  # argon2id; "": none, OIDC only
    password_history: Mapped[list[Any]] = mapped_column(JSON, default=list)  # the ones before, newest first
    password_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    first_password_until: Mapped[datetime | None] = mapped_column(UtcDateTime)  # one we made up ends by itself
    must_change_password: Mapped[bool] = mapped_column(Boolean, default=False)

    totp_secret: Mapped[bytes | None] = mapped_column(LargeBinary)  # sealed with the vault
    totp_pending: Mapped[bytes | None] = mapped_column(LargeBinary)  # shown, not confirmed by a code yet
    totp_step: Mapped[int] = mapped_column(BigInteger, default=0)  # the last 30-second step a code was taken of

    failures: Mapped[int] = mapped_column(Integer, default=0)
    locked_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    known_failures: Mapped[int] = mapped_column(Integer, default=0)
    known_locked_until: Mapped[datetime | None] = mapped_column(UtcDateTime)

    # Who may claim this account at the OIDC provider: an e-mail or a login there, used once.
    oidc_invite: Mapped[str | None] = mapped_column(String(200), index=True)


class StaffGrant(Base):
    """A role in a region and everything below it."""

    __tablename__ = "staff_grant"

    staff_id: Mapped[str] = mapped_column(ForeignKey("staff_member.staff_id"), primary_key=True)
    role: Mapped[str] = mapped_column(String(20), primary_key=True)
    region_code: Mapped[str] = mapped_column(String(12), primary_key=True)
    source: Mapped[str] = mapped_column(String(10), default="desk")  # "desk" or "oidc"
    granted_by: Mapped[str] = mapped_column(String(80))
    granted_at: Mapped[datetime] = mapped_column(UtcDateTime)


class StaffIdentity(Base):
    """A person at an OIDC provider."""

    __tablename__ = "staff_identity"
    __table_args__ = (UniqueConstraint("issuer", "subject"),)

    identity_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    staff_id: Mapped[str] = mapped_column(ForeignKey("staff_member.staff_id"), index=True)
    issuer: Mapped[str] = mapped_column(String(300))
    subject: Mapped[str] = mapped_column(String(255))
    bound_at: Mapped[datetime] = mapped_column(UtcDateTime)


class RecoveryCode(Base):
    """Eighty random bits, so a plain hash is enough. A used one is removed."""

    __tablename__ = "staff_recovery_code"

    code_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    staff_id: Mapped[str] = mapped_column(ForeignKey("staff_member.staff_id"), index=True)


class StaffSession(Base):
    """Somebody at a browser. `stage`: see sessions.Stage. The cookie's value itself is nowhere."""

    __tablename__ = "staff_session"
    __table_args__ = (Index("ix_staff_session_ends_at", "ends_at"),)

    session_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    staff_id: Mapped[str] = mapped_column(ForeignKey("staff_member.staff_id"), index=True)
    stage: Mapped[str] = mapped_column(String(10))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    seen_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ends_at: Mapped[datetime] = mapped_column(UtcDateTime)
    tries: Mapped[int] = mapped_column(Integer, default=0)  # wrong codes
    browser: Mapped[str] = mapped_column(String(120), default="")


class StaffToken(Base):
    """An API token; `token_hash` is all we know of it."""

    __tablename__ = "staff_token"

    token_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    staff_id: Mapped[str] = mapped_column(ForeignKey("staff_member.staff_id"), index=True)
    name: Mapped[str] = mapped_column(String(80))
    grants: Mapped[list[Any]] = mapped_column(JSON)  # [[role, region], …]
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # to the minute
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class OidcFlow(Base):
    """A sign-in that is away at the provider. Taken once."""

    __tablename__ = "staff_oidc_flow"

    state_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    browser_hash: Mapped[str] = mapped_column(String(64))  # of the cookie of the browser that began it
    nonce: Mapped[str] = mapped_column(String(64))
    verifier: Mapped[str] = mapped_column(String(128))  # PKCE
    next_path: Mapped[str] = mapped_column(String(500), default="")
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
