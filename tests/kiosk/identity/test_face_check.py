"""The whole way: chip photo and network camera → worker process → outcome."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from drivers.virtual.photo_codec import encode_chip_photo
from kiosk.identity.face.config import FaceConfig
from kiosk.identity.face.port import FaceOutcome, FaceReason, FaceResult, FaceVerifier, ScoreBand
from kiosk.identity.face.verifier import FaceRecognitionVerifier
from kiosk.screens import FaceCue
from tests.drivers.camera.mjpeg import NetworkCamera, network_camera
from tests.kiosk.identity import people

pytestmark = pytest.mark.asyncio(loop_scope="module")

ENOUGH = 60.0  # seconds; never reached unless something is wrong
SOON = 2.5  # a check that is meant to run out of time
HERE = people.astronaut()
QUICK = "tests.kiosk.identity.engines:Quick"


class Cues(list[FaceCue]):
    """What was asked of the resident, and a way to wait for it."""

    def __init__(self) -> None:
        super().__init__()
        self._changed = asyncio.Event()

    def __call__(self, cue: FaceCue) -> None:
        self.append(cue)
        self._changed.set()

    async def until(self, cue: FaceCue) -> None:
        async with asyncio.timeout(ENOUGH):
            while cue not in self:
                self._changed.clear()
                await self._changed.wait()


@pytest.fixture(scope="module")
def network() -> Iterator[NetworkCamera]:
    with network_camera(20) as camera:
        yield camera


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Where a program would put its temporary files."""
    folder = tmp_path_factory.mktemp("watched")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TMPDIR", str(folder))
        yield folder


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def face(network: NetworkCamera, watched: Path) -> AsyncIterator[FaceRecognitionVerifier]:
    config = FaceConfig(recycle=False, read_timeout_s=1.0, unplugged_grace_s=1.0)
    verifier = FaceRecognitionVerifier(network.url, config)
    yield verifier
    await verifier.close()


@pytest_asyncio.fixture(loop_scope="module")
async def quick(network: NetworkCamera) -> AsyncIterator[FaceRecognitionVerifier]:
    """For what does not depend on the engine: models take seconds to load, and this one has none."""
    verifier = FaceRecognitionVerifier(network.url, FaceConfig(engine=QUICK, recycle=False, unplugged_grace_s=0.5))
    yield verifier
    await verifier.close()


@pytest.fixture(autouse=True)
def _plugged_in(network: NetworkCamera) -> Iterator[None]:
    network.unplugged.clear()
    network.stalled.clear()
    network.show(people.before_camera())
    yield
    assert network.wait_unwatched(), "the camera is still on"


def gone(face: FaceRecognitionVerifier) -> bool:
    return face.preview.latest() is None


def left_behind(watched: Path) -> list[str]:
    """Files of ours: temporary ones, and named shared memory as Python's multiprocessing makes it."""
    shared = [path.name for path in Path("/dev/shm").iterdir() if path.name.startswith(("psm_", "menkou"))]
    return shared + [path.name for path in watched.iterdir()]


async def test_the_person_on_the_card(face: FaceRecognitionVerifier, network: NetworkCamera, watched: Path) -> None:
    port: FaceVerifier = face
    assert await port.warm_up() is None
    about = port.capabilities()
    assert about is not None
    assert not about.liveness
    assert about.certificates == ()
    assert await port.camera_ready()
    assert network.wait_unwatched()
    assert gone(face)

    network.show(people.before_camera(HERE))
    cues = Cues()
    task = asyncio.create_task(port.check(people.chip(HERE), cues, ENOUGH))
    await cues.until(FaceCue.CHECKING)
    picture = port.preview.latest()
    assert picture is not None
    assert (picture.width, picture.height, len(picture.rgb)) == (480, 360, 480 * 360 * 3)
    assert max(picture.rgb) > 100
    result = await task
    assert result == FaceResult(FaceOutcome.MATCH, None, result.band, about.algorithm)
    assert result.band in (ScoreBand.STRONG, ScoreBand.MATCH)
    assert cues[-1] is FaceCue.CHECKING
    assert gone(face)
    assert left_behind(watched) == []


async def test_somebody_else(face: FaceRecognitionVerifier, network: NetworkCamera) -> None:
    network.show(people.before_camera(people.another()))
    result = await face.check(people.chip(HERE), Cues(), ENOUGH)
    assert (result.outcome, result.reason, result.band) == (FaceOutcome.NO_MATCH, None, ScoreBand.DIFFERENT)


@pytest.mark.parametrize(
    ("scene", "cue", "reason"),
    [
        (lambda: people.before_camera(), FaceCue.NOBODY, FaceReason.NOBODY),
        (lambda: people.before_camera(HERE, HERE, scale=1.47), FaceCue.SEVERAL, FaceReason.SEVERAL),
        (lambda: people.before_camera(HERE, brightness=0.06), FaceCue.TOO_DARK, FaceReason.TOO_DARK),
        (lambda: people.before_camera(HERE, scale=1.0), FaceCue.COME_CLOSER, FaceReason.TOO_SMALL),
    ],
    ids=["nobody", "two faces", "dark", "far away"],
)
async def test_nothing_to_compare(
    face: FaceRecognitionVerifier,
    network: NetworkCamera,
    scene: Callable[[], people.Picture],
    cue: FaceCue,
    reason: FaceReason,
) -> None:
    network.show(scene())
    cues = Cues()
    result = await face.check(people.chip(HERE), cues, SOON)
    assert (result.outcome, result.reason, result.band) == (FaceOutcome.INCONCLUSIVE, reason, None)
    assert cues[-1] is cue
    assert gone(face)


async def test_a_resident_who_comes_late_is_checked(face: FaceRecognitionVerifier, network: NetworkCamera) -> None:
    cues = Cues()
    task = asyncio.create_task(face.check(people.chip(HERE), cues, ENOUGH))
    await cues.until(FaceCue.NOBODY)
    network.show(people.before_camera(HERE))
    assert (await task).outcome is FaceOutcome.MATCH


async def test_a_photo_nobody_can_decode_or_without_a_face(
    face: FaceRecognitionVerifier, network: NetworkCamera
) -> None:
    before = network.served
    for photo in (b"WLf".ljust(1024, b"\1"), b"", encode_chip_photo(people.before_camera())):
        result = await face.check(photo, Cues(), ENOUGH)
        assert (result.outcome, result.reason) == (FaceOutcome.ERROR, FaceReason.NO_REFERENCE_FACE)
    assert network.served == before  # the camera was never on


async def test_unplugged_in_the_middle(quick: FaceRecognitionVerifier, network: NetworkCamera) -> None:
    cues = Cues()
    task = asyncio.create_task(quick.check(people.chip(HERE), cues, ENOUGH))
    await cues.until(FaceCue.NOBODY)
    network.unplugged.set()
    result = await task
    assert (result.outcome, result.reason) == (FaceOutcome.ERROR, FaceReason.CAMERA_UNPLUGGED)
    assert not await quick.camera_ready()


async def test_cancelled_in_the_middle(quick: FaceRecognitionVerifier, network: NetworkCamera) -> None:
    cues = Cues()
    task = asyncio.create_task(quick.check(people.chip(HERE), cues, ENOUGH))
    await cues.until(FaceCue.NOBODY)
    assert not gone(quick)
    assert network.watchers == 1
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert gone(quick)
    assert network.wait_unwatched()


async def test_the_worker_dies_in_the_middle_and_the_next_check_works(
    quick: FaceRecognitionVerifier, network: NetworkCamera
) -> None:
    cues = Cues()
    task = asyncio.create_task(quick.check(people.chip(HERE), cues, ENOUGH))
    await cues.until(FaceCue.NOBODY)
    pid = quick.worker_pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    result = await task
    assert (result.outcome, result.reason) == (FaceOutcome.ERROR, FaceReason.WORKER_DIED)
    assert gone(quick)
    network.show(people.before_camera(HERE))
    assert (await quick.check(people.chip(HERE), Cues(), ENOUGH)).outcome is FaceOutcome.MATCH


async def test_by_default_every_check_has_a_process_of_its_own(network: NetworkCamera) -> None:
    verifier = FaceRecognitionVerifier(network.url, FaceConfig(engine="tests.kiosk.identity.engines:SeesNothing"))
    assert await verifier.warm_up() is None
    before = verifier.worker_pid
    await verifier.check(b"", Cues(), ENOUGH)
    assert await verifier.warm_up() is None
    assert verifier.worker_pid not in (None, before)
    await verifier.close()
    assert verifier.worker_pid is None


async def test_closing_in_the_middle_of_a_check(network: NetworkCamera) -> None:
    verifier = FaceRecognitionVerifier(network.url, FaceConfig(engine=QUICK))
    cues = Cues()
    task = asyncio.create_task(verifier.check(people.chip(HERE), cues, ENOUGH))
    await cues.until(FaceCue.NOBODY)
    await verifier.close()
    result = await task
    assert (result.outcome, result.reason) == (FaceOutcome.ERROR, FaceReason.WORKER_DIED)
    assert verifier.worker_pid is None
    assert gone(verifier)
    assert (await verifier.check(people.chip(HERE), cues, ENOUGH)).reason is FaceReason.WORKER_DIED


async def test_a_missing_engine_is_a_value(network: NetworkCamera) -> None:
    verifier = FaceRecognitionVerifier(network.url, FaceConfig(engine="tests.kiosk.identity.engines:Missing"))
    assert await verifier.warm_up() is FaceReason.ENGINE_MISSING
    result = await verifier.check(people.chip(HERE), Cues(), ENOUGH)
    assert (result.outcome, result.reason) == (FaceOutcome.ERROR, FaceReason.ENGINE_MISSING)
    await verifier.close()
