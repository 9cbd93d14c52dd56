from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from backend.identity.crypto import MASTER_KEY, Vault, open_vault, read_or_make_secret


def test_round_trip_and_context() -> None:
    vault = Vault(bytes(32))
    sealed = vault.encrypt("张示范".encode(), "a.name")
    assert "张示范".encode() not in sealed
    assert vault.decrypt(sealed, "a.name").decode() == "张示范"
    assert sealed != vault.encrypt("张示范".encode(), "a.name")
    with pytest.raises(ValueError, match="does not open"):
        vault.decrypt(sealed, "b.name")  # moved to another column
    with pytest.raises(ValueError, match="does not open"):
        Vault(b"\1" * 32).decrypt(sealed, "a.name")
    for place in range(len(sealed)):
        altered = bytearray(sealed)
        altered[place] ^= 1
        with pytest.raises(ValueError):
            vault.decrypt(bytes(altered), "a.name")


def test_hashes_depend_on_key_purpose_and_parts() -> None:
    one, two = Vault(bytes(32)), Vault(b"\1" * 32)
    assert one.person_hash("519999199001010017") == one.person_hash("519999199001010017")
    assert one.person_hash("519999199001010017") != two.person_hash("519999199001010017")
    assert one.mac("a", "xy", "z") != one.mac("a", "x", "yz")
    assert one.mac("a", "x") != one.mac("b", "x")
    assert repr(one) == "Vault()"


def test_the_key_is_made_once_and_private(tmp_path: Path) -> None:
    first = open_vault(tmp_path)
    assert open_vault(tmp_path).person_hash("x") == first.person_hash("x")
    path = tmp_path / MASTER_KEY
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert [entry.name for entry in path.parent.iterdir()] == [path.name]


def test_many_processes_agree_on_one_key(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "key"
    with ThreadPoolExecutor(8) as pool:
        keys = set(pool.map(lambda n: read_or_make_secret(path, lambda: bytes([n]) * 32), range(8)))
    assert len(keys) == 1
