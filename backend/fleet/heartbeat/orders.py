"""What rides in a reply besides the pulse's own columns."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from backend.contract.fleet_api import CommandOrder, RolloutOrder
from backend.db.engine import Sessions, writing
from backend.fleet.commands.leases import take
from backend.fleet.identity.certificates import settle


class DatabaseOrders:
    """`rollouts`: gives the thing with `order(rollout_id, kiosk_id)`, or None while there is none."""

    def __init__(self, sessions: Sessions, rollouts: Callable[[], Any], clock: Callable[[], datetime]) -> None:
        self._sessions, self._rollouts, self._clock = sessions, rollouts, clock

    async def commands(self, held: Mapping[str, str], *, again: bool) -> Mapping[str, list[CommandOrder]]:
        async with writing(self._sessions) as session:
            orders = await take(session, held, self._clock(), again=again, held=held)
            await session.commit()
        return orders

    async def rollout(self, rollout_id: str, kiosk_id: str) -> RolloutOrder | None:
        rollouts = self._rollouts()
        if rollouts is None:
            return None
        order: RolloutOrder | None = await rollouts.order(rollout_id, kiosk_id)
        return order

    async def settle(self, kiosk_id: str, serial: str) -> None:
        async with writing(self._sessions) as session:
            if await settle(session, kiosk_id, serial, self._clock()):
                await session.commit()
