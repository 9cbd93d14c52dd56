"""The uninterruptible power supply, as a part of the cabinet."""

from __future__ import annotations

import asyncio

import structlog

from drivers.cabinet.nut_client import NutClient, NutSettings, SupplySilentError
from drivers.cabinet.part import PolledPart, Trouble
from drivers.cabinet.port import Power
from drivers.cabinet.power_policy import PowerPolicy, PowerTimings, read_supply
from drivers.status import Action, DeviceState

log = structlog.get_logger()


class UpsPart(PolledPart):
    name = "power supply"

    def __init__(self, settings: NutSettings, timings: PowerTimings) -> None:
        super().__init__(timings.poll)
        self._client = NutClient(settings)
        self._timings = timings
        self._policy = PowerPolicy(timings)

    @property
    def power(self) -> Power:
        return self._policy.power

    async def _look(self) -> Trouble | None:
        clock = asyncio.get_running_loop().time
        before = self._policy.power.mains
        trouble: Trouble | None = None
        try:
            supply = read_supply(await self._client.variables())
            if not supply.says_something:
                words = " ".join(sorted(supply.tokens))[:40] or "nothing"
                raise SupplySilentError(f"its status is {words}")
        except SupplySilentError as silent:
            self._policy.silent(clock())
            if not self.known or self._policy.silent_for(clock()) >= self._timings.silent_after:
                detail = f"power supply not heard: {silent}"
                trouble = Trouble(DeviceState.UNKNOWN, Action.MAINTENANCE, detail)
            else:
                trouble = self.trouble  # a moment's silence changes nothing
        else:
            self._policy.heard(supply, clock())
            self.identity = supply.identity
            self.counters = {"mains_failures": self._policy.failures}
        if self._policy.power.mains is not before:
            log.warning("mains_changed", mains=self._policy.power.mains.value)
        return trouble

    async def _release(self) -> None:
        await self._client.close()
