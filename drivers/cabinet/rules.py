"""What somebody has to come for: the cabinet's state summed up to one status."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from drivers.cabinet.part import Trouble, broken
from drivers.cabinet.port import CabinetState, Mains, Power, Sensor, Storage
from drivers.status import Action, DeviceState, DeviceStatus, SupplyState


@dataclass(frozen=True)
class Thresholds:
    """`hot_c`: the machine may fail. `warm_c`: from here on a fan that stands still is missed."""

    hot_c: float = 80.0
    warm_c: float = 50.0
    least_free_bytes: int = 500 * 1024 * 1024
    worn_percent: int = 90


# From harmless to worst; the worst trouble's state is the cabinet's.
_STATES = (
    DeviceState.ONLINE,
    DeviceState.STARTING,
    DeviceState.USER_ERROR,
    DeviceState.UNKNOWN,
    DeviceState.HARDWARE_ERROR,
    DeviceState.FRAUD_ATTEMPT,
)
_ACTIONS = (Action.NONE, Action.RESET, Action.CLEAR, Action.MAINTENANCE)


def sum_up(
    state: CabinetState,
    thresholds: Thresholds,
    parts: Sequence[Trouble] = (),
    *,
    known: bool = True,
    counters: dict[str, int] | None = None,
    identity: str = "",
) -> DeviceStatus:
    """`parts`: what is wrong with the parts themselves; `known`: each has been looked at."""
    troubles = [*state_troubles(state, thresholds), *parts]
    if not known:
        troubles.append(Trouble(DeviceState.STARTING, Action.NONE, "not all parts have been looked at"))
    troubles.sort(key=lambda trouble: _STATES.index(trouble.device), reverse=True)
    levels = {}
    if state.power is not None and state.power.battery_percent is not None:
        levels["battery"] = state.power.battery_percent
    if state.storage is not None and state.storage.wear_percent is not None:
        levels["disk_life"] = max(0, 100 - state.storage.wear_percent)
    return DeviceStatus(
        device=troubles[0].device if troubles else DeviceState.ONLINE,
        supplies={} if state.power is None else {"battery": _battery(state.power)},
        action=max((trouble.action for trouble in troubles), key=_ACTIONS.index, default=Action.NONE),
        detail="; ".join(trouble.detail for trouble in troubles),
        levels=levels,
        counters=counters or {},
        identity=identity,
    )


def state_troubles(state: CabinetState, thresholds: Thresholds) -> Iterator[Trouble]:
    yield from _sensors(state, thresholds)
    if state.power is not None:
        yield from _power(state.power)
    if state.temperature_c is not None and state.temperature_c >= thresholds.hot_c:
        yield broken(f"too hot: over {thresholds.hot_c:g} °C")
    if state.storage is not None:
        yield from _storage(state.storage, thresholds)


def _sensors(state: CabinetState, thresholds: Thresholds) -> Iterator[Trouble]:
    sensors = state.sensors
    if sensors.get(Sensor.TAMPER):
        yield Trouble(DeviceState.FRAUD_ATTEMPT, Action.MAINTENANCE, "tamper loop open")
    if sensors.get(Sensor.DOOR):
        yield Trouble(DeviceState.USER_ERROR, Action.CLEAR, "door open")
    if sensors.get(Sensor.SERVICE_DOOR):
        yield Trouble(DeviceState.USER_ERROR, Action.CLEAR, "service door open, maintenance in progress")
    # A fan with a thermostat stands still while it is cool.
    warm = state.temperature_c is None or state.temperature_c >= thresholds.warm_c
    if sensors.get(Sensor.FAN) is False and warm:
        yield Trouble(DeviceState.ONLINE, Action.MAINTENANCE, "fan stands still")


def _power(power: Power) -> Iterator[Trouble]:
    if power.mains is Mains.BATTERY_LOW:
        # A clerk can look at the plug and the breaker before a technician travels.
        yield Trouble(DeviceState.HARDWARE_ERROR, Action.CLEAR, "no mains, battery nearly empty, shutting down")
    elif power.mains is Mains.ON_BATTERY:
        yield Trouble(DeviceState.ONLINE, Action.RESET, "no mains, on battery")
    if power.replace_battery:
        yield Trouble(DeviceState.ONLINE, Action.MAINTENANCE, "battery of the power supply must be replaced")
    if power.overloaded:
        yield Trouble(DeviceState.ONLINE, Action.MAINTENANCE, "power supply overloaded")


def _storage(storage: Storage, thresholds: Thresholds) -> Iterator[Trouble]:
    if storage.read_only:
        yield broken("disk cannot be written")
    if storage.full:
        yield broken("disk full: no room for the journal")
    elif storage.free_bytes is not None and storage.free_bytes < thresholds.least_free_bytes:
        yield broken(f"disk full: less than {thresholds.least_free_bytes // (1024 * 1024)} MiB free")
    if storage.wear_percent is not None and storage.wear_percent >= thresholds.worn_percent:
        detail = f"disk worn: {thresholds.worn_percent} % of its promised life used"
        yield Trouble(DeviceState.ONLINE, Action.MAINTENANCE, detail)


def _battery(power: Power) -> SupplyState:
    """How it is filled, where the supply says so; without mains it is running down."""
    if power.mains is Mains.ONLINE and power.battery_low:
        return SupplyState.LOW
    if power.mains is Mains.ONLINE and power.battery_percent is None:
        return SupplyState.UNKNOWN
    return {
        Mains.ONLINE: SupplyState.FULL,
        Mains.ON_BATTERY: SupplyState.LOW,
        Mains.BATTERY_LOW: SupplyState.OUT,
        Mains.UNKNOWN: SupplyState.UNKNOWN,
    }[power.mains]
