"""Enrolled kiosks that answer rollouts, without their network: what they hear is written into their pulses."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import select, update

from backend.contract.fleet_api import IdentityState, RolloutReport
from backend.db.engine import writing
from backend.fleet.models import Kiosk, KioskPulse, KioskState
from backend.operations.jobs import Jobs
from backend.releases.models import Rollout, RolloutMember
from backend.releases.reports import take_report
from backend.releases.states import MemberState
from backend.releases.stepper import Stepper
from backend.staff.roles import Role
from tests.backend.desk import Desk, staff_with

PUBLISHER = staff_with(Role.PUBLISHER)
SECOND = staff_with(Role.SECURITY_ADMIN)
PROVINCE = "99" + "0" * 10


@dataclass
class Fleet:
    desk: Desk
    now: datetime = field(default_factory=lambda: datetime.now(UTC))  # people's deeds carry the real clock
    release_id: str = ""

    async def enrol_all(self) -> list[str]:
        async with writing(self.desk.sessions) as session:
            await session.execute(update(Kiosk).values(identity=IdentityState.ENROLLED.value))
            await session.execute(update(KioskState).values(content="v1", online=True))
            await session.commit()
            return sorted(await session.scalars(select(Kiosk.kiosk_id)))

    async def enter(self, kind: str = "trial", version: str = "v2", data: bytes = b'{"version": "v2"}') -> str:
        reply = await self.desk.post(
            "/api/staff/v1/releases",
            PUBLISHER,
            data={"kind": kind, "version": version},
            files={"payload": ("payload", data)},
        )
        assert reply.status_code == 201, reply.text
        self.release_id = reply.json()["release_id"]
        return self.release_id

    async def plan(self, **changes: Any) -> dict[str, Any]:
        plan = {
            "title": "第二版",
            "release_id": self.release_id,
            "members": {"regions": [PROVINCE]},
            "groups": [{"name": "a", "share": 10}, {"name": "b", "share": 100}],
            "min_sample": 5,
            "max_error_share": 0.1,
            "soak_s": 0,
            "silence_s": 600,
            "reach_s": 3600,
        } | changes
        reply = await self.desk.post("/api/staff/v1/rollouts", PUBLISHER, json=plan)
        assert reply.status_code == 201, reply.text
        body: dict[str, Any] = reply.json()
        return body

    async def start(self, rollout: dict[str, Any]) -> str:
        """With four eyes."""
        rollout_id: str = rollout["rollout_id"]
        await self.deed(rollout_id, "request-release")
        await self.agree()
        return rollout_id

    async def agree(self) -> None:
        from backend.staff.approvals import Approval, ApprovalState, decide

        async with writing(self.desk.sessions) as session:
            asked = await session.scalar(select(Approval).where(Approval.state == ApprovalState.OPEN.value))
            assert asked is not None
            await decide(session, SECOND, asked.approval_id, True, datetime.now(UTC))
            await session.commit()

    async def deed(self, rollout_id: str, deed: str, expect: int = 200) -> dict[str, Any]:
        reply = await self.desk.post(f"/api/staff/v1/rollouts/{rollout_id}/deeds", PUBLISHER, json={"deed": deed})
        assert reply.status_code == expect, reply.text
        await self.step()  # the pulses follow
        body: dict[str, Any] = reply.json()
        return body

    async def step(self, seconds: float = 0) -> None:
        """The rollouts' job, `seconds` later."""
        self.now += timedelta(seconds=seconds)
        jobs = Jobs(self.desk.sessions, lambda: self.now)
        jobs.add("rollouts", 3600, Stepper(self.desk.sessions, lambda: self.now).run)
        assert await jobs.run_once("rollouts")

    async def members(self, rollout_id: str, *states: MemberState) -> list[str]:
        async with self.desk.sessions() as session:
            query = select(RolloutMember.kiosk_id).where(RolloutMember.rollout_id == rollout_id)
            if states:
                query = query.where(RolloutMember.state.in_([state.value for state in states]))
            return sorted(await session.scalars(query))

    async def told(self) -> list[str]:
        """Whose heartbeat would be answered with an order."""
        async with self.desk.sessions() as session:
            return sorted(await session.scalars(select(KioskPulse.kiosk_id).where(KioskPulse.rollout_id != "")))

    async def heartbeat(self, kiosks: list[str]) -> None:
        async with writing(self.desk.sessions) as session:
            seen_at = self.now + timedelta(seconds=1)
            await session.execute(update(KioskPulse).where(KioskPulse.kiosk_id.in_(kiosks)).values(seen_at=seen_at))
            await session.commit()

    async def say(self, rollout_id: str, kiosks: list[str], stage: str, version: str = "v2", detail: str = "") -> None:
        for kiosk in kiosks:
            async with writing(self.desk.sessions) as session:
                report = RolloutReport(stage=stage, version=version, detail=detail)
                assert await take_report(session, rollout_id, kiosk, report, self.now)
                await session.commit()

    async def state(self, rollout_id: str) -> str:
        async with self.desk.sessions() as session:
            return (await session.get_one(Rollout, rollout_id)).state
