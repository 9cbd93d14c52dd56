"""What a heartbeat's reply says of a rollout. Asked once per heartbeat of a member, so answered from memory."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from backend.contract.fleet_api import RolloutOrder
from backend.db.engine import Sessions
from backend.releases.deadlines import deadline
from backend.releases.models import Release, Rollout
from backend.releases.offers import told_states
from backend.releases.states import RolloutState
from backend.releases.windows import switch_time

_FRESH_S = 2.0  # how long a pause or a halt may take to be heard
_KEPT = 200


@dataclass(frozen=True)
class _Known:
    until: float  # monotonic
    state: RolloutState
    rollout: Rollout
    release: Release


class RolloutOrders:
    def __init__(self, sessions: Sessions, clock: Callable[[], datetime]) -> None:
        self._sessions = sessions
        self._clock = clock
        self._known: dict[str, _Known | None] = {}

    async def order(self, rollout_id: str, kiosk_id: str) -> RolloutOrder | None:
        """What this member is to do; None while the rollout stands still or is over."""
        known = self._known.get(rollout_id)
        if known is None or known.until < time.monotonic():
            known = await self._look_up(rollout_id)
        if known is None or not told_states(known.state):
            return None
        back = known.state in (RolloutState.ROLLING_BACK, RolloutState.ROLLED_BACK)
        now = self._clock()
        return RolloutOrder(
            rollout_id=rollout_id,
            release_id=known.release.release_id,
            kind=known.release.kind,
            version=known.release.version,
            sha256=known.release.sha256,
            size=known.release.size,
            bytes_per_s=known.rollout.bytes_per_s,
            # What is broken goes back at once, not in the night, and however late.
            not_before=None if back else switch_time(now, known.rollout.window_from, known.rollout.window_to, kiosk_id),
            deadline=None if back else deadline(known.rollout, known.release, kiosk_id, now),
            restore=back,
        )

    async def _look_up(self, rollout_id: str) -> _Known | None:
        async with self._sessions() as session:
            rollout = await session.get(Rollout, rollout_id)
            release = await session.get(Release, rollout.release_id) if rollout is not None else None
        known = None
        if rollout is not None and release is not None:
            known = _Known(time.monotonic() + _FRESH_S, RolloutState(rollout.state), rollout, release)
        if len(self._known) >= _KEPT:
            self._known.clear()
        self._known[rollout_id] = known
        return known
