"""What the disk may do between two residents: the pack that serves stays, a damaged one is made good, and an update
that was given up leaves nothing behind."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from content.load import load_pack
from kiosk.link import content_installer
from kiosk.link.content_trust import Believed
from kiosk.link.fleet_desk import DeskFault
from kiosk.link.installer import InstallFailed
from tests.kiosk.link.content_world import NOW, Kiosk, Repository, bytes_of
from tests.packs import small_pack


@pytest.fixture
def repository() -> Repository:
    return Repository()


@pytest.fixture
def kiosk(tmp_path: Path, repository: Repository) -> Kiosk:
    return Kiosk(tmp_path, small_pack(), repository)


@pytest.mark.parametrize("fault", [PermissionError(13, "x"), OSError(24, "too many open files"), None])
async def test_a_state_that_cannot_be_read_costs_nobody_the_running_pack(
    kiosk: Kiosk, repository: Repository, monkeypatch: pytest.MonkeyPatch, fault: OSError | None
) -> None:
    assert await kiosk.take(repository.release(small_pack("second"))) == "running"
    running = kiosk.serves[-1]
    third = repository.release(small_pack("third"))
    real = Path.read_bytes

    def read_bytes(path: Path) -> bytes:
        if path.name != "state.json":
            return real(path)
        if fault is not None:
            raise fault
        return b""

    with monkeypatch.context() as patch:
        patch.setattr(Path, "read_bytes", read_bytes)
        assert await kiosk.take(third) == "disk-fault"
    running.verify_all()
    assert kiosk.installer.version() == running.version
    assert await kiosk.take(third) == "running", "once it can be read again"


async def test_the_running_pack_stays_whatever_the_state_says(kiosk: Kiosk, repository: Repository) -> None:
    assert await kiosk.take(repository.release(small_pack("second"))) == "running"
    running = kiosk.serves[-1]
    (kiosk.home / "content" / "state.json").unlink()
    third = repository.release(small_pack("third"))
    await kiosk.installer.fetch(third, kiosk.way(third))
    running.verify_all()


async def test_a_state_that_cannot_be_read_at_the_start_is_kept(
    kiosk: Kiosk, repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It serves with what came with the software, and with the newest again at the next start."""
    second = repository.release(small_pack("second"))
    assert await kiosk.take(second) == "running"
    real = Path.read_bytes

    def read_bytes(path: Path) -> bytes:
        if path.name == "state.json":
            raise OSError(5, "input/output error")
        return real(path)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "read_bytes", read_bytes)
        kiosk.restart()
        assert kiosk.serves[0].root == small_pack()
    kiosk.restart()
    assert kiosk.installer.version() == second.version


@pytest.mark.parametrize("folder", ["index", "objects", "templates", "."])
async def test_a_damaged_pack_that_waits_is_put_together_anew(
    kiosk: Kiosk, repository: Repository, folder: str
) -> None:
    order = repository.release(small_pack("second"))
    await kiosk.installer.fetch(order, kiosk.way(order))
    waiting = kiosk.store.folder_of(order.sha256)
    for file in [file for file in (waiting / folder).iterdir() if file.is_file()]:
        size = file.stat().st_size
        file.unlink()
        file.write_bytes(b"x" * size)
    kiosk.restart()
    assert await kiosk.take(order) == "running"
    kiosk.serves[-1].verify_all()


async def test_a_good_pack_that_waits_is_not_fetched_again(kiosk: Kiosk, repository: Repository) -> None:
    order = repository.release(small_pack("second"))
    await kiosk.installer.fetch(order, kiosk.way(order))
    before = kiosk.store.folder_of(order.sha256).stat().st_ino
    kiosk.restart()
    assert await kiosk.take(order) == "running"
    assert kiosk.store.folder_of(order.sha256).stat().st_ino == before


async def test_content_that_breaks_its_reader_is_an_answer(
    kiosk: Kiosk, repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = repository.release(small_pack("second"))

    def load_pack(folder: Path) -> None:
        raise RecursionError

    with monkeypatch.context() as patch:
        patch.setattr(content_installer, "load_pack", load_pack)
        assert await kiosk.take(order) == "pack-unusable"
    assert len(kiosk.serves) == 1


async def test_a_disk_that_does_not_let_us_go_back_is_an_answer(
    kiosk: Kiosk, repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = repository.release(small_pack("second"))
    assert await kiosk.take(order) == "running"

    def back() -> None:
        raise OSError(30, "read-only")

    monkeypatch.setattr(kiosk.store, "back", back)
    with pytest.raises(InstallFailed, match="disk-fault"):
        await kiosk.installer.go_back(order.version)


async def test_an_update_that_was_given_up_keeps_nothing(kiosk: Kiosk, repository: Repository) -> None:
    """The desk takes an order back while its answer is on the way; the old answer must not be kept over a newer."""
    old = dict(repository.files)
    version = load_pack(small_pack("third")).version
    path = f"content/{version}/pack.json"
    repository.release(small_pack("third"))
    asked, go_on = asyncio.Event(), asyncio.Event()

    class Slow:
        @asynccontextmanager
        async def metadata(self, name: str) -> AsyncIterator[httpx.Response | DeskFault]:
            if name != "timestamp.json":
                async with kiosk.carrier.metadata(name) as reply:
                    yield reply
                return
            asked.set()
            try:
                await go_on.wait()
            except asyncio.CancelledError:  # a connection that does not mind: the answer comes all the same
                await go_on.wait()
            yield httpx.Response(200, content=bytes_of(old[name])())

    given_up = asyncio.create_task(kiosk.trust.refresh(Slow(), [], NOW))
    await asked.wait()
    given_up.cancel()
    await asyncio.wait([given_up], timeout=5)
    assert given_up.cancelled(), "whoever waits for it can go on"
    answer = await kiosk.trust.refresh(kiosk.carrier, [path], NOW)
    assert isinstance(answer, Believed)
    assert answer.targets[path] is not None
    before = believed(kiosk)
    go_on.set()
    await asyncio.sleep(1.0)  # a thread that was left to itself would write by now
    assert believed(kiosk) == before


def believed(kiosk: Kiosk) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in kiosk.home.rglob("trust/*/*.json")}
