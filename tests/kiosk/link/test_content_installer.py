"""Taking content: only what has changed, taken up where it was cut off, kept twice, taken back."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import msgspec
import pytest
from tuf.api.metadata import TargetFile

from content.load import Pack
from kiosk.link.content_installer import ContentInstaller
from kiosk.link.fleet_desk import DeskSilent
from tests.kiosk.link.content_world import GaveUp, Kiosk, Repository
from tests.packs import small_pack


@pytest.fixture
def repository() -> Repository:
    return Repository()


@pytest.fixture
def kiosk(tmp_path: Path, repository: Repository) -> Kiosk:
    return Kiosk(tmp_path, small_pack(), repository)


async def test_only_what_has_changed_is_fetched(kiosk: Kiosk, repository: Repository) -> None:
    order = repository.release(small_pack("second"))
    assert await kiosk.take(order) == "running"
    fetched = [name for name in kiosk.carrier.asked if not name.endswith(".json")]
    assert len(fetched) == len(set(fetched)) == 3, "the root, one shard, one service"
    assert kiosk.serves[-1].services["water-bill"].title.zh == "水费缴纳second"
    shared = kiosk.serves[-1].root / "templates" / "sheet.typ"
    assert shared.stat().st_nlink > 1, "the rest is shared with the pack before"


async def test_nothing_is_asked_without_an_order(kiosk: Kiosk, repository: Repository) -> None:
    naps: list[float] = []
    day = asyncio.Event()

    async def sleep(seconds: float) -> None:
        naps.append(seconds)
        if len(naps) == 3:
            day.set()
            await asyncio.Event().wait()

    installer = ContentInstaller(
        kiosk.store, kiosk.trust, kiosk.serves[0], use=kiosk.serves.append, check=None, sleep=sleep
    )  # type: ignore[arg-type]
    carrier = kiosk.carrier
    task = asyncio.create_task(installer.look_after(lambda: carrier, lambda: kiosk.now))  # type: ignore[arg-type, return-value]
    await day.wait()
    task.cancel()
    assert 600 <= naps[0] <= 24 * 3600.0
    assert naps[1:] == [24 * 3600.0] * 2
    assert carrier.asked.count("timestamp.json") == 2
    assert [name for name in carrier.asked if not name.endswith(".json")] == []


async def test_a_broken_line_is_taken_up_again(kiosk: Kiosk, repository: Repository) -> None:
    order = repository.release(small_pack("second"))
    broken = 0

    async def half() -> AsyncIterator[bytes]:
        nonlocal broken
        broken += 1
        yield repository.objects[order.sha256][:1000]
        raise httpx.ReadError("cut")

    kiosk.carrier.says = lambda name: half if name == order.sha256 and not broken else None
    assert await kiosk.take(order) == "running"
    assert kiosk.faults == [DeskSilent("ReadError")]
    assert kiosk.carrier.ranges[order.sha256] == [0, 1000]


async def test_what_was_fetched_survives_a_restart(kiosk: Kiosk, repository: Repository) -> None:
    order = repository.release(small_pack("second"))
    kiosk.most_faults = 1
    had = {path.name for path in (small_pack() / "objects").iterdir()}
    fresh = next(path.stem for path in (small_pack("second") / "objects").iterdir() if path.name not in had)
    kiosk.carrier.says = lambda name: DeskSilent("away") if name == fresh else None
    with pytest.raises(GaveUp):
        await kiosk.take(order)
    kiosk.restart()
    kiosk.carrier.says = lambda name: None
    kiosk.carrier.asked.clear()
    assert await kiosk.take(order) == "running"
    assert [name for name in kiosk.carrier.asked if not name.endswith(".json")] == [fresh]


async def test_the_line_is_shared(kiosk: Kiosk, repository: Repository) -> None:
    order = msgspec.structs.replace(repository.release(small_pack("second")), bytes_per_s=40_000)
    began = asyncio.get_running_loop().time()
    assert await kiosk.take(order) == "running"
    sent = sum(len(repository.objects[name]) for name in kiosk.carrier.ranges)
    assert asyncio.get_running_loop().time() - began >= 0.8 * sent / 40_000


async def test_two_packs_are_kept_and_the_rest_goes(kiosk: Kiosk, repository: Repository) -> None:
    orders = [repository.release(small_pack(edition)) for edition in ("second", "third", "fourth")]
    for order in orders:
        assert await kiosk.take(order) == "running"
    content = kiosk.home / "content"
    assert {path.name for path in (content / "packs").iterdir()} == {order.sha256 for order in orders[1:]}
    assert not (content / "files").exists()


async def test_it_is_taken_back_to_the_one_before_and_to_the_factorys(kiosk: Kiosk, repository: Repository) -> None:
    second, third = (repository.release(small_pack(edition)) for edition in ("second", "third"))
    assert await kiosk.take(second) == "running"
    assert await kiosk.take(third) == "running"
    await kiosk.installer.go_back(second.version)
    assert kiosk.installer.version() == third.version, "that one does not run"
    await kiosk.installer.go_back(third.version)
    assert kiosk.installer.version() == kiosk.serves[-1].version == second.version
    await kiosk.installer.go_back(second.version)
    assert kiosk.serves[-1].root == small_pack()
    kiosk.restart()
    assert kiosk.serves[0].root == small_pack()


async def test_what_fails_its_check_never_serves(tmp_path: Path, repository: Repository) -> None:
    seen: list[tuple[str, str]] = []

    async def check(old: Pack, new: Pack) -> str | None:
        seen.append((old.version, new.version))
        if new.services["water-bill"].title.zh.endswith("second"):
            return "screen-fails:water-bill"
        if new.services["water-bill"].title.zh.endswith("third"):
            raise RuntimeError("a bug of the renderer")
        return None

    kiosk = Kiosk(tmp_path, small_pack(), repository, check=check)
    factory = kiosk.installer.version()
    second, third, fourth = (repository.release(small_pack(edition)) for edition in ("second", "third", "fourth"))
    assert await kiosk.take(second) == "screen-fails:water-bill"
    assert await kiosk.take(third) == "self-check-failed"
    assert kiosk.installer.version() == factory
    assert len(kiosk.serves) == 1
    kiosk.restart()
    assert kiosk.installer.version() == factory
    assert await kiosk.take(fourth) == "running"
    assert seen == [(factory, order.version) for order in (second, third, fourth)]


async def test_a_check_without_end(tmp_path: Path, repository: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kiosk.link.content_installer._CHECK_S", 0.05)

    async def check(_old: Pack, _new: Pack) -> str | None:
        await asyncio.Event().wait()
        return None

    kiosk = Kiosk(tmp_path, small_pack(), repository, check=check)
    assert await kiosk.take(repository.release(small_pack("second"))) == "self-check-hangs"
    assert len(kiosk.serves) == 1


async def test_a_version_that_is_not_the_packs_own(kiosk: Kiosk, repository: Repository) -> None:
    order = repository.release(small_pack("second"))
    path = f"content/{order.version}/pack.json"
    repository.targets.targets["content/other/pack.json"] = repository.targets.targets.pop(path)
    repository.publish()
    assert await kiosk.take(msgspec.structs.replace(order, version="other")) == "version-differs"
    assert len(kiosk.serves) == 1


@pytest.mark.parametrize(
    "entry",
    [
        {"path": "../../etc/passwd", "size": 1},
        {"path": "/etc/passwd", "size": 1},
        {"path": "pack.json", "size": 1},
        {"path": "templates/../pack.json", "size": 1},
        {"path": "templates/x.typ", "size": -1},
        {"path": "templates/x.typ", "size": 1 << 50},
        {"path": "templates/\0", "size": 1},
        "nonsense",
    ],
)
async def test_a_listing_that_leads_elsewhere(
    kiosk: Kiosk, repository: Repository, tmp_path: Path, entry: object
) -> None:
    """Signed by people who were deceived."""
    if isinstance(entry, dict):
        entry = {"sha256": "0" * 64} | entry
    root = msgspec.json.encode({"format": 2, "version": "v", "count": 0, "shards": [], "files": [entry]})
    order = repository.hold(small_pack("second"))
    sha256 = hashlib.sha256(root).hexdigest()
    repository.objects[sha256] = root
    forged = msgspec.structs.replace(order, sha256=sha256, size=len(root))
    target = f"content/{order.version}/pack.json"
    repository.targets.targets[target] = TargetFile(len(root), {"sha256": sha256}, target)
    repository.publish()
    assert await kiosk.take(forged) == "pack-unusable"
    assert len(kiosk.serves) == 1
