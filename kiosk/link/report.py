"""How the kiosk is, as a heartbeat's report: the same bytes for as long as nothing has changed that matters."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from backend.contract.fleet_api import DeviceReport, KioskReport, RolloutProgress
from drivers.status import DeviceStatus

_STEP = 5  # percent of a supply that is worth telling
_SHORT = 80
_LINE = 300


class ReportBuilder:
    """Remembers what was told of each level, so that a reading that trembles by a percent changes nothing."""

    def __init__(self) -> None:
        self._told: dict[tuple[str, str], int] = {}

    def build(
        self,
        devices: Mapping[str, DeviceStatus],
        *,
        software: str,
        content: str,
        settings: int,
        out_of_service: str = "",
        rollout: RolloutProgress | None = None,
    ) -> bytes:
        report = KioskReport(
            software=software[:_SHORT],
            content=content[:_SHORT],
            settings=settings,
            in_service=not out_of_service,
            out_of_service=out_of_service[:_LINE],
            devices={name: self._device(name, status) for name, status in sorted(devices.items())},
            rollout=rollout,
        )
        return msgspec.json.encode(report, order="deterministic")

    def _device(self, name: str, status: DeviceStatus) -> DeviceReport:
        return DeviceReport(
            state=status.device.value,
            supplies={key: state.value for key, state in status.supplies.items()},
            action=status.action.value,
            detail=status.detail[:_LINE],
            levels={key: self._level((name, key), percent) for key, percent in status.levels.items()},
            identity=status.identity[:_LINE],
        )

    def _level(self, of: tuple[str, str], percent: int) -> int:
        """In steps; moves only when the reading has left what was told by more than half a step and a bit."""
        percent = max(0, min(100, percent))
        told = self._told.get(of)
        if told is None or abs(percent - told) >= _STEP - 1 or (percent == 0) != (told == 0):
            # An empty one is said to be empty at once, and what is not empty is never said to be.
            told = 0 if percent == 0 else max(1, min(100, _STEP * round(percent / _STEP)))
            self._told[of] = told
        return told
