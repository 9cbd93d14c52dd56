"""The desk looks at itself: money that stands still, jobs not done, messages not sent, rosters, rollouts."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta

from sqlalchemy import and_, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from backend.alerts.config import RuleConfig
from backend.alerts.duty.roster import on_duty
from backend.alerts.messages import CHINA
from backend.alerts.models import Alert, AlertMessage, MessageState
from backend.alerts.observe import Seen, observe_whole, subject_of
from backend.alerts.rules import RULES, Finding
from backend.alerts.supplies.models import SupplyTrack
from backend.assistance.calls import waiting_calls
from backend.contract.fleet_api import IdentityState
from backend.contract.kiosk_api import PaymentState
from backend.db.engine import Sessions, writing
from backend.fleet.models import Kiosk
from backend.operations.jobs import JobLease, Jobs, Lease
from backend.payments.models import PaymentRow
from backend.regions.division import COUNTRY
from backend.releases.gate import Verdict
from backend.releases.models import Rollout, RolloutGroup
from backend.releases.states import RolloutState
from backend.stock.watch import low_stocks
from content.signing.roles import LIFE, SigningFault

_SIGNING_STEPS = (30, 14, 7, 1, 0)  # days left; told again at each
_AT_MOST = 500  # of one rule: more than that nobody reads
_GIVEN_UP_FOR = timedelta(hours=1)
_ROLLOUT_FOR = timedelta(days=3)


class DeskWatch:
    """`signed`: the ends of what is signed, by role. Blocking. Raises SigningFault."""

    def __init__(
        self,
        sessions: Sessions,
        jobs: Jobs,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        *,
        signed: Callable[[], Mapping[str, datetime]] = dict,
    ) -> None:
        self._sessions = sessions
        self._signed = signed
        self._jobs = jobs
        self._clock = clock
        self._started = clock()

    async def run(self, lease: Lease | None = None) -> None:
        now = self._clock()
        looks = {
            "staff-call": waiting_calls,
            "stock-low": low_stocks,
            "payment": self._payments,
            "desk-job": self._late_jobs,
            "desk-outbox": self._outbox,
            "duty-empty": self._rosters,
            "rollout": self._rollouts,
            "supply-forecast": self._forecasts,
            "content-signing": self._signatures,
        }
        for name, look in looks.items():
            async with writing(self._sessions) as session:
                config = await RuleConfig.load(session)
                threshold = config.of(name, COUNTRY).threshold
                await observe_whole(session, RULES[name], await look(session, threshold, now), config, now)
                await session.commit()

    async def _payments(self, session: AsyncSession, minutes: float, now: datetime) -> list[Seen]:
        before = now - timedelta(minutes=minutes)
        begun = func.coalesce(PaymentRow.paid_at, PaymentRow.created_at)
        kinds = (
            ("not-posted", and_(PaymentRow.state == PaymentState.PAID, PaymentRow.paid_at < before)),
            ("refund-stuck", and_(PaymentRow.state == PaymentState.REFUNDING, begun < before)),
            ("unknown", and_(PaymentRow.state == PaymentState.UNKNOWN, PaymentRow.created_at < before)),
        )
        found: list[Seen] = []
        for what, condition in kinds:
            rows = await session.execute(
                select(
                    PaymentRow.intent_id,
                    PaymentRow.kiosk_id,
                    PaymentRow.amount_fen,
                    begun,
                    Kiosk.region_code,
                )
                .outerjoin(Kiosk, Kiosk.kiosk_id == PaymentRow.kiosk_id)
                .where(condition)
                .order_by(PaymentRow.created_at)
                .limit(_AT_MOST)
            )
            # Its own numbers only: nothing of the customer.
            for intent_id, kiosk_id, fen, since, region in rows:
                detail = {"what": what, "amount_fen": fen, "intent": intent_id}
                since = since.replace(tzinfo=UTC) if since.tzinfo is None else since
                finding = Finding(since, detail=detail)
                found.append(Seen("payment", f"payment:{intent_id}", kiosk_id, region or COUNTRY, finding))
        return found

    async def _late_jobs(self, session: AsyncSession, minutes: float, now: datetime) -> list[Seen]:
        """Jobs of this program that nobody has finished for long, though each should come round in seconds."""
        leases = {row.name: row for row in await session.scalars(select(JobLease))}
        found: list[Seen] = []
        for job in self._jobs.jobs.values():
            patience = timedelta(seconds=2 * job.every_s) + timedelta(minutes=minutes)
            row = leases.get(job.name)
            last = (row.finished_at if row else None) or self._started
            if now - last > patience:
                finding = Finding(last, detail={"job": job.name})
                found.append(Seen("desk-job", f"job:{job.name}", None, COUNTRY, finding))
        return found

    async def _outbox(self, session: AsyncSession, minutes: float, now: datetime) -> list[Seen]:
        late = and_(
            AlertMessage.state == MessageState.WAITING.value,
            AlertMessage.attempts > 0,
            AlertMessage.created_at < now - timedelta(minutes=minutes),
        )
        given_up = and_(AlertMessage.state == MessageState.GIVEN_UP.value, AlertMessage.next_at > now - _GIVEN_UP_FOR)
        rows = await session.execute(
            select(AlertMessage.channel, func.count()).where(or_(late, given_up)).group_by(AlertMessage.channel)
        )
        found: list[Seen] = []
        for channel, number in rows:
            detail = {"channel": channel, "waiting": number, "value": number}
            found.append(Seen("desk-outbox", f"channel:{channel}", None, COUNTRY, Finding(now, detail=detail)))
        return found

    async def _rosters(self, session: AsyncSession, threshold: float, now: datetime) -> list[Seen]:
        """Raised when somebody had to be told and nobody was there; here only asked whether it still is so."""
        query = select(Alert).where(Alert.rule == "duty-empty", Alert.live.is_not(None))
        return [
            Seen("duty-empty", alert.subject, None, alert.region_code, Finding(alert.since))
            for alert in await session.scalars(query)
            if await on_duty(session, alert.region_code, now) is None
        ]

    async def _rollouts(self, session: AsyncSession, threshold: float, now: datetime) -> list[Seen]:
        """Halted lately; after three days everybody knows."""
        query = select(Rollout).where(
            Rollout.state == RolloutState.HALTED.value, Rollout.finished_at > now - _ROLLOUT_FOR
        )
        found: list[Seen] = []
        for rollout in (await session.scalars(query)).all():
            reports = await session.scalars(
                select(RolloutGroup.report).where(RolloutGroup.rollout_id == rollout.rollout_id)
            )
            by_hand = not any(report.get("verdict") == Verdict.HALT for report in reports)
            detail = {"name": rollout.title, "rollout": rollout.rollout_id, "by_hand": by_hand}
            finding = Finding(rollout.finished_at or now, detail=detail)
            found.append(Seen("rollout", f"rollout:{rollout.rollout_id}", None, rollout.region_code, finding))
        return found

    async def _signatures(self, session: AsyncSession, days: float, now: datetime) -> list[Seen]:
        """The offline roles in days; the desk's own last only days, and it renews them at half their lives."""
        try:
            ends = await asyncio.to_thread(self._signed)
        except SigningFault:
            return [Seen("content-signing", "signing:damaged", None, COUNTRY, Finding(now))]
        found: list[Seen] = []
        for role, until in ends.items():
            left, notice = until - now, min(timedelta(days=days), LIFE[role] / 4)
            if left <= notice:
                steps = [step for step in _SIGNING_STEPS if left <= timedelta(days=step)]
                shown = math.ceil(max(left / timedelta(days=1), 0))
                detail = {"role": role, "days": shown, "over": left <= timedelta(0)}
                finding = Finding(until - notice, detail=detail, step=len(steps))
                found.append(Seen("content-signing", f"signing:{role}", None, COUNTRY, finding))
        return found

    async def _forecasts(self, session: AsyncSession, days: float, now: datetime) -> list[Seen]:
        rows = await session.execute(
            select(SupplyTrack, Kiosk.region_code)
            .join(Kiosk, Kiosk.kiosk_id == SupplyTrack.kiosk_id)
            .where(SupplyTrack.runs_out_at < now + timedelta(days=days), Kiosk.identity == IdentityState.ENROLLED.value)
        )
        found: list[Seen] = []
        for track, region in rows:
            assert track.runs_out_at is not None  # noqa: S101 - the condition says so
            day = track.runs_out_at.astimezone(CHINA).strftime("%m-%d")
            detail = {"device": track.device, "supply": track.supply, "day": day, "value": track.level}
            subject = subject_of(track.kiosk_id, f"{track.device}.{track.supply}")
            found.append(Seen("supply-forecast", subject, track.kiosk_id, region, Finding(now, detail=detail)))
        return found
