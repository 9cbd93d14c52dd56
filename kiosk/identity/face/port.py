"""Is the person before the camera the person on the card? What the journeys see of the answer.

One comparison, one to one, with the card's own photograph: there is no gallery, and nothing is kept. The score itself
never leaves the engine's process, because a score that can be watched can be climbed; only a band does.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from kiosk.screens import FaceCue, PreviewSource


class FaceOutcome(StrEnum):
    MATCH = "match"
    NO_MATCH = "no-match"
    INCONCLUSIVE = "inconclusive"  # too close to the threshold, or there was nothing to compare (`reason`)
    ERROR = "error"  # it could not be tried, whatever the resident does (`reason`)


class FaceReason(StrEnum):
    """Why there is no answer. INCONCLUSIVE without a reason: compared, and too close to tell."""

    NOBODY = "nobody"
    SEVERAL = "several"
    TOO_DARK = "too-dark"
    TOO_BRIGHT = "too-bright"
    TOO_SMALL = "too-small"
    TIMEOUT = "timeout"  # somebody was there, but never still and frontal long enough
    CAMERA_UNPLUGGED = "camera-unplugged"
    NO_REFERENCE_FACE = "no-reference-face"  # no decoder knows the chip's photo, or no face is found on it
    WORKER_DIED = "worker-died"
    ENGINE_MISSING = "engine-missing"  # models not installed, or this processor cannot run them


class ScoreBand(StrEnum):
    """How clear the answer was: what the record of the check keeps instead of the score."""

    STRONG = "strong"
    MATCH = "match"
    BORDERLINE = "borderline"
    DIFFERENT = "different"


@dataclass(frozen=True)
class FaceCapabilities:
    engine: str
    version: str
    model_hash: str  # SHA-256 of the encoder's file, the first 16 hex digits
    certificates: tuple[str, ...] = ()  # of the engine, e.g. by GB/T 41987-2022; empty: none, it is assistive
    liveness: bool = False

    @property
    def algorithm(self) -> str:
        """One line for the record of a check."""
        return f"{self.engine} {self.version} {self.model_hash}"


@dataclass(frozen=True)
class FaceResult:
    """Everything that leaves a check. No picture, no template, no score."""

    outcome: FaceOutcome
    reason: FaceReason | None = None
    band: ScoreBand | None = None
    algorithm: str = ""


class FaceVerifier(Protocol):
    """An agency plugs in its certified engine here, or, to keep our camera loop, at `FaceEngine`.

    Preparing the reference and comparing are one call: a reference prepared apart would be a template that lies in
    memory between two screens.
    """

    @property
    def preview(self) -> PreviewSource:
        """What the resident sees of themselves during `check`; nothing at any other time."""

    def capabilities(self) -> FaceCapabilities | None:
        """Known after `warm_up`."""

    async def warm_up(self) -> FaceReason | None:
        """Load the models ahead of need. None: ready; else why a check cannot be offered now."""

    async def camera_ready(self) -> bool:
        """Is the camera there? Does not take a picture."""

    async def check(self, chip_photo: bytes, on_cue: Callable[[FaceCue], None], timeout_s: float) -> FaceResult:
        """Compare whoever stands before the camera with the chip's photo (1,024 bytes as read from the card).

        `on_cue` is called from the loop's thread whenever the instruction changes. Takes at most about `timeout_s`
        from the moment the camera is on. May be cancelled at any time; when the call has ended, in whatever way, the
        camera is off and pictures and templates are gone. Faults are results, never exceptions.
        """

    async def close(self) -> None: ...
