"""What nothing names goes after a month; everything that anything names stays."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path

import pytest

from backend.releases.payloads import PayloadStore
from backend.tuf_desk.collect import KEPT_FOR
from backend.tuf_desk.keys import OnlineKeys
from backend.tuf_desk.repository import TufDesk
from content.listing import pack_files
from content.signing.roles import SigningFault
from tests.backend.tuf_desk.signers import Keepers
from tests.backend.tuf_desk.test_repository import DAY, NOW, release
from tests.packs import small_pack


@pytest.fixture
def desk(tmp_path: Path) -> TufDesk:
    return TufDesk(tmp_path / "tuf", PayloadStore(tmp_path / "payloads"))


@pytest.fixture
def keepers(tmp_path: Path, desk: TufDesk) -> Keepers:
    found = Keepers(tmp_path / "ceremony", desk, NOW)
    desk.take_root(found.root(), NOW, first=True)
    return found


def aged(tmp_path: Path) -> None:
    """Everything came long ago."""
    before = (NOW - KEPT_FOR - DAY).timestamp()
    for path in [*(tmp_path / "tuf" / "packs").iterdir(), *(tmp_path / "tuf" / "objects").iterdir()]:
        os.utime(path, (before, before))


def there(desk: TufDesk, edition: str) -> bool:
    facts = pack_files(small_pack(edition)).values()
    return all(desk.objects.path(one.sha256).exists() for one in facts)


def withdraw(desk: TufDesk, keepers: Keepers, version: str, now: datetime) -> None:
    desk.take_targets(keepers.sign(desk.request(now, [version]), now), now)


def test_what_was_withdrawn_goes_and_nothing_else(desk: TufDesk, keepers: Keepers, tmp_path: Path) -> None:
    release(desk, keepers, "first")
    second = release(desk, keepers, "second", NOW + DAY)
    waiting = desk.import_pack(small_pack("third"))
    withdraw(desk, keepers, second, NOW + 2 * DAY)
    assert desk.collect([], NOW) == 0, "it is not old yet"
    aged(tmp_path)
    assert desk.collect([], NOW) == 1 + 3, "the pack; its root, one shard, one service"
    assert there(desk, "first")
    assert not there(desk, "second")
    assert there(desk, "third")
    assert {path.name for path in (tmp_path / "tuf" / "packs").iterdir()} >= {waiting.sha256}
    assert desk.collect([], NOW) == 0
    desk.import_pack(small_pack("second"))
    assert there(desk, "second"), "it may come again"


def test_what_a_rollout_names_stays(desk: TufDesk, keepers: Keepers, tmp_path: Path) -> None:
    second = release(desk, keepers, "second")
    digest = desk.serving()[0].name
    withdraw(desk, keepers, second, NOW + DAY)
    aged(tmp_path)
    assert desk.collect([digest], NOW) == 0
    assert there(desk, "second")


def test_nothing_goes_while_a_named_pack_is_damaged(desk: TufDesk, keepers: Keepers, tmp_path: Path) -> None:
    release(desk, keepers, "first")
    digest = desk.serving()[0].name
    second = release(desk, keepers, "second", NOW + DAY)
    withdraw(desk, keepers, second, NOW + 2 * DAY)
    aged(tmp_path)
    desk.objects.path(digest).unlink()
    assert desk.collect([], NOW) == 0
    assert there(desk, "second")


def test_the_first_keys_are_made_once(tmp_path: Path) -> None:
    """The server and the command line both begin: whoever writes last must not take away what the other gave out."""

    def key(folder: Path) -> str:
        return OnlineKeys(folder).signer("timestamp").public_key.keyid

    for number in range(10):
        folders = [tmp_path / str(number)] * 8
        with ThreadPoolExecutor(8) as threads:
            given = set(threads.map(key, folders))
        assert given == {key(folders[0])}


@pytest.mark.parametrize("role", ["snapshot", "timestamp"])
def test_a_root_that_wants_more_than_this_desk_can_sign(
    desk: TufDesk, keepers: Keepers, tmp_path: Path, role: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    release(desk, keepers)
    another = OnlineKeys(tmp_path / "another").public()[role]
    keepers.ceremony.add_key(another)
    with pytest.raises(SigningFault, match=f"{role} is signed by the server's one key"):
        keepers.ceremony.change_root(NOW, add=[(role, another.name)], thresholds={role: 2})
    monkeypatch.setattr("content.signing.ceremony.ONLINE", ())  # another program than ours made it
    keepers.ceremony.change_root(NOW, add=[(role, another.name)], thresholds={role: 2})
    with pytest.raises(SigningFault, match=f"more signatures of {role}"):
        desk.take_root(keepers.sign_root(), NOW)
    assert desk.newest_root() == (desk.metadata("1.root.json") or Path()).read_bytes()
