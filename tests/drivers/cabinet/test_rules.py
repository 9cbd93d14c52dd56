"""What somebody has to come for."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.cabinet.part import Trouble, broken
from drivers.cabinet.port import CabinetState, Mains, Power, Sensor, Storage
from drivers.cabinet.rules import Thresholds, sum_up
from drivers.status import Action, DeviceState, SupplyState

LIMITS = Thresholds(hot_c=80, warm_c=50, least_free_bytes=1000, worn_percent=90)


@pytest.mark.parametrize(
    ("state", "device", "action"),
    [
        (CabinetState(), DeviceState.ONLINE, Action.NONE),
        (CabinetState(sensors=dict.fromkeys(Sensor, False) | {Sensor.FAN: True}), DeviceState.ONLINE, Action.NONE),
        (CabinetState(sensors={Sensor.PRESENCE: True}), DeviceState.ONLINE, Action.NONE),
        (CabinetState(sensors={Sensor.VIBRATION: True}), DeviceState.ONLINE, Action.NONE),
        (CabinetState(sensors={Sensor.HEADSET: True}), DeviceState.ONLINE, Action.NONE),
        (CabinetState(sensors={Sensor.DOOR: True}), DeviceState.USER_ERROR, Action.CLEAR),
        (CabinetState(sensors={Sensor.TAMPER: True}), DeviceState.FRAUD_ATTEMPT, Action.MAINTENANCE),
        (CabinetState(sensors={Sensor.FAN: False}), DeviceState.ONLINE, Action.MAINTENANCE),
        (CabinetState(sensors={Sensor.FAN: False}, temperature_c=49), DeviceState.ONLINE, Action.NONE),
        (CabinetState(sensors={Sensor.FAN: False}, temperature_c=80), DeviceState.HARDWARE_ERROR, Action.MAINTENANCE),
        (CabinetState(temperature_c=79.9), DeviceState.ONLINE, Action.NONE),
        (CabinetState(power=Power(Mains.ON_BATTERY)), DeviceState.ONLINE, Action.RESET),
        (CabinetState(power=Power(Mains.BATTERY_LOW)), DeviceState.HARDWARE_ERROR, Action.CLEAR),
        (CabinetState(power=Power(Mains.ONLINE, overloaded=True)), DeviceState.ONLINE, Action.MAINTENANCE),
        (CabinetState(storage=Storage(free_bytes=1000, wear_percent=89)), DeviceState.ONLINE, Action.NONE),
        (CabinetState(storage=Storage(free_bytes=999)), DeviceState.HARDWARE_ERROR, Action.MAINTENANCE),
        (CabinetState(storage=Storage(wear_percent=110)), DeviceState.ONLINE, Action.MAINTENANCE),
    ],
)
def test_state_and_action(state: CabinetState, device: DeviceState, action: Action) -> None:
    status = sum_up(state, LIMITS)
    assert (status.device, status.action) == (device, action)
    assert bool(status.detail) == (action is not Action.NONE)


def test_the_worst_comes_first_and_the_most_skilled_person() -> None:
    state = CabinetState(
        power=Power(Mains.ON_BATTERY, 70),
        sensors={Sensor.DOOR: True, Sensor.TAMPER: True},
        storage=Storage(wear_percent=95),
    )
    status = sum_up(state, LIMITS, [broken("lights: no chip")], counters={"tampers": 1}, identity="UPS")
    assert status.device is DeviceState.FRAUD_ATTEMPT
    assert status.action is Action.MAINTENANCE
    assert status.detail.split("; ") == [
        "tamper loop open",
        "lights: no chip",
        "door open",
        "no mains, on battery",
        "disk worn: 90 % of its promised life used",
    ]
    assert status.levels == {"battery": 70, "disk_life": 5}
    assert status.supplies == {"battery": SupplyState.LOW}
    assert status.counters == {"tampers": 1}


def test_not_ready_before_every_part_was_looked_at() -> None:
    assert sum_up(CabinetState(), LIMITS, known=False).device is DeviceState.STARTING
    worse = sum_up(CabinetState(), LIMITS, [Trouble(DeviceState.UNKNOWN, Action.MAINTENANCE, "x")], known=False)
    assert worse.device is DeviceState.UNKNOWN


@pytest.mark.parametrize(
    ("power", "battery"),
    [
        (Power(Mains.ONLINE, 12, battery_low=True), SupplyState.LOW),
        (Power(Mains.ONLINE, None), SupplyState.UNKNOWN),
        (Power(Mains.ONLINE, 100), SupplyState.FULL),
        (Power(Mains.ON_BATTERY, None), SupplyState.LOW),
        (Power(Mains.BATTERY_LOW, 9, battery_low=True), SupplyState.OUT),
        (Power(Mains.UNKNOWN), SupplyState.UNKNOWN),
    ],
)
def test_what_is_said_of_the_battery(power: Power, battery: SupplyState) -> None:
    assert sum_up(CabinetState(power=power), LIMITS).supplies == {"battery": battery}


SENSORS = st.dictionaries(st.sampled_from(Sensor), st.booleans())


@given(SENSORS, st.one_of(st.none(), st.floats(-40, 150)))
def test_tampering_is_never_hidden(sensors: dict[Sensor, bool], heat: float | None) -> None:
    status = sum_up(CabinetState(sensors=sensors, temperature_c=heat), LIMITS)
    assert (status.device is DeviceState.FRAUD_ATTEMPT) == bool(sensors.get(Sensor.TAMPER))
