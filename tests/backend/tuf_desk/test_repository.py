"""The desk carries what was signed, says how fresh it is, and believes nothing by itself."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from tuf.api.metadata import Metadata

from backend.catalogue import Catalogue
from backend.releases.payloads import PayloadStore
from backend.tuf_desk.repository import TufDesk
from backend.tuf_desk.wiring import Watcher
from content.load import load_pack
from content.signing.roles import SigningFault
from kiosk.link.content_trust import Believed, ContentTrust, Refused
from kiosk.link.fleet_desk import DeskFault, DeskRefusal
from tests.backend.tuf_desk.signers import Keepers
from tests.packs import small_pack

NOW = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture
def desk(tmp_path: Path) -> TufDesk:
    return TufDesk(tmp_path / "tuf", PayloadStore(tmp_path / "payloads"))


@pytest.fixture
def keepers(tmp_path: Path, desk: TufDesk) -> Keepers:
    found = Keepers(tmp_path / "ceremony", desk, NOW)
    desk.take_root(found.root(), NOW, first=True)
    return found


def release(desk: TufDesk, keepers: Keepers, edition: str = "first", now: datetime = NOW) -> str:
    version = desk.import_pack(small_pack(edition)).version
    fresh = desk.take_targets(keepers.sign(desk.request(now), now), now)
    assert [one.version for one in fresh] == [version]
    desk.entered(fresh)
    return version


class Served:
    """The desk's files, as a kiosk's updater asks for them."""

    def __init__(self, desk: TufDesk) -> None:
        self._desk = desk

    @asynccontextmanager
    async def metadata(self, name: str) -> AsyncIterator[httpx.Response | DeskFault]:
        path = self._desk.metadata(name)
        yield httpx.Response(200, content=_all(path.read_bytes())) if path else DeskRefusal(404, "not-found")


async def _all(data: bytes) -> AsyncIterator[bytes]:
    yield data


async def test_a_kiosk_believes_what_the_desk_publishes(desk: TufDesk, keepers: Keepers, tmp_path: Path) -> None:
    root = desk.newest_root()
    trust = ContentTrust(tmp_path / "trust", lambda: root, own_clock=lambda: NOW)
    for edition in ("first", "second"):
        version = release(desk, keepers, edition)
        answer = await trust.refresh(Served(desk), [f"content/{version}/pack.json"], NOW)
        assert isinstance(answer, Believed)
        target = answer.targets[f"content/{version}/pack.json"]
        assert target is not None
        assert target.sha256 == desk.import_pack(small_pack(edition)).sha256
        assert not desk.state().waiting, "it is signed"
    assert trust.floor() == NOW
    desk.renew(NOW + 2 * DAY)
    assert isinstance(await trust.refresh(Served(desk), [], NOW + 4 * DAY), Believed)
    later = await trust.refresh(Served(desk), [], NOW + 6 * DAY)
    assert isinstance(later, Refused)
    assert later.code == "metadata-expired", "a desk that stands still is noticed"


async def test_keys_change_without_a_visit(desk: TufDesk, keepers: Keepers, tmp_path: Path) -> None:
    first = desk.newest_root()
    trust = ContentTrust(tmp_path / "trust", lambda: first, own_clock=lambda: NOW)
    release(desk, keepers)
    assert isinstance(await trust.refresh(Served(desk), [], NOW), Believed)
    keepers.ceremony.change_root(NOW, remove=[("root", "root-3")])
    desk.take_root(keepers.sign_root(), NOW)
    version = release(desk, keepers, "second")
    answer = await trust.refresh(Served(desk), [f"content/{version}/pack.json"], NOW)
    assert isinstance(answer, Believed)
    assert answer.targets[f"content/{version}/pack.json"] is not None


def test_every_file_is_kept_once(desk: TufDesk, keepers: Keepers) -> None:
    release(desk, keepers, "first")
    before = {path.name for path in (desk.objects.path("x").parent).iterdir()}
    release(desk, keepers, "second")
    after = {path.name for path in (desk.objects.path("x").parent).iterdir()}
    assert len(after - before) == 3, "the root, one shard, one service"
    assert before <= after


def test_what_is_not_a_pack_is_not_imported(desk: TufDesk, tmp_path: Path) -> None:
    with pytest.raises(SigningFault, match="no content pack"):
        desk.import_pack(tmp_path)


def test_the_first_root_is_brought_by_an_operator(tmp_path: Path, desk: TufDesk) -> None:
    keepers = Keepers(tmp_path / "ceremony", desk, NOW)
    with pytest.raises(SigningFault, match="on the server"):
        desk.take_root(keepers.root(), NOW)
    assert desk.take_root(keepers.root(), NOW, first=True) == 1
    assert desk.take_root(keepers.root(), NOW) == 1, "again"


def test_a_strangers_root_does_not_follow(tmp_path: Path, desk: TufDesk, keepers: Keepers) -> None:
    stranger = Keepers(tmp_path / "stranger", desk, NOW)
    stranger.ceremony.change_root(NOW)
    with pytest.raises(SigningFault, match="not enough signatures"):
        desk.take_root(stranger.sign_root(), NOW, first=True)
    with pytest.raises(SigningFault, match="another of that number"):
        desk.take_root(Keepers(tmp_path / "third", desk, NOW).root(), NOW, first=True)


def test_a_root_must_know_this_desk(tmp_path: Path, desk: TufDesk) -> None:
    other = TufDesk(tmp_path / "other", PayloadStore(tmp_path / "payloads"))
    with pytest.raises(SigningFault, match="does not know this desk's snapshot key"):
        desk.take_root(Keepers(tmp_path / "ceremony", other, NOW).root(), NOW, first=True)


def test_roots_come_one_after_the_other_and_in_time(desk: TufDesk, keepers: Keepers) -> None:
    keepers.ceremony.change_root(NOW)
    second = keepers.sign_root()
    keepers.ceremony.change_root(NOW)
    third = keepers.sign_root()
    with pytest.raises(SigningFault, match="bring root 2 first"):
        desk.take_root(third, NOW)
    with pytest.raises(SigningFault, match="expired"):
        desk.take_root(second, NOW + 400 * DAY)
    assert [desk.take_root(data, NOW) for data in (second, third)] == [2, 3]


def test_unsigned_and_foreign_targets_are_not_taken(tmp_path: Path, desk: TufDesk, keepers: Keepers) -> None:
    desk.import_pack(small_pack())
    stranger = Keepers(tmp_path / "stranger", desk, NOW)
    with pytest.raises(SigningFault, match="not enough signatures"):
        desk.take_targets(stranger.sign(desk.request(NOW), NOW), NOW)
    assert desk.metadata("timestamp.json") is None
    assert len(desk.state().waiting) == 1


def test_targets_are_taken_once_in_their_order_and_in_time(desk: TufDesk, keepers: Keepers) -> None:
    desk.import_pack(small_pack())
    old = keepers.sign(desk.request(NOW), NOW)
    with pytest.raises(SigningFault, match="have expired"):
        desk.take_targets(old, NOW + 200 * DAY)
    fresh = desk.take_targets(old, NOW)
    number = desk.state().timestamp
    assert desk.take_targets(old, NOW) == fresh, "the same again, because the database had not heard of it"
    assert desk.state().timestamp == number, "but nothing is published for it"
    desk.entered(fresh)
    release(desk, keepers, "second")
    with pytest.raises(SigningFault, match="ask for a new request"):
        desk.take_targets(old, NOW)


def test_what_was_never_imported_cannot_be_published(desk: TufDesk, keepers: Keepers) -> None:
    release = desk.import_pack(small_pack())
    signed = keepers.sign(desk.request(NOW), NOW)
    desk.objects.path(release.sha256).unlink()
    with pytest.raises(SigningFault, match="never imported"):
        desk.take_targets(signed, NOW)


def test_the_timestamp_is_renewed_before_it_ends_and_not_all_the_time(desk: TufDesk, keepers: Keepers) -> None:
    assert not desk.renew(NOW), "nothing is signed yet"
    release(desk, keepers)

    def numbers() -> tuple[int, int]:
        state = desk.state()
        assert state.snapshot is not None
        assert state.timestamp is not None
        return state.snapshot.signed.version, state.timestamp.signed.version

    first = numbers()
    assert not desk.renew(NOW + DAY)
    assert numbers() == first
    assert desk.renew(NOW + 2 * DAY)
    second = numbers()
    assert (second[0], second[1] > first[1]) == (first[0], True)
    assert desk.renew(NOW + 8 * DAY)
    assert numbers()[0] > second[0], "the snapshot too"
    state = desk.state()
    assert state.timestamp is not None
    assert state.timestamp.signed.expires == NOW + 8 * DAY + 3 * DAY


def test_a_desk_put_back_from_a_copy_says_no_old_numbers(desk: TufDesk, keepers: Keepers, tmp_path: Path) -> None:
    release(desk, keepers)
    copy = (tmp_path / "tuf" / "metadata" / "timestamp.json").read_bytes()
    desk.renew(NOW + 2 * DAY)
    heard = desk.state().timestamp
    (tmp_path / "tuf" / "metadata" / "timestamp.json").write_bytes(copy)
    desk.renew(NOW + 4 * DAY)
    now = desk.state().timestamp
    assert heard is not None
    assert now is not None
    assert now.signed.version > heard.signed.version


def test_old_snapshots_go(desk: TufDesk, keepers: Keepers, tmp_path: Path) -> None:
    release(desk, keepers)
    for number in range(25):
        assert desk.renew(NOW + (number + 1) * 8 * DAY)
    assert len(list((tmp_path / "tuf" / "metadata").glob("*.snapshot.json"))) == 20


def test_the_servers_keys_are_its_own(desk: TufDesk, keepers: Keepers, tmp_path: Path) -> None:
    files = sorted((tmp_path / "tuf" / "keys").iterdir())
    assert [file.name for file in files] == ["snapshot.key.pem", "timestamp.key.pem"]
    assert all(file.stat().st_mode & 0o777 == 0o600 for file in files)
    root = Metadata.from_bytes(keepers.root())
    mine = {public.key.keyid for public in desk.keys.public().values()}
    assert mine.isdisjoint(root.signed.roles["root"].keyids + root.signed.roles["targets"].keyids)


@pytest.mark.parametrize("name", ["../keys/snapshot.key.pem", "root.json", "0.root.json", "1.root.json.new", ""])
def test_nothing_but_metadata_is_given_out(desk: TufDesk, keepers: Keepers, name: str) -> None:
    assert desk.metadata(name) is None
    assert desk.metadata("1.root.json") is not None


async def test_the_desk_answers_with_what_was_signed(desk: TufDesk, keepers: Keepers, tmp_path: Path) -> None:
    """At once after signing, the newest first; what was only imported is not served."""
    catalogue = Catalogue.load(small_pack())
    watcher = Watcher(desk, catalogue, 30 * DAY, lambda: NOW)
    title = catalogue.service("water-bill").title.zh
    desk.import_pack(small_pack("second"))
    await watcher.look()
    assert catalogue.service("water-bill").title.zh == title
    version = release(desk, keepers, "second")
    await watcher.look()
    assert catalogue.version == version
    assert "second" in catalogue.service("water-bill").title.zh
    third = release(desk, keepers, "third", NOW + DAY)
    await watcher.look()
    assert [pack.version for pack in catalogue.packs] == [third, version, Catalogue.load(small_pack()).version]


async def test_a_damaged_pack_is_left_out(desk: TufDesk, keepers: Keepers) -> None:
    version = release(desk, keepers, "second")
    release(desk, keepers, "third", NOW + DAY)
    [newest, _] = desk.serving()
    (newest / "pack.json").unlink()
    catalogue = Catalogue.load(small_pack())
    await Watcher(desk, catalogue, 30 * DAY, lambda: NOW).look()
    assert catalogue.version == version


async def test_older_packs_are_served_for_a_month_after_a_newer_one(desk: TufDesk, keepers: Keepers) -> None:
    version = release(desk, keepers, "second")
    third = release(desk, keepers, "third", NOW + DAY)
    now = iter((NOW + 30 * DAY, NOW + 31 * DAY, NOW + 300 * DAY))
    catalogue = Catalogue.load(small_pack())
    watcher = Watcher(desk, catalogue, 30 * DAY, lambda: next(now))
    for served in ([third, version], [third], [third]):
        await watcher.look()
        assert [pack.version for pack in catalogue.packs[:-1]] == served


def test_signed_at_the_same_time_the_last_one_imported_is_the_newest(desk: TufDesk, keepers: Keepers) -> None:
    versions = sorted(desk.import_pack(small_pack(edition)).version for edition in ("second", "third", "fourth"))
    imported = [versions[2], versions[0], versions[1]]  # not as their names go, neither way
    for at, version in enumerate(imported):
        os.utime(desk._folder / "waiting" / f"{version}.json", (at, at))
    desk.take_targets(keepers.sign(desk.request(NOW), NOW), NOW)
    assert [load_pack(folder).version for folder in desk.serving()] == imported[::-1]


async def test_what_was_withdrawn_is_served_no_more(desk: TufDesk, keepers: Keepers) -> None:
    version = release(desk, keepers, "second")
    third = release(desk, keepers, "third", NOW + DAY)
    assert len(desk.serving()) == 2
    later = NOW + 2 * DAY
    desk.take_targets(keepers.sign(desk.request(later, withdraw=[third]), later), later)
    assert [load_pack(folder).version for folder in desk.serving()] == [version]
