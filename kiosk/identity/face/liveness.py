"""Is it a living person, or a picture of one? A port without an implementation yet (decision 6)."""

from __future__ import annotations

from enum import StrEnum
from typing import Protocol

from drivers.camera.port import Frame
from kiosk.identity.face.engine import Sight
from kiosk.screens import FaceCue


class Liveness(StrEnum):
    GOING_ON = "going-on"
    LIVE = "live"
    FAILED = "failed"


class LivenessDetector(Protocol):
    """Lives in the face worker, between "one face is here" and the comparison. What one must do:

    - choose its own challenge, unpredictably, for every check (order of left and right; a blink where the engine has
      eye contours), and ask for it through `cue`, one thing at a time;
    - judge against the person's own baseline, never against absolute figures: eyes and noses differ;
    - follow one face without a gap or a jump from the first frame to the last; any break starts it again;
    - fail closed: too few frames, no answer, doubt: `FAILED`, never `LIVE`;
    - name the frames that may be compared (`usable`): they must come from within the challenge, so that nobody does
      the exercise and then holds up a photograph;
    - claim no detection rates it has no certificate for (ISO/IEC 30107-3, GB/T 41987-2022), and say in its
      capabilities what it does not cover: video replay, masks, generated faces, a camera that lies.
    """

    def begin(self) -> None:
        """A new person: new challenge, no baseline."""

    def feed(self, frame: Frame, sight: Sight, now: float) -> Liveness:
        """One frame and what the engine saw on it; `now` is monotonic seconds."""

    def cue(self) -> FaceCue:
        """What the person should do now."""

    def usable(self) -> bool:
        """May the frame fed last be compared with the card?"""

    def wipe(self) -> None:
        """Forget the baseline and everything measured."""
