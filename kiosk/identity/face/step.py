"""From what each frame shows to one instruction at a time, and from distances to an outcome. No camera, no clock."""

from __future__ import annotations

import math
from collections import Counter

from kiosk.identity.face.config import Borderline, FaceConfig
from kiosk.identity.face.engine import Eyes, Sight
from kiosk.identity.face.port import FaceOutcome, FaceReason, ScoreBand
from kiosk.screens import FaceCue

MIN_APART = 0.14  # eyes, of the frame's height: below, too few pixels for the encoder
MIN_LUMA = 45
MIN_SHARPNESS = 25
MAX_TURN = 0.08
MAX_MOVE = 0.12  # of the eyes' distance, from one frame to the next
MAX_GROWTH = 0.12
STRONG = 0.7  # a match below this share of the accepting distance is a strong one

REASONS = {
    FaceCue.NOBODY: FaceReason.NOBODY,
    FaceCue.SEVERAL: FaceReason.SEVERAL,
    FaceCue.TOO_DARK: FaceReason.TOO_DARK,
    FaceCue.TOO_BRIGHT: FaceReason.TOO_BRIGHT,
    FaceCue.COME_CLOSER: FaceReason.TOO_SMALL,
}


def instruction(sight: Sight) -> FaceCue | None:
    """What is wrong with this frame by itself; None: one face that could be compared."""
    if not sight.faces or sight.eyes is None:
        return FaceCue.NOBODY
    if len(sight.faces) > 1:
        return FaceCue.SEVERAL
    if sight.eyes.apart < MIN_APART * sight.height:
        return FaceCue.COME_CLOSER
    if sight.luma < MIN_LUMA:
        return FaceCue.TOO_DARK
    if abs(sight.eyes.turn) > MAX_TURN:
        return FaceCue.LOOK
    if sight.sharpness < MIN_SHARPNESS:
        return FaceCue.HOLD_STILL
    return None


def same_place(before: Eyes, now: Eyes) -> bool:
    """One face on two frames: it has neither jumped nor grown."""
    moved = math.hypot(now.x - before.x, now.y - before.y)
    return moved <= MAX_MOVE * before.apart and abs(now.apart - before.apart) <= MAX_GROWTH * before.apart


class Tracker:
    """Follows one face. `feed` gives CHECKING when this frame may be compared, else what the person should do."""

    def __init__(self, stable_frames: int) -> None:
        self._needed = stable_frames
        self._last: Eyes | None = None
        self._stable = 0
        self.broken = False  # the frame fed last is not of the person of the frame before it

    def feed(self, sight: Sight) -> FaceCue:
        wrong = instruction(sight)
        last, self._last = self._last, sight.eyes if len(sight.faces) == 1 else None
        self.broken = last is None or self._last is None or not same_place(last, self._last)
        if wrong is not None:
            self._stable = 0
            return wrong
        self._stable = 1 if self.broken else self._stable + 1
        return FaceCue.CHECKING if self._stable >= self._needed else FaceCue.HOLD_STILL

    def lost(self) -> None:
        """A frame without any use: too dark, or none."""
        self._last, self._stable, self.broken = None, 0, True


class Verdict:
    """Distances until enough frames agree. `total` counts over all faces of the check, so stepping away and back does
    not buy more attempts."""

    def __init__(self, config: FaceConfig) -> None:
        self._config = config
        self._seen: Counter[FaceOutcome] = Counter()
        self._sum: dict[FaceOutcome, float] = {}
        self.total = 0

    def add(self, distance: float) -> tuple[FaceOutcome, ScoreBand] | None:
        outcome = self._judge(distance)
        self.total += 1
        self._seen[outcome] += 1
        self._sum[outcome] = self._sum.get(outcome, 0.0) + distance
        if self._seen[outcome] >= self._config.agreeing:
            return outcome, self._band(outcome, self._sum[outcome] / self._seen[outcome])
        if self.total >= self._config.max_comparisons:
            return FaceOutcome.INCONCLUSIVE, ScoreBand.BORDERLINE
        return None

    def restart(self) -> None:
        """Another face, or the same one after a gap: what was seen before does not count."""
        self._seen.clear()
        self._sum.clear()

    def _judge(self, distance: float) -> FaceOutcome:
        c = self._config
        half = c.band if c.borderline is Borderline.INCONCLUSIVE else 0.0
        if distance <= c.threshold - half:
            return FaceOutcome.MATCH
        # Also what is not a number: never a match.
        return FaceOutcome.INCONCLUSIVE if distance < c.threshold + half else FaceOutcome.NO_MATCH

    def _band(self, outcome: FaceOutcome, distance: float) -> ScoreBand:
        c = self._config
        if outcome is FaceOutcome.INCONCLUSIVE or abs(distance - c.threshold) < c.band:
            return ScoreBand.BORDERLINE
        if outcome is FaceOutcome.NO_MATCH:
            return ScoreBand.DIFFERENT
        return ScoreBand.STRONG if distance <= STRONG * (c.threshold - c.band) else ScoreBand.MATCH


class Damper:
    """Holds an instruction back until it has lasted, so that the screen does not flicker and the voice can finish."""

    HOLD_S = 0.25
    NOBODY_S = 0.8  # the detector blinks; people do not vanish

    def __init__(self) -> None:
        self.current: FaceCue | None = None
        self._candidate: FaceCue | None = None
        self._since = 0.0

    def feed(self, cue: FaceCue, now: float) -> FaceCue | None:
        """The new instruction, if it has changed."""
        if cue is self.current:
            self._candidate = None
            return None
        if cue is not self._candidate:
            self._candidate, self._since = cue, now
        wait = {FaceCue.CHECKING: 0.0, FaceCue.NOBODY: self.NOBODY_S}.get(cue, self.HOLD_S)
        if now - self._since < wait:
            return None
        self.current, self._candidate = cue, None
        return cue
