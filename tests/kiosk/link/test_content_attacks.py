"""What whoever sits in the desk's place, or holds some of the keys, can make a kiosk do: nothing it should not."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import msgspec
import pytest
from securesystemslib.signer import CryptoSigner
from tuf.api.metadata import TargetFile

from content.signing.roles import MADE_AT
from kiosk.link import download, tuf_updater
from kiosk.link.fleet_desk import DeskSilent
from tests.kiosk.link.content_world import NOW, GaveUp, Kiosk, Repository, bytes_of
from tests.packs import small_pack


@pytest.fixture
def repository() -> Repository:
    return Repository()


@pytest.fixture
def kiosk(tmp_path: Path, repository: Repository) -> Kiosk:
    return Kiosk(tmp_path, small_pack(), repository)


def still(kiosk: Kiosk) -> None:
    """It serves what it served, and would after a power cut."""
    assert kiosk.installer.version() == kiosk.serves[0].version
    assert len(kiosk.serves) == 1
    before = kiosk.serves[0].version
    kiosk.restart()
    assert kiosk.installer.version() == before


async def test_a_signed_release_is_taken(kiosk: Kiosk, repository: Repository) -> None:
    order = repository.release(small_pack("second"))
    assert await kiosk.take(order) == "running"
    assert kiosk.installer.version() == order.version == kiosk.serves[-1].version
    kiosk.restart()
    assert kiosk.serves[0].version == order.version


# Arbitrary target


async def test_what_nobody_signed_is_not_taken(kiosk: Kiosk, repository: Repository) -> None:
    order = repository.hold(small_pack("second"))
    assert await kiosk.take(order) == "not-signed"
    assert order.sha256 not in kiosk.carrier.asked, "not even fetched"
    still(kiosk)


async def test_other_bytes_under_a_signed_version_are_not_taken(kiosk: Kiosk, repository: Repository) -> None:
    order = repository.release(small_pack("second"))
    other = repository.hold(small_pack("third"))
    forged = msgspec.structs.replace(order, sha256=other.sha256, size=other.size)
    assert await kiosk.take(forged) == "other-than-signed"
    still(kiosk)


@pytest.mark.parametrize("folder", ["objects", "index"])
async def test_a_file_that_was_changed_on_the_way_is_not_taken(
    kiosk: Kiosk, repository: Repository, folder: str
) -> None:
    pack = small_pack("second")
    order = repository.release(pack)
    had = {path.name for path in (small_pack() / folder).iterdir()}
    changed = next(path for path in (pack / folder).iterdir() if path.name not in had)
    forged = b"x" * changed.stat().st_size
    kiosk.carrier.says = lambda name: bytes_of(forged) if name == changed.stem else None
    assert await kiosk.take(order) == "payload-damaged"
    still(kiosk)


# Endless data


async def _for_ever() -> AsyncIterator[bytes]:
    while True:
        yield b"x" * 65536
        await asyncio.sleep(0)


@pytest.mark.parametrize("name", ["timestamp.json", "3.snapshot.json", "3.targets.json", "2.root.json"])
async def test_metadata_without_end(kiosk: Kiosk, repository: Repository, name: str) -> None:
    repository.publish()
    order = repository.release(small_pack("second"))
    assert repository.targets.version == 3
    kiosk.carrier.says = lambda asked: _for_ever if asked == name else None
    assert await kiosk.take(order) == "metadata-endless"
    still(kiosk)


async def test_a_file_without_end(kiosk: Kiosk, repository: Repository) -> None:
    order = repository.release(small_pack("second"))
    kiosk.carrier.says = lambda name: _for_ever if name == order.sha256 else None
    with pytest.raises(GaveUp):
        await kiosk.take(order)
    assert kiosk.faults[0] == DeskSilent("longer than announced")
    parts = list((kiosk.home / "releases").iterdir())
    assert all(part.stat().st_size <= order.size for part in parts)
    still(kiosk)


# Slow retrieval


async def _trickle() -> AsyncIterator[bytes]:
    while True:
        await asyncio.sleep(0.01)
        yield b"x"


async def test_a_file_that_trickles(kiosk: Kiosk, repository: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(download, "_RATE_AFTER_S", 0.1)
    order = repository.release(small_pack("second"))
    kiosk.carrier.says = lambda name: _trickle if name == order.sha256 else None
    assert await kiosk.take(order) == "retrieval-slow"
    still(kiosk)


async def test_a_file_that_trickles_and_is_cut_off_each_time(
    kiosk: Kiosk, repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Never for long enough to be called slow in one answer."""
    monkeypatch.setattr(download, "_RATE_AFTER_S", 0.1)
    kiosk.most_faults = 100
    order = repository.release(small_pack("second"))

    async def drops() -> AsyncIterator[bytes]:
        await asyncio.sleep(0.03)
        yield b"x"
        raise httpx.ReadError("cut")

    kiosk.carrier.says = lambda name: drops if name == order.sha256 else None
    assert await kiosk.take(order) == "retrieval-slow"
    still(kiosk)


async def test_a_line_that_is_often_away_is_no_trickle(
    kiosk: Kiosk, repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between two times that it was away, something came."""
    monkeypatch.setattr(download, "_RATE_AFTER_S", 0.02)
    kiosk.most_faults = 100
    order = repository.release(small_pack("second"))
    times = 0

    async def some() -> AsyncIterator[bytes]:
        nonlocal times
        times += 1
        yield repository.objects[order.sha256][:100]
        await asyncio.sleep(0.05)
        raise httpx.ReadTimeout("away")

    kiosk.carrier.says = lambda name: some if name == order.sha256 and times < 10 else None
    assert await kiosk.take(order) == "running"
    assert len(kiosk.faults) == 10


async def test_our_own_restraint_is_no_trickle(
    kiosk: Kiosk, repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(download, "_RATE_AFTER_S", 0.0)
    monkeypatch.setattr(download, "_LEAST_RATE", 1000)
    order = msgspec.structs.replace(repository.release(small_pack("second")), bytes_per_s=20_000)
    assert await kiosk.take(order) == "running"


async def test_metadata_that_trickles(kiosk: Kiosk, repository: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tuf_updater, "_FILE_S", 0.1)
    order = repository.release(small_pack("second"))
    kiosk.carrier.says = lambda name: _trickle if name == "timestamp.json" else None
    assert await kiosk.take(order) == "metadata-slow"
    still(kiosk)


# Freeze


async def test_metadata_that_has_expired_is_not_followed(kiosk: Kiosk, repository: Repository) -> None:
    order = repository.release(small_pack("second"))
    kiosk.now = NOW + timedelta(days=31)
    assert await kiosk.take(order) == "metadata-expired"
    still(kiosk)


@pytest.mark.parametrize("role", ["root", "targets", "snapshot", "timestamp"])
async def test_each_role_expires(kiosk: Kiosk, repository: Repository, role: str) -> None:
    soon = NOW + timedelta(days=1)
    if role == "root":
        repository.root.version, repository.root.expires = 2, soon
        repository.publish_root()
    else:
        getattr(repository, role).expires = soon
    order = repository.release(small_pack("second"))
    kiosk.now = NOW + timedelta(days=2)
    assert await kiosk.take(order) == "metadata-expired"
    kiosk.now = NOW
    assert await kiosk.take(order) == "running"


# Rollback


async def test_an_older_timestamp_is_not_believed(kiosk: Kiosk, repository: Repository) -> None:
    order = repository.release(small_pack("second"))
    old = dict(repository.files)
    repository.publish()
    assert await kiosk.take(order) == "running"
    third = repository.hold(small_pack("third"))
    kiosk.restart()
    repository.files = old
    assert await kiosk.take(third) == "metadata-rolled-back"
    still(kiosk)


@pytest.mark.parametrize("role", ["snapshot", "targets"])
async def test_older_versions_under_a_new_timestamp_are_not_believed(
    kiosk: Kiosk, repository: Repository, role: str
) -> None:
    for _ in range(3):
        repository.publish()
    assert await kiosk.take(repository.release(small_pack("second"))) == "running"
    kiosk.restart()
    order = repository.hold(small_pack("third"))
    getattr(repository, role).version -= 3
    path = f"content/{order.version}/pack.json"
    repository.targets.targets[path] = TargetFile(order.size, {"sha256": order.sha256}, path)
    repository.publish()
    assert await kiosk.take(order) == "metadata-rolled-back"
    still(kiosk)


async def test_a_power_cut_forgets_no_version(
    kiosk: Kiosk, repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every file of what is believed is synced before it gets its name."""
    synced: list[str] = []
    real = tuf_updater.write_whole
    monkeypatch.setattr(tuf_updater, "write_whole", lambda path, data: (synced.append(path.name), real(path, data)))
    assert await kiosk.take(repository.release(small_pack("second"))) == "running"
    assert {"timestamp.json", "snapshot.json", "targets.json", "1.root.json", "root.json"} <= set(synced)


# Mix and match


async def test_a_snapshot_of_another_time_is_not_believed(kiosk: Kiosk, repository: Repository) -> None:
    order = repository.release(small_pack("second"))
    number = repository.snapshot.version
    mixed = repository.files[f"{number}.snapshot.json"]
    repository.publish()
    kiosk.carrier.says = lambda name: bytes_of(mixed) if name == f"{number + 1}.snapshot.json" else None
    assert await kiosk.take(order) == "metadata-mixed"
    still(kiosk)


async def test_targets_of_another_time_are_not_believed(kiosk: Kiosk, repository: Repository) -> None:
    order = repository.release(small_pack("second"))
    number = repository.targets.version
    mixed = repository.files[f"{number}.targets.json"]
    repository.publish()
    kiosk.carrier.says = lambda name: bytes_of(mixed) if name == f"{number + 1}.targets.json" else None
    assert await kiosk.take(order) == "metadata-mixed"
    still(kiosk)


async def test_a_shard_of_another_release_is_not_taken(kiosk: Kiosk, repository: Repository) -> None:
    order = repository.release(small_pack("second"))
    repository.hold(small_pack("third"))
    shards = {path.stem for path in (small_pack("second") / "index").iterdir()}
    fresh = shards - {path.stem for path in (small_pack() / "index").iterdir()}
    foreign = next(path for path in (small_pack("third") / "index").iterdir() if path.stem not in shards)
    kiosk.carrier.says = lambda name: bytes_of(foreign.read_bytes()) if name in fresh else None
    with pytest.raises(GaveUp):  # of another length
        await kiosk.take(order)
    still(kiosk)


# Fast-forward


async def test_after_a_fast_forward_new_keys_lead_back(kiosk: Kiosk, repository: Repository) -> None:
    """Whoever had the online keys has said the highest versions there are; new keys make them worth nothing."""
    repository.snapshot.version = repository.timestamp.version = 2**31
    assert await kiosk.take(repository.release(small_pack("second"))) == "running"
    kiosk.restart()
    for role in ("snapshot", "timestamp"):
        old, new = repository.keys[role][0], CryptoSigner.generate_ed25519()
        repository.root.revoke_key(old.public_key.keyid, role)
        repository.root.add_key(new.public_key, role)
        repository.keys[role] = [new]
    repository.root.version = 2
    repository.publish_root()
    repository.snapshot.version = repository.timestamp.version = 3
    assert await kiosk.take(repository.release(small_pack("third"))) == "running"


# Keys


@pytest.mark.parametrize("role", ["targets", "snapshot", "timestamp"])
async def test_a_strangers_signature_counts_nothing(kiosk: Kiosk, repository: Repository, role: str) -> None:
    repository.keys[role] = [CryptoSigner.generate_ed25519()]
    assert await kiosk.take(repository.release(small_pack("second"))) == "metadata-unsigned"
    still(kiosk)


async def test_the_desks_keys_cannot_sign_releases(kiosk: Kiosk, repository: Repository) -> None:
    repository.keys["targets"] = repository.keys["timestamp"] + repository.keys["snapshot"]
    assert await kiosk.take(repository.release(small_pack("second"))) == "metadata-unsigned"
    still(kiosk)


async def test_one_keeper_alone_makes_no_root(kiosk: Kiosk, repository: Repository) -> None:
    thief = CryptoSigner.generate_ed25519()
    repository.root.add_key(thief.public_key, "targets")
    repository.root.version = 2
    repository.publish_root(repository.keys["root"][:1])
    repository.keys["targets"] = [thief]
    assert await kiosk.take(repository.release(small_pack("second"))) == "metadata-unsigned"
    still(kiosk)


async def test_the_same_signature_twice_is_one(kiosk: Kiosk, repository: Repository) -> None:
    repository.root.version = 2
    one = repository.keys["root"][0]
    repository.publish_root([one, one])
    assert await kiosk.take(repository.release(small_pack("second"))) == "metadata-unsigned"


async def test_keys_may_change_and_the_old_ones_end(kiosk: Kiosk, repository: Repository) -> None:
    old = repository.keys["targets"]
    new = CryptoSigner.generate_ed25519()
    repository.root.revoke_key(old[0].public_key.keyid, "targets")
    repository.root.add_key(new.public_key, "targets")
    repository.root.version = 2
    repository.publish_root()
    assert await kiosk.take(repository.release(small_pack("second"))) == "metadata-unsigned", "the old key"
    repository.keys["targets"] = [new]
    assert await kiosk.take(repository.release(small_pack("second"))) == "running"


async def test_all_keepers_may_change_one_after_the_other(kiosk: Kiosk, repository: Repository) -> None:
    for number in range(3):
        before, leaving = list(repository.keys["root"]), repository.keys["root"][0]
        coming = CryptoSigner.generate_ed25519()
        repository.root.revoke_key(leaving.public_key.keyid, "root")
        repository.root.add_key(coming.public_key, "root")
        repository.root.version += 1
        repository.keys["root"] = [*before[1:], coming]
        repository.publish_root([*before, coming])
        assert repository.root.version == number + 2
    assert await kiosk.take(repository.release(small_pack("second"))) == "running"
    # And without the one that led there, the last root is a stranger's.
    del repository.files["3.root.json"]
    other = Kiosk(kiosk.home / "other", small_pack(), repository)
    assert await other.take(repository.release(small_pack("third"))) == "running", "the keys below root are the same"


async def test_a_kiosk_without_a_root_takes_nothing(kiosk: Kiosk, repository: Repository) -> None:
    kiosk.root = None
    assert await kiosk.take(repository.release(small_pack("second"))) == "content-root-missing"
    still(kiosk)


async def test_another_repository_altogether(kiosk: Kiosk, repository: Repository) -> None:
    foreign = Repository()
    order = foreign.release(small_pack("second"))
    kiosk.carrier.repository = foreign
    assert await kiosk.take(order) == "metadata-unsigned"
    still(kiosk)


# The clock


async def test_a_clock_without_a_battery_does_not_bring_the_past_back(kiosk: Kiosk, repository: Repository) -> None:
    """The newest thing seen was signed in November: metadata that ran out in June stays run out."""
    repository.timestamp.unrecognized_fields[MADE_AT] = NOW.isoformat()
    assert await kiosk.take(repository.release(small_pack("second"))) == "running"
    kiosk.restart()
    kiosk.now, kiosk.own_clock = None, datetime(1970, 1, 1, tzinfo=UTC)
    assert kiosk.trust.floor() == NOW
    repository.timestamp.expires = datetime(2026, 6, 1, tzinfo=UTC)
    assert await kiosk.take(repository.release(small_pack("third"))) == "metadata-expired"
    repository.timestamp.expires = NOW + timedelta(days=3)
    assert await kiosk.take(repository.release(small_pack("third"))) == "running"


async def test_a_clock_far_ahead_serves_on(kiosk: Kiosk, repository: Repository) -> None:
    kiosk.now, kiosk.own_clock = None, NOW + timedelta(days=4000)
    order = repository.release(small_pack("second"))
    assert await kiosk.take(order) == "metadata-expired"
    still(kiosk)
    kiosk.now = NOW  # the desk has told the time
    assert await kiosk.take(order) == "running"


@pytest.mark.parametrize(("days", "end"), [(400, "metadata-expired"), (31, "metadata-expired"), (29, "running")])
async def test_a_desk_that_lies_about_the_time_brings_nothing_back(
    kiosk: Kiosk, repository: Repository, days: int, end: str
) -> None:
    """A clock that a time service has set knows what has expired, whatever the desk says."""
    order = repository.release(small_pack("second"))
    kiosk.now, kiosk.own_clock, kiosk.own_clock_set = NOW, NOW + timedelta(days=days), True
    assert await kiosk.take(order) == end


async def test_a_clock_that_was_set_once_is_believed_on(kiosk: Kiosk, repository: Repository) -> None:
    """The line to the time service may be in the same hands."""
    order = repository.release(small_pack("second"))
    kiosk.own_clock_set = True
    assert await kiosk.take(order) == "running"
    kiosk.own_clock_set, kiosk.own_clock = False, NOW + timedelta(days=400)
    assert await kiosk.take(repository.release(small_pack("third"))) == "metadata-expired"


async def test_a_desk_ahead_of_a_set_clock_counts(kiosk: Kiosk, repository: Repository) -> None:
    order = repository.release(small_pack("second"))
    kiosk.now, kiosk.own_clock_set = NOW + timedelta(days=400), True
    assert await kiosk.take(order) == "metadata-expired"


async def test_a_signature_from_the_future_does_not_stop_us_for_ever(kiosk: Kiosk, repository: Repository) -> None:
    repository.timestamp.unrecognized_fields[MADE_AT] = (NOW + timedelta(days=4000)).isoformat()
    assert await kiosk.take(repository.release(small_pack("second"))) == "running"
    assert kiosk.trust.floor() < NOW + timedelta(days=2)
    del repository.timestamp.unrecognized_fields[MADE_AT]
    kiosk.restart()
    assert await kiosk.take(repository.release(small_pack("third"))) == "running"


# A desk that is away


async def test_a_silent_desk_is_waited_for(kiosk: Kiosk, repository: Repository) -> None:
    order = repository.release(small_pack("second"))
    silent = [DeskSilent("ConnectError")] * 3
    kiosk.carrier.says = lambda name: silent.pop() if silent else None
    assert await kiosk.take(order) == "running"
    assert kiosk.faults == [DeskSilent("ConnectError")] * 3
