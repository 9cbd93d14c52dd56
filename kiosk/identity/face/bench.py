"""How long the face step takes on this machine."""

from __future__ import annotations

import statistics
import time
from pathlib import Path

from kiosk.identity.face.config import FaceConfig
from kiosk.identity.face.port import FaceOutcome
from kiosk.identity.face.verifier import FaceRecognitionVerifier
from kiosk.screens import FaceCue


async def bench_face(
    camera_source: str | int | Path, chip_photo: bytes, config: FaceConfig | None = None, runs: int = 3
) -> dict[str, float]:
    """Milliseconds, medians of `runs` checks of somebody who already stands before the camera:

    - `engine_start`: process and models, once after each check, in the background
    - `visible_to_outcome`: first usable face → outcome; contains most of the chip photo's preparation
    - `check`: the whole call, with the camera switched on and off

    RuntimeError if a check gives no comparison.
    """
    verifier = FaceRecognitionVerifier(camera_source, config)
    try:
        began = time.perf_counter()
        if (fault := await verifier.warm_up()) is not None:
            raise RuntimeError(f"face engine: {fault}")
        started = _ms(began)
        visible: list[float] = []
        whole: list[float] = []
        for _ in range(runs):
            await verifier.warm_up()
            began = time.perf_counter()
            result = await verifier.check(chip_photo, _ignore, timeout_s=60)
            whole.append(_ms(began))
            if result.outcome is FaceOutcome.ERROR or verifier.visible_ms is None:
                raise RuntimeError(f"face check: {result.outcome} {result.reason}")
            visible.append(verifier.visible_ms)
        return {
            "engine_start": started,
            "visible_to_outcome": statistics.median(visible),
            "check": statistics.median(whole),
        }
    finally:
        await verifier.close()


def _ms(since: float) -> float:
    return round((time.perf_counter() - since) * 1000, 1)


def _ignore(_cue: FaceCue) -> None:
    """Nobody reads the instructions here."""
