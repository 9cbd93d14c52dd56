"""What the words of an uninterruptible supply mean for the kiosk."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from drivers.cabinet.port import Mains, Power


@dataclass(frozen=True)
class PowerTimings:
    """Seconds."""

    poll: float = 2.0
    on_battery_after: float = 10.0  # most failures of the mains are shorter; nobody needs to notice
    silent_after: float = 10.0  # upsd is restarted by updates
    battery_outlasts: float = 1800.0  # still running after so long in silence: the mains must have come back


@dataclass(frozen=True)
class Supply:
    """What the supply says of itself (`ups.status`, `battery.*`)."""

    tokens: frozenset[str] = frozenset()
    battery_percent: int | None = None
    runtime_s: int | None = None
    identity: str = ""

    @property
    def says_something(self) -> bool:
        """Whether it says how the mains are. A driver that has just started says WAIT, some supplies say OFF."""
        return bool(self.tokens & {"OL", "OB", "LB", "FSD"})

    @property
    def on_mains(self) -> bool:
        return "OL" in self.tokens

    @property
    def on_battery(self) -> bool:
        return "OB" in self.tokens and not self.on_mains

    @property
    def must_shut_down(self) -> bool:
        """FSD: the supply will cut the power. LB alone does not say that: with OL it is a battery that charges again
        after a failure, and a kiosk that shut down then would do so at every start."""
        return "FSD" in self.tokens or ("LB" in self.tokens and not self.on_mains)


def read_supply(variables: Mapping[str, str]) -> Supply:
    """From NUT's variables; what is absent or nonsense is None."""
    maker = variables.get("device.mfr", variables.get("ups.mfr", ""))
    model = variables.get("device.model", variables.get("ups.model", ""))
    percent = _number(variables.get("battery.charge", ""))
    return Supply(
        tokens=frozenset(variables.get("ups.status", "").split()),
        battery_percent=None if percent is None else min(100, percent),
        runtime_s=_number(variables.get("battery.runtime", "")),
        identity="".join(each if each.isprintable() else " " for each in f"{maker} {model}").strip()[:80],
    )


def _number(text: str) -> int | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return round(value) if math.isfinite(value) and 0 <= value < 1e9 else None


@dataclass
class PowerPolicy:
    """Remembers since when the mains fail and the supply is silent. Times are of any monotonic clock, in seconds."""

    timings: PowerTimings = field(default_factory=PowerTimings)
    power: Power = field(default_factory=Power)
    failures: int = 0  # of the mains, also the short ones
    _off_since: float | None = None
    _silent_since: float | None = None

    def heard(self, supply: Supply, now: float) -> Power:
        """The supply `says_something`."""
        self._silent_since = None
        if supply.on_battery and self._off_since is None:
            self._off_since = now
            self.failures += 1
        elif not supply.on_battery:
            self._off_since = None
        self.power = Power(
            mains=self._mains(supply, now),
            battery_percent=supply.battery_percent,
            runtime_s=supply.runtime_s,
            replace_battery="RB" in supply.tokens,
            overloaded="OVER" in supply.tokens,
            battery_low="LB" in supply.tokens,
        )
        return self.power

    def silent(self, now: float) -> Power:
        """Silence says nothing: for a moment the last word holds. What was heard of a failure holds longer, for upsd
        is among the first to stop when the machine shuts down."""
        if self._silent_since is None:
            self._silent_since = now
        patience = self.timings.silent_after
        if self.power.mains in (Mains.ON_BATTERY, Mains.BATTERY_LOW):
            patience = self.timings.battery_outlasts
        if now - self._silent_since >= patience:
            self.power = replace(Power(), mains=Mains.UNKNOWN)
            self._off_since = None
        return self.power

    def silent_for(self, now: float) -> float:
        return 0.0 if self._silent_since is None else now - self._silent_since

    def _mains(self, supply: Supply, now: float) -> Mains:
        if supply.must_shut_down:
            return Mains.BATTERY_LOW
        if self._off_since is not None:
            late = now - self._off_since >= self.timings.on_battery_after
            # A battery that was low and no longer is has not made the mains come back.
            failed_before = self.power.mains in (Mains.ON_BATTERY, Mains.BATTERY_LOW)
            return Mains.ON_BATTERY if late or failed_before else Mains.ONLINE
        return Mains.ONLINE
