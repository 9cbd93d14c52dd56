"""A sheet of paper under a camera: seen live, taken whole, and nothing left afterwards."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import cv2
import numpy as np
import pytest

from kiosk.workers.paper_camera import PaperCameraWorker

SIZE = (640, 480)


def _film(path: Path, seconds: int) -> None:
    """A white sheet with a little of a sensor's noise: nothing that the face check would call well lit."""
    noise = np.random.default_rng(5)
    film = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 10, SIZE)
    for _ in range(10 * seconds):
        frame = np.full((SIZE[1], SIZE[0], 3), 255, np.uint8)
        frame[100:120, 100:400] = 0
        frame[:20] = noise.integers(200, 255, (20, SIZE[0], 3), np.uint8)
        film.write(frame)
    film.release()


@pytest.fixture
async def camera(tmp_path: Path) -> AsyncIterator[PaperCameraWorker]:
    _film(tmp_path / "sheet.avi", 20)
    worker = PaperCameraWorker(str(tmp_path / "sheet.avi"))
    yield worker
    await worker.close()


async def test_seen_and_taken(camera: PaperCameraWorker) -> None:
    assert await camera.ready()
    assert camera.preview.latest() is None
    async with camera.looking():
        async with asyncio.timeout(60):
            while camera.preview.latest() is None:
                await asyncio.sleep(0.05)
        picture = await camera.take()
        assert picture is not None
    assert camera.preview.latest() is None, "overwritten"
    whole = cv2.imdecode(np.frombuffer(picture.jpeg, np.uint8), cv2.IMREAD_GRAYSCALE)
    assert whole is not None
    assert whole.shape == (480, 640)
    assert whole[110, 250] < 60 < 200 < whole[300, 250]
    assert picture.png.startswith(b"\x89PNG")
    assert b"\xff\xd8" not in str(picture).encode()


async def test_without_a_camera_there_is_no_picture(tmp_path: Path) -> None:
    worker = PaperCameraWorker(str(tmp_path / "nothing.avi"))
    try:
        assert not await worker.ready()
        async with worker.looking():
            assert await worker.take() is None
    finally:
        await worker.close()
