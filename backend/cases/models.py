"""Cases: what was applied for, where it stands, and what still has to reach a department.

A case is handed over whole to its lead departments; what they and their partners then do with its parts happens in
`CasePart` and `CaseEvent`. Names, numbers and forms lie encrypted; a person is found by HMAC only.
"""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import Boolean, Date, ForeignKey, Index, Integer, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from backend.db.base import Base, UtcDateTime
from backend.identity.crypto import EncryptedText


class CaseState(StrEnum):
    """received → handed-over → (the departments' own) | instant | refused."""

    RECEIVED = "received"
    HANDED_OVER = "handed-over"
    INSTANT = "instant"  # decided on the spot
    REFUSED = "refused"  # by a lead department


class PartState(StrEnum):
    WAITING = "waiting"  # with the lead, nobody has said anything yet


class HandoverState(StrEnum):
    WAITING = "waiting"
    DONE = "done"
    REFUSED = "refused"


class CaseEventKind(StrEnum):
    RECEIVED = "received"
    HANDED_OVER = "handed-over"
    DECIDED = "decided"
    REFUSED = "refused"
    ERASED = "erased"  # what was applied for is no longer kept here


class ServiceCase(Base):
    """One application (办件). `case_no`: task code, date and serial, 43 characters."""

    __tablename__ = "service_case"
    __table_args__ = (UniqueConstraint("kiosk_id", "intent_id"),)

    case_no: Mapped[str] = mapped_column(String(60), primary_key=True)
    check_salt: Mapped[str] = mapped_column(String(32))  # the check code follows from it, the number and our key
    kiosk_id: Mapped[str] = mapped_column(String(60))
    intent_id: Mapped[str] = mapped_column(String(40))
    request_mac: Mapped[str] = mapped_column(String(64))  # tells a repeated request from a conflicting one
    service_id: Mapped[str] = mapped_column(String(80), index=True)
    service_version: Mapped[int] = mapped_column(Integer)  # it was checked against
    filled_version: Mapped[int] = mapped_column(Integer)  # the terminal had
    package: Mapped[bool] = mapped_column(Boolean)
    instant: Mapped[bool] = mapped_column(Boolean)  # 即办件
    title_zh: Mapped[str] = mapped_column(String(120))
    title_en: Mapped[str] = mapped_column(String(240))
    department: Mapped[str] = mapped_column(String(60))  # the first lead's id; "": only its name is known
    department_zh: Mapped[str] = mapped_column(String(120))
    department_en: Mapped[str] = mapped_column(String(240))
    state: Mapped[str] = mapped_column(String(20), index=True)
    promised_by: Mapped[date | None] = mapped_column(Date)
    outcome_zh: Mapped[str] = mapped_column(String(240), default="")  # told when it is decided on the spot
    outcome_en: Mapped[str] = mapped_column(String(480), default="")
    delivery: Mapped[str] = mapped_column(String(20))
    person_hash: Mapped[str | None] = mapped_column(String(64), index=True)  # the applicant's; None: nobody proved who
    agent_hash: Mapped[str | None] = mapped_column(String(64), index=True)
    proof_method: Mapped[str] = mapped_column(String(20))
    # JSON {"person", "agent", "licence", "situation", "form", "parts": {id: its department's answers}, "partners"}
    # Deferred: only who hands the case over reads it.
    content: Mapped[str] = mapped_column(EncryptedText("service_case.content"), deferred=True)
    received_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class CaseSerial(Base):
    """The last serial number of a task on a day (Asia/Shanghai)."""

    __tablename__ = "case_serial"

    task_code: Mapped[str] = mapped_column(String(40), primary_key=True)
    day: Mapped[date] = mapped_column(Date, primary_key=True)
    last: Mapped[int] = mapped_column(Integer)


class CaseEvent(Base):
    """What happened to a case, in order. `reason`: a department's keyword, never its words."""

    __tablename__ = "case_event"
    __table_args__ = (Index("ix_case_event_case_no_number", "case_no", "number"),)

    number: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    case_no: Mapped[str] = mapped_column(ForeignKey("service_case.case_no"))
    kind: Mapped[str] = mapped_column(String(30))
    part_id: Mapped[str] = mapped_column(String(60), default="")  # "": the whole case
    department: Mapped[str] = mapped_column(String(60), default="")
    reason: Mapped[str] = mapped_column(String(40), default="")
    at: Mapped[datetime] = mapped_column(UtcDateTime)


class CasePartRow(Base):
    """One item of a package, with the department that decides it and where it stands there."""

    __tablename__ = "case_part"

    case_no: Mapped[str] = mapped_column(ForeignKey("service_case.case_no"), primary_key=True)
    part_id: Mapped[str] = mapped_column(String(60), primary_key=True)
    place: Mapped[int] = mapped_column(Integer)  # in the package's order
    title_zh: Mapped[str] = mapped_column(String(120))
    title_en: Mapped[str] = mapped_column(String(240))
    department: Mapped[str] = mapped_column(String(60), index=True)
    department_zh: Mapped[str] = mapped_column(String(120))
    department_en: Mapped[str] = mapped_column(String(240))
    operation: Mapped[str] = mapped_column(String(80))
    state: Mapped[str] = mapped_column(String(20))
    department_no: Mapped[str] = mapped_column(String(80), default="")
    due_on: Mapped[date | None] = mapped_column(Date)
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class CaseMaterialRow(Base):
    """How one material is handed in. `part_id` "": it belongs to the whole case."""

    __tablename__ = "case_material"

    case_no: Mapped[str] = mapped_column(ForeignKey("service_case.case_no"), primary_key=True)
    material_id: Mapped[str] = mapped_column(String(60), primary_key=True)
    place: Mapped[int] = mapped_column(Integer)
    title_zh: Mapped[str] = mapped_column(String(160))
    title_en: Mapped[str] = mapped_column(String(320))
    how: Mapped[str] = mapped_column(String(10))  # scanned | fetched | replaced | bring | later
    by: Mapped[date | None] = mapped_column(Date)  # until when what is missing must come
    received_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class CaseStatement(Base):
    """A declaration that was put to the applicant: the SHA-256 of exactly the text (zh) that was read, and the answer.
    Both are the proof of a promise (告知承诺)."""

    __tablename__ = "case_statement"

    case_no: Mapped[str] = mapped_column(ForeignKey("service_case.case_no"), primary_key=True)
    field: Mapped[str] = mapped_column(String(60), primary_key=True)
    text_sha256: Mapped[str] = mapped_column(String(64))
    service_version: Mapped[int] = mapped_column(Integer)
    agreed: Mapped[bool] = mapped_column(Boolean)
    at: Mapped[datetime] = mapped_column(UtcDateTime)


class CaseHandover(Base):
    """What a lead department has not got yet, or has (the outbox). Written in the case's own transaction."""

    __tablename__ = "case_handover"
    __table_args__ = (UniqueConstraint("case_no", "operation"), Index("ix_case_handover_due", "state", "next_at"))

    number: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    case_no: Mapped[str] = mapped_column(ForeignKey("service_case.case_no"))
    department: Mapped[str] = mapped_column(String(60))
    operation: Mapped[str] = mapped_column(String(80))
    state: Mapped[str] = mapped_column(String(20))
    department_no: Mapped[str] = mapped_column(String(80), default="")
    attempts: Mapped[int] = mapped_column(Integer, default=0)
    error: Mapped[str] = mapped_column(String(80), default="")
    next_at: Mapped[datetime] = mapped_column(UtcDateTime)
    lease: Mapped[str | None] = mapped_column(String(20))
    lease_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    done_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class CaseTry(Base):
    """A question for a case's progress that was not answered; kept for as long as guesses are counted."""

    __tablename__ = "case_try"

    number: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    kiosk_id: Mapped[str] = mapped_column(String(60), index=True)
    asked_for: Mapped[str] = mapped_column(String(64), index=True)  # MAC of the number that was typed
    at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
