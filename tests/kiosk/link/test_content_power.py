"""The power fails at every step of an update, and the disk fills up: there is always a whole pack to serve with."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from content.load import Pack
from tests.kiosk.link.content_world import Kiosk, Repository
from tests.packs import small_pack

STEPS = ("replace", "rename", "fsync", "link", "mkdir", "unlink", "rmdir", "write_opened")


class PowerCut(BaseException):
    """Nothing is done any more: no handler of the program runs on in reality, so none may catch this."""


class Disk:
    """Counts what changes the disk, and may fail at the nth. What was written and not synced is lost."""

    def __init__(self, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.home = home
        self.steps = 0
        self.cut_at: int | None = None
        self.fault: OSError | None = None  # instead of a cut
        self.durable = {path.stat().st_ino for path in home.rglob("*")}
        for name in STEPS[:-1]:
            self._patch(name, monkeypatch)
        self._real_open = os.open
        monkeypatch.setattr(os, "open", self._open)

    def _patch(self, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
        real = getattr(os, name)

        def step(*arguments: Any, **options: Any) -> Any:
            self._step()
            result = real(*arguments, **options)
            if name == "fsync":
                self.durable.add(os.fstat(arguments[0]).st_ino)
            return result

        monkeypatch.setattr(os, name, step)

    def _open(self, path: Any, flags: int, *arguments: Any, **options: Any) -> int:
        if flags & (os.O_WRONLY | os.O_RDWR):
            self._step()
        return self._real_open(path, flags, *arguments, **options)

    def _step(self) -> None:
        self.steps += 1
        if self.cut_at is not None and self.steps >= self.cut_at:
            raise self.fault or PowerCut

    def lose_what_was_not_synced(self) -> None:
        for path in self.home.rglob("*"):
            if path.is_file() and path.stat().st_ino not in self.durable:
                os.truncate(path, 0)


@contextmanager
def disk_of(home: Path) -> Iterator[Disk]:
    with pytest.MonkeyPatch.context() as monkeypatch:
        yield Disk(home, monkeypatch)


def known_inodes(pack: Path) -> set[int]:
    return {path.stat().st_ino for path in pack.rglob("*")}


async def steps_of_an_update(home: Path, repository: Repository, order: Any) -> int:
    kiosk = Kiosk(home, small_pack(), repository)
    with disk_of(home) as disk:
        assert await kiosk.take(order) == "running"
        return disk.steps


@pytest.mark.timeout(300)
async def test_the_power_fails_at_every_step(tmp_path: Path) -> None:
    repository = Repository()
    order = repository.release(small_pack("second"))
    new = order.version
    old = Kiosk(tmp_path / "count", small_pack(), repository).installer.version()
    steps = await steps_of_an_update(tmp_path / "count", repository, order)
    assert steps > 60
    ended = {old: 0, new: 0}
    for number in range(1, steps + 1):
        home = tmp_path / str(number)
        kiosk = Kiosk(home, small_pack(), repository)
        with disk_of(home) as disk:
            disk.durable |= known_inodes(small_pack())
            disk.cut_at = number
            with pytest.raises(PowerCut):
                await kiosk.take(order)
            disk.cut_at = None
            disk.lose_what_was_not_synced()
        kiosk.restart()
        kiosk.serves[0].verify_all()
        ended[kiosk.installer.version()] += 1
        # The desk still wants it: the kiosk comes there, however often the power failed.
        assert await kiosk.take(order) == "running", f"after step {number}"
        kiosk.restart()
        assert kiosk.installer.version() == new
        kiosk.serves[0].verify_all()
    assert ended[old] > 50
    assert ended[new] >= 1, "the last steps are after the switch"


@pytest.mark.timeout(300)
async def test_the_power_fails_while_it_is_taken_back(tmp_path: Path) -> None:
    repository = Repository()
    order = repository.release(small_pack("second"))

    async def updated(home: Path) -> Kiosk:
        kiosk = Kiosk(home, small_pack(), repository)
        assert await kiosk.take(order) == "running"
        return kiosk

    kiosk = await updated(tmp_path / "count")
    old = kiosk.serves[0].version
    with disk_of(kiosk.home) as disk:
        await kiosk.installer.go_back(order.version)
        steps = disk.steps
    assert kiosk.installer.version() == kiosk.serves[-1].version == old
    for number in range(1, steps + 1):
        kiosk = await updated(tmp_path / str(number))
        with disk_of(kiosk.home) as disk:
            disk.cut_at = number
            with pytest.raises(PowerCut):
                await kiosk.installer.go_back(order.version)
        kiosk.restart()
        kiosk.serves[0].verify_all()
        await kiosk.installer.go_back(order.version)
        assert kiosk.installer.version() == old


async def test_a_power_cut_while_it_is_tried_is_forgiven_once(tmp_path: Path) -> None:
    """And a pack that takes the whole program with it is not tried for ever."""
    repository = Repository()
    order = repository.release(small_pack("second"))
    deadly = True

    async def check(_old: Pack, _new: Pack) -> None:
        if deadly:
            raise PowerCut

    kiosk = Kiosk(tmp_path, small_pack(), repository, check=check)
    old = kiosk.installer.version()
    for _ in range(2):
        with pytest.raises(PowerCut):
            await kiosk.take(order)
        kiosk.restart()
        assert kiosk.installer.version() == old
        kiosk.serves[0].verify_all()
    assert await kiosk.take(order) == "self-check-crashed"
    deadly = False
    assert await kiosk.take(repository.release(small_pack("third"))) == "running"
    assert await kiosk.take(order) == "running", "forgotten with the next good one"


@pytest.mark.timeout(300)
async def test_a_full_disk_at_every_step(tmp_path: Path) -> None:
    repository = Repository()
    order = repository.release(small_pack("second"))
    steps = await steps_of_an_update(tmp_path / "count", repository, order)
    codes = set()
    for number in range(1, steps + 1, 2):
        home = tmp_path / str(number)
        kiosk = Kiosk(home, small_pack(), repository)
        old = kiosk.installer.version()
        with disk_of(home) as disk:
            disk.cut_at, disk.fault = number, OSError(errno.ENOSPC, "full")
            try:
                codes.add(await kiosk.take(order))
            except OSError:
                codes.add("raised")  # while going back: the next start does it
        kiosk.restart()
        kiosk.serves[0].verify_all()
        assert kiosk.installer.version() in (old, order.version)
        assert await kiosk.take(order) == "running", f"once there is room again after step {number}"
    assert codes <= {"disk-full", "raised", "running"}
    assert "disk-full" in codes


async def test_a_disk_without_room_is_not_begun_with(tmp_path: Path) -> None:
    repository = Repository()
    order = repository.release(small_pack("second"))
    kiosk = Kiosk(tmp_path, small_pack(), repository)
    kiosk.spare = 1 << 60
    kiosk.restart()
    assert await kiosk.take(order) == "disk-full"
    assert not list((tmp_path / "content").glob("packs/*"))
    assert kiosk.installer.version() == kiosk.serves[0].version


async def test_a_damaged_pack_gives_way_to_the_one_before(tmp_path: Path) -> None:
    repository = Repository()
    kiosk = Kiosk(tmp_path, small_pack(), repository)
    second, third = (repository.release(small_pack(edition)) for edition in ("second", "third"))
    assert [await kiosk.take(order) for order in (second, third)] == ["running", "running"]
    packs = {path.name: path for path in (tmp_path / "content" / "packs").iterdir()}
    assert set(packs) == {second.sha256, third.sha256}, "two are kept"
    next(packs[third.sha256].glob("index/*")).unlink()
    kiosk.restart()
    assert kiosk.installer.version() == second.version
    (packs[second.sha256] / "pack.json").unlink()
    kiosk.restart()
    assert kiosk.serves[0].root == small_pack()
    (tmp_path / "content" / "state.json").write_bytes(b"\0" * 40)
    kiosk.restart()
    assert kiosk.serves[0].root == small_pack()
