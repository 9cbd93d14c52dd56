"""The power fails, or the disk is full, between any two files the desk writes: whatever is done next makes it good."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest
from tuf.api.metadata import Metadata

from backend.releases.payloads import PayloadStore
from backend.tuf_desk.repository import TufDesk
from content.signing.files import write as real
from content.signing.roles import SigningFault
from kiosk.link.content_trust import Answer, Believed, ContentTrust
from tests.backend.tuf_desk.signers import Keepers
from tests.backend.tuf_desk.test_repository import DAY, NOW, Served, release
from tests.packs import small_pack


@pytest.fixture
def desk(tmp_path: Path) -> TufDesk:
    return TufDesk(tmp_path / "tuf", PayloadStore(tmp_path / "payloads"))


@pytest.fixture
def keepers(tmp_path: Path, desk: TufDesk) -> Keepers:
    found = Keepers(tmp_path / "ceremony", desk, NOW)
    desk.take_root(found.root(), NOW, first=True)
    release(desk, found)
    return found


def cut_at(monkeypatch: pytest.MonkeyPatch, name: str, what: Callable[[], object]) -> None:
    """`what` ends before the file whose name ends so is written."""

    def write(path: Path, data: bytes) -> None:
        if path.name.endswith(name):
            raise OSError(28, "no space")
        real(path, data)

    with monkeypatch.context() as patch:
        patch.setattr("backend.tuf_desk.repository.write", write)
        with pytest.raises(OSError, match="no space"):
            what()


def ask(desk: TufDesk, home: Path, path: str, when: datetime) -> Answer:
    root = desk.metadata("1.root.json")
    assert root is not None
    trust = ContentTrust(home, root.read_bytes, own_clock=lambda: when)
    return asyncio.run(trust.refresh(Served(desk), [path], when))


@pytest.mark.parametrize("cut", ["snapshot.json", "timestamp.json"])
@pytest.mark.parametrize("mended_by", ["take", "renew"])
def test_targets_that_were_not_published(
    desk: TufDesk, keepers: Keepers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cut: str, mended_by: str
) -> None:
    waiting = desk.import_pack(small_pack("second"))
    data = keepers.sign(desk.request(NOW), NOW)
    cut_at(monkeypatch, cut, lambda: desk.take_targets(data, NOW))
    if mended_by == "take":
        assert desk.take_targets(data, NOW) == [waiting]
    else:
        assert desk.renew(NOW)
    answer = ask(desk, tmp_path / "trust", waiting.path, NOW)
    assert isinstance(answer, Believed)
    assert answer.targets[waiting.path] is not None
    assert not desk.renew(NOW), "once is enough"
    assert desk.take_targets(data, NOW) == [waiting], "it still waits for the database"


@pytest.mark.parametrize("cut", ["snapshot.json", "timestamp.json"])
@pytest.mark.parametrize("mended_by", ["take", "renew"])
def test_new_keys_of_the_server_that_were_not_used(
    desk: TufDesk, keepers: Keepers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cut: str, mended_by: str
) -> None:
    data = other_keys(desk, keepers, tmp_path)
    cut_at(monkeypatch, cut, lambda: desk.take_root(data, NOW))
    if mended_by == "take":
        assert desk.take_root(data, NOW) == 2
    else:
        assert desk.renew(NOW)
    assert isinstance(ask(desk, tmp_path / "trust", "content/x/pack.json", NOW), Believed)
    assert not desk.renew(NOW), "once is enough"


def test_a_key_the_root_does_not_know_says_nothing(desk: TufDesk, keepers: Keepers, tmp_path: Path) -> None:
    """Nothing that no kiosk would believe takes the place of what they do believe."""
    before = (tmp_path / "tuf" / "metadata" / "timestamp.json").read_bytes()
    (tmp_path / "tuf" / "keys" / "timestamp.key.pem").unlink()
    with pytest.raises(SigningFault, match="does not know this desk's timestamp key"):
        desk.renew(NOW + 2 * DAY)
    assert (tmp_path / "tuf" / "metadata" / "timestamp.json").read_bytes() == before


def other_keys(desk: TufDesk, keepers: Keepers, tmp_path: Path) -> bytes:
    """The next root, with new keys of the server."""
    old = desk.keys.public()
    for role in old:
        (tmp_path / "tuf" / "keys" / f"{role}.key.pem").unlink()
    new = desk.keys.public()
    for public in new.values():
        keepers.ceremony.add_key(public)
    added = [(role, public.name) for role, public in new.items()]
    removed = [(role, public.name) for role, public in old.items()]
    keepers.ceremony.change_root(NOW, add=added, remove=removed)
    data = keepers.sign_root()
    assert Metadata.from_bytes(data).signed.version == 2
    return data
