"""The face worker: owns camera and engine, answers `check` with an outcome, sends instructions while it works.

What leaves this process: instructions, an outcome with a band, and the reduced preview while the step lasts. Frames,
the card's photograph, encodings and distances are overwritten as soon as they have served, and cannot be written
anywhere: the process may not write files (`kiosk.workers.child.harden`).
"""

from __future__ import annotations

import importlib
import sys
import time
from collections.abc import Callable, Mapping
from typing import Any

from drivers.camera.opencv_camera import OpenCvCamera
from drivers.camera.port import CameraFault, Frame
from kiosk.identity import photo_decoders
from kiosk.identity.face.config import FaceConfig
from kiosk.identity.face.engine import Box, FaceEngine, FaceReference
from kiosk.identity.face.port import FaceOutcome, FaceReason, ScoreBand
from kiosk.identity.face.preview import PreviewWriter
from kiosk.identity.face.step import REASONS, Damper, Tracker, Verdict
from kiosk.screens import FaceCue
from kiosk.workers.child import Answer, Handler, Job

_FAR_EVERY = 5  # empty frames between two looks for somebody far away
_PACE_S = 1 / 15  # no more looks a second than a person can use: the screen needs the processor


def worker(options: dict[str, Any]) -> Mapping[str, Handler]:
    """The factory that `kiosk.workers` calls; loads the models."""
    config = FaceConfig.from_json(options["config"])
    module, _, name = config.engine.partition(":")
    engine: FaceEngine = getattr(importlib.import_module(module), name)()
    photo_decoders.installed()
    preview = PreviewWriter(options["preview_fd"], mirror=config.mirror)
    camera = OpenCvCamera(options["camera"], config.camera_width, config.camera_height, config.read_timeout_s)

    def about(_job: Job) -> Answer:
        found = engine.capabilities()
        return Answer(
            {
                "engine": found.engine,
                "version": found.version,
                "model_hash": found.model_hash,
                "certificates": found.certificates,
                "liveness": found.liveness,
            }
        )

    def present(_job: Job) -> Answer:
        return Answer({"present": camera.present()})

    def check(job: Job) -> Answer:
        step = _Check(config, engine, camera, preview, lambda cue: job.emit({"cue": cue}))
        try:
            return step.run(job.blob, float(job.body["timeout_s"]))
        finally:
            step.end()

    return {"about": about, "present": present, "check": check}


class _Check:
    """One comparison, from the card's photo to the outcome."""

    def __init__(
        self,
        config: FaceConfig,
        engine: FaceEngine,
        camera: OpenCvCamera,
        preview: PreviewWriter,
        tell: Callable[[FaceCue], None],
    ) -> None:
        self._config = config
        self._engine = engine
        self._camera = camera
        self._preview = preview
        self._tell = tell
        self._reference: FaceReference | None = None
        self._ready = False  # the reference
        self._tracker = Tracker(config.stable_frames)
        self._verdict = Verdict(config)
        self._damper = Damper()
        self._empty = 0
        self._far = False
        self._visible_at: float | None = None

    def run(self, chip_photo: bytearray, timeout_s: float) -> Answer:
        png = photo_decoders.decode(bytes(chip_photo))
        self._reference = self._engine.reference(png) if png is not None else None
        if self._reference is None:
            return _answer(FaceOutcome.ERROR, FaceReason.NO_REFERENCE_FACE)
        if self._camera.open() is CameraFault.UNPLUGGED:
            return _answer(FaceOutcome.ERROR, FaceReason.CAMERA_UNPLUGGED)
        until = time.monotonic() + timeout_s
        gone_since: float | None = None
        while (now := time.monotonic()) < until:
            frame = self._camera.read()
            if frame is CameraFault.UNPLUGGED:
                self._lost()
                gone_since = gone_since or now
                if time.monotonic() - gone_since >= self._config.unplugged_grace_s:
                    return _answer(FaceOutcome.ERROR, FaceReason.CAMERA_UNPLUGGED)
                continue
            gone_since = None
            if isinstance(frame, CameraFault):
                self._lost()
                self._preview.show_dark()
                self._say(FaceCue.TOO_BRIGHT if frame is CameraFault.TOO_BRIGHT else FaceCue.TOO_DARK)
            elif (done := self._frame(frame)) is not None:
                return done
            time.sleep(max(0.0, _PACE_S - (time.monotonic() - now)))
        if gone_since is not None:
            return _answer(FaceOutcome.ERROR, FaceReason.CAMERA_UNPLUGGED)
        reason = REASONS.get(self._damper.current) if self._damper.current else None
        return _answer(FaceOutcome.INCONCLUSIVE, reason or FaceReason.TIMEOUT)

    def end(self) -> None:
        """Camera off, everything overwritten, however the check ended."""
        self._camera.close()
        self._preview.wipe()
        if self._reference is not None:
            self._reference.wipe()
        if not self._camera.released:
            sys.exit("the camera's driver hangs")  # the kernel takes the device back with the process

    def _frame(self, frame: Frame) -> Answer | None:
        try:
            self._preview.show(frame)
            sight = self._engine.look(frame)
            cue = self._tracker.feed(sight)
            if self._tracker.broken:
                self._verdict.restart()
            if cue is FaceCue.NOBODY:
                cue = self._nobody_or_far(frame)
            else:
                self._empty = 0
            if cue in (FaceCue.LOOK, FaceCue.HOLD_STILL, FaceCue.CHECKING):
                self._visible_at = self._visible_at or time.monotonic()
            self._say(cue)
            if not self._ready:
                self._ready = self._slice()
            elif cue is FaceCue.CHECKING:
                return self._compare(frame, sight.faces[0])
            return None
        finally:
            frame.fill(0)

    def _slice(self) -> bool:
        assert self._reference is not None  # noqa: S101 - `run` returns without one
        return self._reference.advance()

    def _compare(self, frame: Frame, box: Box) -> Answer | None:
        assert self._reference is not None  # noqa: S101 - as above
        found = self._verdict.add(self._reference.distance(frame, box))
        if found is None:
            return None
        visible_ms = round((time.monotonic() - (self._visible_at or time.monotonic())) * 1000)
        return _answer(found[0], None, found[1], visible_ms)

    def _nobody_or_far(self, frame: Frame) -> FaceCue:
        if self._empty % _FAR_EVERY == 0:
            self._far = self._engine.look_far(frame)
        self._empty += 1
        return FaceCue.COME_CLOSER if self._far else FaceCue.NOBODY

    def _lost(self) -> None:
        self._tracker.lost()
        self._verdict.restart()

    def _say(self, cue: FaceCue) -> None:
        if (changed := self._damper.feed(cue, time.monotonic())) is not None:
            self._tell(changed)


def _answer(
    outcome: FaceOutcome, reason: FaceReason | None, band: ScoreBand | None = None, visible_ms: int | None = None
) -> Answer:
    """`visible_ms`: from the first frame with a usable face to the outcome, for `bench`."""
    return Answer({"outcome": outcome, "reason": reason, "band": band, "visible_ms": visible_ms})
