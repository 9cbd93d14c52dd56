"""The day paper or toner runs out, from how it went down: a robust line, or "not known" with the reason.

With a measured level: Theil-Sen (the median of all slopes) over the samples since the last refill; one wrong reading
or a busy day does not bend it. Without one (most paper trays only say full, low or out): from the device's counter,
how many sheets lay between refill and "low" in the cycles before, and how fast it counts now.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from itertools import pairwise
from statistics import median

DAY_S = 86400.0
REFILLED = 10  # percent upwards: somebody has refilled it
FEWEST = 6  # samples
SHORTEST_S = 2 * DAY_S
FARTHEST = timedelta(days=120)
_POINTS_COMPARED = 60


class Basis(StrEnum):
    LEVEL = "level"
    COUNTER = "counter"
    OUT = "out"  # it is out already
    NOT_ENOUGH = "not-enough-data"
    STEADY = "steady"  # it does not go down, or not within months


@dataclass(frozen=True)
class Point:
    at: float  # seconds since 1970
    level: int | None = None  # percent left
    state: str = ""
    count: int | None = None  # what the device has printed in its life


@dataclass(frozen=True)
class Forecast:
    runs_out_at: datetime | None
    basis: Basis


def forecast(points: Sequence[Point]) -> Forecast:
    """`points` oldest first."""
    if not points:
        return Forecast(None, Basis.NOT_ENOUGH)
    if points[-1].state == "out" or points[-1].level == 0:
        return Forecast(_moment(points[-1].at), Basis.OUT)
    if points[-1].level is not None:
        return _by_level([point for point in points if point.level is not None])
    return _by_counter(points)


def slope(xs: Sequence[float], ys: Sequence[float]) -> float | None:
    """Theil-Sen: the median of the slopes of all pairs; None without two different xs."""
    slopes = [(ys[j] - ys[i]) / (xs[j] - xs[i]) for i in range(len(xs)) for j in range(i + 1, len(xs)) if xs[j] > xs[i]]
    return median(slopes) if slopes else None


def _by_level(points: Sequence[Point]) -> Forecast:
    start = 0
    for index in range(1, len(points)):
        if (points[index].level or 0) - (points[index - 1].level or 0) >= REFILLED:
            start = index
    since = points[start:][-_POINTS_COMPARED:]
    if len(since) < FEWEST or since[-1].at - since[0].at < SHORTEST_S:
        return Forecast(None, Basis.NOT_ENOUGH)
    xs = [point.at for point in since]
    ys = [float(point.level or 0) for point in since]
    falling = slope(xs, ys)
    if falling is None or falling >= 0:
        return Forecast(None, Basis.STEADY)
    # The line's height now: the median of what each sample says, so that the last reading alone decides nothing.
    now = xs[-1]
    height = median(y + falling * (now - x) for x, y in zip(xs, ys, strict=True))
    return _in(now, max(height, 0.0) / -falling, Basis.LEVEL)


def _by_counter(points: Sequence[Point]) -> Forecast:
    counted = [point for point in points if point.count is not None]
    if len(counted) < FEWEST:
        return Forecast(None, Basis.NOT_ENOUGH)
    sizes: list[int] = []
    refilled: int | None = None  # the counter at the last refill, once one was seen
    for before, after in pairwise(counted):
        assert before.count is not None  # noqa: S101
        assert after.count is not None  # noqa: S101
        if after.count < before.count:  # another printer
            refilled, sizes = None, []
        elif before.state in ("low", "out") and after.state == "full":
            refilled = after.count
        elif before.state == "full" and after.state in ("low", "out") and refilled is not None:
            sizes.append(after.count - refilled)
    recent = [point for point in counted if point.at >= counted[-1].at - 7 * DAY_S]
    speed = slope([point.at for point in recent], [float(point.count or 0) for point in recent])
    if not sizes or refilled is None or speed is None or len(recent) < FEWEST:
        return Forecast(None, Basis.NOT_ENOUGH)
    if speed <= 0:
        return Forecast(None, Basis.STEADY)
    left = max(refilled + median(sizes) - (counted[-1].count or 0), 0.0)
    return _in(counted[-1].at, left / speed, Basis.COUNTER)


def _in(now: float, seconds: float, basis: Basis) -> Forecast:
    if seconds > FARTHEST.total_seconds():
        return Forecast(None, Basis.STEADY)
    return Forecast(_moment(now + seconds), basis)


def _moment(at: float) -> datetime:
    return datetime.fromtimestamp(at, UTC)
