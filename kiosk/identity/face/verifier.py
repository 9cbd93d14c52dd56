"""The `FaceVerifier` that the kiosk uses: camera and engine in a worker process, seen from the loop.

    face = FaceRecognitionVerifier("/dev/v4l/by-id/…", FaceConfig())
    await face.warm_up()
    result = await face.check(card.photo, on_cue, timeout_s=30)

Make it inside the running loop, in the main thread (see `kiosk.workers.process`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import structlog

from kiosk.identity.face.config import FaceConfig
from kiosk.identity.face.port import FaceCapabilities, FaceOutcome, FaceReason, FaceResult, ScoreBand
from kiosk.identity.face.preview import SharedPreview
from kiosk.screens import FaceCue, PreviewSource
from kiosk.workers.process import Reply, WorkerFault, WorkerFaultKind, WorkerProcess

log = structlog.get_logger()

_MARGIN_S = 15.0  # beyond a check's own limit: opening the camera, the last comparison, a loaded machine
_SHORT_S = 20.0


class FaceRecognitionVerifier:
    """A `FaceVerifier`. One check at a time."""

    def __init__(self, camera_source: str | int | Path, config: FaceConfig | None = None) -> None:
        """`camera_source` as in `drivers.camera.opencv_camera.OpenCvCamera`; a file's path is made absolute."""
        if isinstance(camera_source, Path):
            camera_source = str(camera_source.absolute())
        self._config = config or FaceConfig()
        self._preview = SharedPreview()
        self._capabilities: FaceCapabilities | None = None
        self._renewal: asyncio.Task[FaceReason | None] | None = None
        self._one = asyncio.Lock()
        self._closing = False
        self.visible_ms: int | None = None  # of the last comparison: face first usable → outcome
        self._worker = WorkerProcess(
            "kiosk.identity.face.worker:worker",
            {"camera": camera_source, "config": self._config.to_json(), "preview_fd": self._preview.fd},
            name="face",
            pass_fds=(self._preview.fd,),
        )

    @property
    def preview(self) -> PreviewSource:
        return self._preview

    @property
    def worker_pid(self) -> int | None:
        return self._worker.pid

    def capabilities(self) -> FaceCapabilities | None:
        return self._capabilities

    async def warm_up(self) -> FaceReason | None:
        reply = await self._worker.request("about", timeout_s=_SHORT_S)
        if isinstance(reply, WorkerFault):
            return _reason(reply)
        body = reply.body
        self._capabilities = FaceCapabilities(
            body["engine"], body["version"], body["model_hash"], tuple(body["certificates"]), bool(body["liveness"])
        )
        return None

    async def camera_ready(self) -> bool:
        reply = await self._worker.request("present", timeout_s=_SHORT_S)
        return isinstance(reply, Reply) and bool(reply.body["present"])

    async def check(self, chip_photo: bytes, on_cue: Callable[[FaceCue], None], timeout_s: float) -> FaceResult:
        async with self._one:
            if self._closing:
                return FaceResult(FaceOutcome.ERROR, FaceReason.WORKER_DIED)
            if self._renewal is not None:
                await asyncio.wait([self._renewal])
            if (fault := await self.warm_up()) is not None:
                return FaceResult(FaceOutcome.ERROR, fault)
            self.visible_ms = None
            try:
                reply = await self._worker.request(
                    "check",
                    {"timeout_s": timeout_s},
                    chip_photo,
                    timeout_s=timeout_s + _MARGIN_S,
                    on_event=lambda event: on_cue(FaceCue(event["cue"])),
                )
            finally:
                # Here too: a worker that was ended in the middle did not get to do it.
                self._preview.wipe()
                await self._renew()
        if isinstance(reply, WorkerFault):
            return FaceResult(FaceOutcome.ERROR, _reason(reply), algorithm=self._algorithm)
        return self._result(reply.body)

    async def close(self) -> None:
        """Ends the worker, whatever it is doing; a check that is under way ends with an error."""
        self._closing = True
        if self._renewal is not None:
            self._renewal.cancel()
            await asyncio.wait([self._renewal])
        await self._worker.stop()
        async with self._one:
            self._preview.close()

    @property
    def _algorithm(self) -> str:
        return self._capabilities.algorithm if self._capabilities else ""

    def _result(self, body: Mapping[str, Any]) -> FaceResult:
        self.visible_ms = body["visible_ms"]
        return FaceResult(
            FaceOutcome(body["outcome"]),
            FaceReason(body["reason"]) if body["reason"] else None,
            ScoreBand(body["band"]) if body["band"] else None,
            self._algorithm,
        )

    async def _renew(self) -> None:
        """End the worker if it has to go, and have the next one ready before it is needed."""
        if self._config.recycle:
            await self._worker.stop()
        if self._worker.pid is None and not self._closing:
            self._renewal = asyncio.create_task(self.warm_up(), name="face-worker-renewal")


def _reason(fault: WorkerFault) -> FaceReason:
    """UNFIT and SIGILL will not be different the next time; everything else may."""
    if fault.kind is WorkerFaultKind.UNFIT or fault.detail == "SIGILL":
        return FaceReason.ENGINE_MISSING
    return FaceReason.WORKER_DIED
