"""What a heartbeat's reply says of a rollout. Asked once per heartbeat of a member, so answered from memory."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from backend.contract.fleet_api import RolloutOrder
from backend.db.engine import Sessions
from backend.releases.models import Release, Rollout
from backend.releases.states import RolloutState
from backend.releases.windows import switch_time

_FRESH_S = 2.0  # how long a pause or a halt may take to be heard
_KEPT = 200


@dataclass(frozen=True)
class _Known:
    until: float  # monotonic
    state: RolloutState
    release_id: str
    kind: str
    version: str
    sha256: str
    size: int
    bytes_per_s: int
    window_from: int | None
    window_to: int | None


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
        if known is None or known.state not in (RolloutState.RUNNING, RolloutState.DONE, RolloutState.ROLLING_BACK):
            return None
        back = known.state is RolloutState.ROLLING_BACK
        return RolloutOrder(
            rollout_id=rollout_id,
            release_id=known.release_id,
            kind=known.kind,
            version=known.version,
            sha256=known.sha256,
            size=known.size,
            bytes_per_s=known.bytes_per_s,
            # What is broken goes back at once, not in the night.
            not_before=None if back else switch_time(self._clock(), known.window_from, known.window_to, kiosk_id),
            restore=back,
        )

    async def _look_up(self, rollout_id: str) -> _Known | None:
        async with self._sessions() as session:
            rollout = await session.get(Rollout, rollout_id)
            release = await session.get(Release, rollout.release_id) if rollout is not None else None
        known = None
        if rollout is not None and release is not None:
            known = _Known(
                time.monotonic() + _FRESH_S,
                RolloutState(rollout.state),
                release.release_id,
                release.kind,
                release.version,
                release.sha256,
                release.size,
                rollout.bytes_per_s,
                rollout.window_from,
                rollout.window_to,
            )
        if len(self._known) >= _KEPT:
            self._known.clear()
        self._known[rollout_id] = known
        return known
