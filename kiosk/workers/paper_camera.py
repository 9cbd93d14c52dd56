"""Papers under the camera, in a process of its own: a `kiosk.paper_camera.PaperCamera`.

The picture reaches the screen through shared memory, as in the face check; what is taken comes back whole and lives in
the kiosk's memory until it is kept by the backend. The process may write no file.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import structlog

from kiosk.identity.face.preview import SharedPreview
from kiosk.paper_camera import PaperPicture
from kiosk.screens import PreviewSource
from kiosk.workers.child import Answer, Handler, Job
from kiosk.workers.process import Reply, WorkerProcess

log = structlog.get_logger()

WIDTH, HEIGHT = 1920, 1080  # wishes: small print wants all the camera has
SHOWN_PX = 900  # width of the picture on the screen
JPEG_QUALITY = 88
_PACE_S = 0.12  # between two live pictures: enough to lay a paper straight, and the screen needs the processor
_TIMEOUT_S = 12.0  # opening a camera takes seconds
_GONE_PACE_S = 1.0


class PaperCameraWorker:
    """Make it inside the running loop, in the main thread (see `kiosk.workers.process`). One looks at a time."""

    def __init__(self, source: str) -> None:
        """`source` as in `drivers.camera.opencv_camera.OpenCvCamera`."""
        self._preview = SharedPreview()
        self._worker = WorkerProcess(
            "kiosk.workers.paper_camera:worker",
            {"camera": source, "preview_fd": self._preview.fd},
            name="paper_camera",
            pass_fds=(self._preview.fd,),
        )

    @property
    def preview(self) -> PreviewSource:
        return self._preview

    async def ready(self) -> bool:
        reply = await self._worker.request("present", timeout_s=_TIMEOUT_S)
        return isinstance(reply, Reply) and bool(reply.body["present"])

    @asynccontextmanager
    async def looking(self) -> AsyncIterator[None]:
        live = asyncio.create_task(self._live(), name="paper-camera")
        try:
            yield
        finally:
            live.cancel()
            await asyncio.gather(live, return_exceptions=True)
            # Not asked to close: ended. What the libraries still hold of the pictures goes with the process.
            await self._worker.stop()
            self._preview.wipe()

    async def take(self) -> PaperPicture | None:
        reply = await self._worker.request("take", timeout_s=_TIMEOUT_S)
        if not isinstance(reply, Reply) or not reply.blob:
            log.info("paper_not_taken", fault=reply.body.get("fault", "") if isinstance(reply, Reply) else reply.kind)
            return None
        cut = int(reply.body["jpeg_size"])
        return PaperPicture(jpeg=reply.blob[:cut], png=reply.blob[cut:])

    async def close(self) -> None:
        await self._worker.stop()
        self._preview.close()

    async def _live(self) -> None:
        while True:
            reply = await self._worker.request("look", timeout_s=_TIMEOUT_S)
            there = isinstance(reply, Reply) and not reply.body.get("fault")
            await asyncio.sleep(_PACE_S if there else _GONE_PACE_S)


# --- in the worker --------------------------------------------------------------------------------------------------


def worker(options: dict[str, Any]) -> Mapping[str, Handler]:
    import cv2

    from drivers.camera.opencv_camera import OpenCvCamera
    from drivers.camera.port import CameraFault, Frame
    from kiosk.identity.face.preview import PreviewWriter

    preview = PreviewWriter(options["preview_fd"], mirror=False)
    camera = OpenCvCamera(options["camera"], WIDTH, HEIGHT, any_light=True)
    opened = False

    def frame() -> Frame | CameraFault:
        nonlocal opened
        if not opened:
            fault = camera.open()
            opened = True  # it goes on trying by itself
            if fault is not None:
                return fault
        return camera.read()

    def present(_job: Job) -> Answer:
        return Answer({"present": camera.present()})

    def look(_job: Job) -> Answer:
        seen = frame()
        if isinstance(seen, CameraFault):
            preview.show_dark()
            return Answer({"fault": seen.value})
        preview.show(seen)
        seen.fill(0)
        return Answer()

    def take(_job: Job) -> Answer:
        seen = frame()
        if isinstance(seen, CameraFault):
            return Answer({"fault": seen.value})
        height, width = seen.shape[:2]
        small = cv2.resize(seen, (SHOWN_PX, round(height * SHOWN_PX / width)), interpolation=cv2.INTER_AREA)
        good, jpeg = cv2.imencode(".jpg", seen, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
        shown, png = cv2.imencode(".png", small, [cv2.IMWRITE_PNG_COMPRESSION, 1])
        seen.fill(0)
        small.fill(0)
        if not (good and shown):
            return Answer({"fault": "not-encoded"})
        return Answer({"jpeg_size": len(jpeg)}, jpeg.tobytes() + png.tobytes())

    return {"present": present, "look": look, "take": take}
