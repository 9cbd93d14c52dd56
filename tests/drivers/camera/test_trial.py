from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from drivers.camera.presence import CameraSource
from drivers.camera.trial import trial
from tests.drivers.camera.mjpeg import NetworkCamera, Picture, network_camera
from tests.drivers.technician.bilingual import english


class Console:
    def __init__(self, *answers: bool) -> None:
        self.answers = list(answers)
        self.said: list[str] = []
        self.asked: list[str] = []

    def say(self, zh: str, en: str) -> None:
        self.said.append(english(zh, en))

    async def ask(self, zh: str, en: str) -> bool:
        self.asked.append(english(zh, en))
        return self.answers.pop(0)


def person() -> Picture:
    chance = np.random.default_rng(3)
    blocks = chance.integers(60, 200, (24, 32), np.uint8)
    return np.repeat(np.kron(blocks, np.ones((10, 10), np.uint8))[:, :, None], 3, axis=2)


@pytest.fixture
def network() -> Iterator[NetworkCamera]:
    with network_camera() as camera:
        camera.show(person())
        yield camera


async def test_a_good_camera(network: NetworkCamera) -> None:
    console = Console(True, True)
    assert await trial(CameraSource(network.url), console)
    assert "320x240" in console.said[-1]
    assert "brightness 1" in console.said[-1]
    assert network.wait_unwatched()


async def test_a_lens_that_is_covered_or_dirty(network: NetworkCamera) -> None:
    network.show(np.full((240, 320, 3), 120, np.uint8))
    console = Console(True, True)
    assert not await trial(CameraSource(network.url), console)
    assert "clean the lens" in console.said[-1]


async def test_too_dark(network: NetworkCamera) -> None:
    network.show(np.zeros((240, 320, 3), np.uint8))
    console = Console(True)
    assert not await trial(CameraSource(network.url), console)
    assert "too-dark" in console.said[-1]


async def test_a_lamp_that_stays_on(network: NetworkCamera) -> None:
    assert not await trial(CameraSource(network.url), Console(True, False))


async def test_nobody_says_yes_and_no_picture_is_taken(network: NetworkCamera) -> None:
    assert not await trial(CameraSource(network.url), Console(False))
    assert network.served == 0 or network.wait_unwatched()


async def test_no_camera(network: NetworkCamera) -> None:
    network.unplugged.set()
    console = Console()
    assert not await trial(CameraSource(network.url), console)
    assert console.asked == []
