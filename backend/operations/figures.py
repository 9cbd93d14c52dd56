"""Figures that are looked up in the database when Prometheus asks: the same in every process.

    app.state.figures.add("menkou_outbox_waiting", "Messages to be sent.", select(func.count()).where(…))

A query gives one number, or rows of (label, number) where `label` is named. They are remembered for a while, so that
several askers cost one look.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import structlog
from prometheus_client.core import GaugeMetricFamily
from sqlalchemy import Select, func, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

from backend.db.engine import Sessions
from backend.fleet.models import Kiosk, KioskState
from backend.operations.jobs import JobLease
from backend.payments.models import PaymentRow

log = structlog.get_logger()

_KEPT_S = 10.0


@dataclass(frozen=True)
class Figure:
    name: str
    what: str
    query: Select[Any]
    label: str = ""


class Figures:
    def __init__(self, sessions: Sessions, engine: AsyncEngine) -> None:
        self._sessions = sessions
        self._engine = engine
        self._figures: list[Figure] = []
        self._kept: list[GaugeMetricFamily] = []
        self._kept_at = float("-inf")
        self._lock = asyncio.Lock()
        self.add("menkou_kiosks", "Kiosks by their health.", _by(KioskState.health), "health")
        self.add("menkou_job_finished_timestamp_seconds", "When a job was done last, anywhere.", _finished(), "job")
        unsettled = select(func.count()).where(PaymentRow.next_at.is_not(None))
        self.add("menkou_payments_unsettled", "Payments that still have to be looked at.", unsettled)
        ends = select(func.min(Kiosk.certificate_until)).where(Kiosk.identity == "enrolled")
        self.add("menkou_kiosk_certificate_first_end_timestamp_seconds", "The end of the one that ends first.", ends)

    def add(self, name: str, what: str, query: Select[Any], label: str = "") -> None:
        """`query`: one number or moment; with `label`, rows of (label's value, number or moment)."""
        self._figures.append(Figure(name, what, query, label))

    async def look(self) -> list[GaugeMetricFamily]:
        """All figures; those that cannot be had are left out, and `menkou_database_up` says why."""
        async with self._lock:
            if time.monotonic() - self._kept_at > _KEPT_S:
                self._kept = [*await self._read(), *self._pool()]
                self._kept_at = time.monotonic()
            return self._kept

    async def _read(self) -> list[GaugeMetricFamily]:
        up = GaugeMetricFamily("menkou_database_up", "1: the database answers.", value=0)
        found = [up]
        try:
            async with self._sessions() as session:
                for figure in self._figures:
                    rows = (await session.execute(figure.query)).all()
                    found.append(_family(figure, rows))
        except (SQLAlchemyError, OSError) as error:
            log.warning("figures_not_read", error=type(error).__name__)
            return found
        up.samples.clear()
        up.add_metric([], 1)
        return found

    def _pool(self) -> Iterable[GaugeMetricFamily]:
        family = GaugeMetricFamily("menkou_database_connections", "Of this process' pool.", labels=["state"])
        pool: Any = self._engine.pool
        if hasattr(pool, "checkedout"):
            family.add_metric(["in-use"], pool.checkedout())
            family.add_metric(["idle"], pool.checkedin())
        return [family]


def _by(column: Any) -> Any:
    return select(column, func.count()).group_by(column)


def _finished() -> Any:
    return select(JobLease.name, JobLease.finished_at).where(JobLease.finished_at.is_not(None))


def _family(figure: Figure, rows: Any) -> GaugeMetricFamily:
    if not figure.label:
        family = GaugeMetricFamily(figure.name, figure.what)
        if rows and rows[0][0] is not None:
            family.add_metric([], _number(rows[0][0]))
        return family
    family = GaugeMetricFamily(figure.name, figure.what, labels=[figure.label])
    for label, value in rows:
        if value is not None:
            family.add_metric([str(label)], _number(value))
    return family


def _number(value: Any) -> float:
    if isinstance(value, datetime):
        return value.replace(tzinfo=UTC).timestamp() if value.tzinfo is None else value.timestamp()
    return float(value)
