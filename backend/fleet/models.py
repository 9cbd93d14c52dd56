"""Sites, kiosks, and what is known of each.

What a heartbeat touches lies in `kiosk_pulse`, one narrow row a kiosk without any index but its key: updates stay
inside the page (HOT). What a person looks at lies in `kiosk_state`, which is written only when something changed.
`kiosk_event` is the history of those changes.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, Boolean, Float, ForeignKey, Index, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from backend.db.base import Base, UtcDateTime

# 64 bits on PostgreSQL; SQLite counts rows by itself only for INTEGER.
Serial = BigInteger().with_variant(Integer, "sqlite")


class Site(Base):
    """A place with kiosks: 便民服务中心, 便民服务站, a 24-hour self-service area."""

    __tablename__ = "site"

    site_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    region_code: Mapped[str] = mapped_column(String(12), index=True)
    name_zh: Mapped[str] = mapped_column(String(120))
    name_en: Mapped[str] = mapped_column(String(200))
    address_zh: Mapped[str] = mapped_column(String(200), default="")
    longitude: Mapped[float | None] = mapped_column(Float)
    latitude: Mapped[float | None] = mapped_column(Float)
    promise_hours: Mapped[int] = mapped_column(Integer, default=24)  # hours a day the kiosk is promised to serve
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Kiosk(Base):
    """One terminal and its identity. `epoch` counts enrolments: what was meant for an older epoch is void."""

    __tablename__ = "kiosk"
    __table_args__ = (Index("ix_kiosk_region_code_kiosk_id", "region_code", "kiosk_id"),)

    kiosk_id: Mapped[str] = mapped_column(String(60), primary_key=True)
    site_id: Mapped[str] = mapped_column(ForeignKey("site.site_id"), index=True)
    region_code: Mapped[str] = mapped_column(String(12))  # the site's
    model: Mapped[str] = mapped_column(String(80), default="")
    serial_number: Mapped[str] = mapped_column(String(80), default="")  # of the machine
    identity: Mapped[str] = mapped_column(String(20))  # contract.fleet_api.IdentityState
    epoch: Mapped[int] = mapped_column(Integer, default=0)
    certificate_serial: Mapped[str | None] = mapped_column(String(40))  # hex, the newest; see KioskCertificate
    certificate_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    key_kind: Mapped[str] = mapped_column(String(10), default="")  # "file" or "tpm"
    inventory: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    search_text: Mapped[str] = mapped_column(String(1000), default="")  # lower case, see fleet.search
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    enrolled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class KioskPulse(Base):
    """The last heartbeat, and what its reply has to say. Made when the kiosk is entered, then only updated."""

    __tablename__ = "kiosk_pulse"
    __table_args__ = ({"postgresql_with": {"fillfactor": "70"}},)

    kiosk_id: Mapped[str] = mapped_column(ForeignKey("kiosk.kiosk_id", ondelete="CASCADE"), primary_key=True)
    # Who may write this row. `serials`: the certificate in use and, during a renewal, the one before, as "|a|b|".
    accepts: Mapped[bool] = mapped_column(Boolean, default=False)  # False: anything but enrolled
    serials: Mapped[str] = mapped_column(String(90), default="")
    # What the kiosk said last
    seq: Mapped[int] = mapped_column(BigInteger, default=0)
    boot: Mapped[str] = mapped_column(String(40), default="")
    previous_boot: Mapped[str] = mapped_column(String(40), default="")
    seen_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # our clock
    sent_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # the kiosk's
    digest: Mapped[str] = mapped_column(String(32), default="")  # of the report
    previous_digest: Mapped[str] = mapped_column(String(32), default="")
    uptime_s: Mapped[int] = mapped_column(Integer, default=0)
    session_open: Mapped[bool] = mapped_column(Boolean, default=False)
    interface_age_s: Mapped[int] = mapped_column(Integer, default=0)  # since the screen last drew
    temperature_dc: Mapped[int | None] = mapped_column(Integer)  # tenths of a degree Celsius
    disk_free_mb: Mapped[int | None] = mapped_column(Integer)
    disk_wear_pct: Mapped[int | None] = mapped_column(Integer)
    counters: Mapped[str] = mapped_column(String(2000), default="{}")  # JSON, totals of the kiosk's life
    boot_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # when `boot` was first heard; our clock
    # Signs of a second kiosk with this identity: see heartbeat.clones
    strikes: Mapped[int] = mapped_column(Integer, default=0, server_default="0")
    strike: Mapped[str] = mapped_column(String(70), default="", server_default="")  # "SEQ:BOOT" of the last one
    strike_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    # When it is missed: Unix seconds, and how many after the last heartbeat that is; 0: never heard
    silent_after: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
    patience_s: Mapped[int] = mapped_column(Integer, default=0, server_default="0")
    # What it is told
    interval_s: Mapped[int] = mapped_column(Integer, default=0)  # 0: the fleet's own
    commands_waiting: Mapped[bool] = mapped_column(Boolean, default=False)
    settings_wanted: Mapped[int] = mapped_column(Integer, default=0)
    content_wanted: Mapped[str] = mapped_column(String(80), default="")
    software_wanted: Mapped[str] = mapped_column(String(80), default="")
    rollout_id: Mapped[str] = mapped_column(String(40), default="")  # the one that wants it; "": none


class KioskState(Base):
    """How a kiosk is, for people. Written when a report differs from the one before, or when it falls silent."""

    __tablename__ = "kiosk_state"
    __table_args__ = (
        # With the id: counting and the worst-first list read the index only.
        Index("ix_kiosk_state_region_code_health_kiosk_id", "region_code", "health", "kiosk_id"),
        Index("ix_kiosk_state_health_region_code", "health", "region_code"),
    )

    kiosk_id: Mapped[str] = mapped_column(ForeignKey("kiosk.kiosk_id", ondelete="CASCADE"), primary_key=True)
    region_code: Mapped[str] = mapped_column(String(12))
    health: Mapped[str] = mapped_column(String(20), default="planned")  # fleet.health.Health
    online: Mapped[bool] = mapped_column(Boolean, default=False)
    online_changed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    in_service: Mapped[bool] = mapped_column(Boolean, default=False)
    report: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)  # contract.fleet_api.KioskReport
    troubles: Mapped[list[Any]] = mapped_column(JSON, default=list)  # fleet.health.Trouble, worst first
    trouble: Mapped[str] = mapped_column(String(60), default="", index=True)  # the worst one's code
    software: Mapped[str] = mapped_column(String(80), default="")
    content: Mapped[str] = mapped_column(String(80), default="")
    settings: Mapped[int] = mapped_column(Integer, default=0)
    changed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class KioskEvent(Base):
    """What happened to a kiosk, in the order we heard of it. Never personal data."""

    __tablename__ = "kiosk_event"
    __table_args__ = (Index("ix_kiosk_event_kiosk_id_id", "kiosk_id", "id"), Index("ix_kiosk_event_at", "at"))

    id: Mapped[int] = mapped_column(Serial, primary_key=True, autoincrement=True)
    kiosk_id: Mapped[str] = mapped_column(String(60))
    region_code: Mapped[str] = mapped_column(String(12))
    at: Mapped[datetime] = mapped_column(UtcDateTime)  # our clock
    kind: Mapped[str] = mapped_column(String(40))  # fleet.events.EventKind
    severity: Mapped[str] = mapped_column(String(10))  # info, warning, error
    detail: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
