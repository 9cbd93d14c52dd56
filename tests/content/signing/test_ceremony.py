"""`menkou sign`: from new keys to a signed release, on files only."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from content.signing.ceremony import Ceremony
from content.signing.cli import PASSPHRASE, app
from content.signing.keys import load_signer, make_key, read_public
from content.signing.request import ReleaseToSign, TargetsRequest
from content.signing.roles import MADE_AT, SigningFault
from tests.packs import small_pack

SECRET = "correct horse battery"
NOW = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)
KEEPERS = ("root-1", "root-2", "root-3")


class Table:
    """The folder that is carried, and each keeper's own stick."""

    def __init__(self, home: Path) -> None:
        self.folder = home / "carried"
        self.sticks = home / "sticks"
        self.ceremony = Ceremony(self.folder)

    def run(self, *words: str, code: int = 0) -> Result:
        result = CliRunner().invoke(app, [*words, "--folder", str(self.folder)], env={PASSPHRASE: SECRET})
        assert result.exit_code == code, result.output
        return result

    def key(self, name: str) -> Path:
        self.run("keys", "new", name, "--private", str(self.sticks / name))
        return self.sticks / name / f"{name}.key.pem"

    def sign(self, what: str, name: str, code: int = 0) -> Result:
        return self.run(what, "sign", "--key", str(self.sticks / name / f"{name}.key.pem"), code=code)

    def found(self) -> None:
        """The first root, by two of three."""
        for name in (*KEEPERS, "targets-1", "snapshot", "timestamp"):
            self.key(name)
        words = [word for name in KEEPERS for word in ("--root-key", name)]
        self.run("root", "new", *words, "--targets-key", "targets-1")
        self.sign("root", "root-1")
        self.sign("root", "root-3")


@pytest.fixture
def table(tmp_path: Path) -> Table:
    return Table(tmp_path)


def test_two_of_three_make_a_root(table: Table) -> None:
    for name in (*KEEPERS, "targets-1", "snapshot", "timestamp"):
        table.key(name)
    words = [word for name in KEEPERS for word in ("--root-key", name)]
    begun = table.run("root", "new", *words, "--targets-key", "targets-1")
    assert "2 more of: root-1, root-2, root-3" in begun.output
    first = table.sign("root", "root-2")
    assert "more signatures are needed" in first.output
    assert "1 more of: root-1, root-3" in first.output
    assert table.ceremony.root() is None
    assert "finished" in table.sign("root", "root-1").output
    root = table.ceremony.root()
    assert root is not None
    assert (root.signed.version, root.signed.roles["root"].threshold) == (1, 2)
    root.verify_delegate("root", root)
    assert "signed by root-1, root-2" in table.run("status").output


def test_a_private_key_is_encrypted_and_its_owners_alone(table: Table) -> None:
    file = table.key("root-1")
    assert file.stat().st_mode & 0o777 == 0o600
    assert b"ENCRYPTED PRIVATE KEY" in file.read_bytes()
    assert not list(table.folder.rglob("*.pem")), "never in the folder that is carried"
    with pytest.raises(SigningFault, match="another passphrase"):
        load_signer(file, "wrong horse battery")
    with pytest.raises(SigningFault, match="plugged in"):
        load_signer(file.with_name("other"), SECRET)


def test_a_key_is_never_overwritten(tmp_path: Path) -> None:
    make_key(tmp_path, "root-1", SECRET)
    with pytest.raises(SigningFault, match="never overwritten"):
        make_key(tmp_path, "root-1", SECRET)
    with pytest.raises(SigningFault, match="too short"):
        make_key(tmp_path, "root-2", "short")
    with pytest.raises(SigningFault, match="not a name"):
        make_key(tmp_path, "../root", SECRET)


def test_a_pack_is_signed(table: Table) -> None:
    table.found()
    staged = table.run("targets", "add", str(small_pack()))
    digest = re.search(r"SHA-256 ([0-9a-f]{64})", staged.output)
    assert digest is not None
    assert "1 more of: targets-1" in staged.output
    assert "finished" in table.sign("targets", "targets-1").output
    targets = table.ceremony.targets()
    assert targets is not None
    ((path, target),) = targets.signed.targets.items()
    assert re.fullmatch(r"content/[0-9a-f]{16}/pack\.json", path)
    assert target.hashes == {"sha256": digest.group(1)}
    assert target.length == (small_pack() / "pack.json").stat().st_size
    assert MADE_AT in targets.signed.unrecognized_fields


def test_a_request_is_carried_to_the_keys_and_back(table: Table, tmp_path: Path) -> None:
    table.found()
    table.run("targets", "add", str(small_pack()))
    table.sign("targets", "targets-1")
    in_force = (table.folder / "targets.json").read_bytes()
    release = ReleaseToSign(version="2", sha256="a" * 64, size=100, notes="第二版")
    file = tmp_path / "request.json"
    file.write_bytes(TargetsRequest(NOW, (release,), in_force).to_bytes())
    shown = table.run("targets", "add", str(file)).output
    assert "a" * 64 in shown
    assert "第二版" in shown
    table.sign("targets", "targets-1")
    targets = table.ceremony.targets()
    assert targets is not None
    assert (targets.signed.version, len(targets.signed.targets)) == (2, 2)


def test_a_release_is_withdrawn(table: Table, tmp_path: Path) -> None:
    table.found()
    table.run("targets", "add", str(small_pack()))
    table.sign("targets", "targets-1")
    targets = table.ceremony.targets()
    assert targets is not None
    version = next(iter(targets.signed.targets)).split("/")[1]
    file = tmp_path / "request.json"
    file.write_bytes(TargetsRequest(NOW, (), (table.folder / "targets.json").read_bytes(), (version,)).to_bytes())
    assert f"{version}  withdrawn" in table.run("targets", "add", str(file)).output
    table.sign("targets", "targets-1")
    targets = table.ceremony.targets()
    assert targets is not None
    assert targets.signed.targets == {}


def test_what_a_deceived_desk_has_in_force_is_not_signed_on(table: Table, tmp_path: Path) -> None:
    table.found()
    table.run("targets", "add", str(small_pack()))
    table.sign("targets", "targets-1")
    forged = json.loads((table.folder / "targets.json").read_bytes())
    forged["signed"]["targets"]["content/evil/pack.json"] = {"hashes": {"sha256": "b" * 64}, "length": 1}
    file = tmp_path / "request.json"
    file.write_bytes(TargetsRequest(NOW, (), json.dumps(forged).encode()).to_bytes())
    result = table.run("targets", "add", str(file), code=1)
    assert "not signed by our keys" in result.output
    assert "evil" not in (table.folder / "targets.json").read_text()


def test_a_desk_behind_what_was_signed_is_sent_home(table: Table, tmp_path: Path) -> None:
    table.found()
    table.run("targets", "add", str(small_pack()))
    table.sign("targets", "targets-1")
    old = (table.folder / "targets.json").read_bytes()
    table.run("targets", "add", str(small_pack("second")))
    table.sign("targets", "targets-1")
    file = tmp_path / "request.json"
    file.write_bytes(TargetsRequest(NOW, (), old).to_bytes())
    assert "bring it the newer targets.json" in table.run("targets", "add", str(file), code=1).output


def test_a_version_stands_for_one_content(table: Table) -> None:
    table.found()
    one = ReleaseToSign(version="7", sha256="a" * 64, size=10)
    table.ceremony.add_releases([one], NOW)
    with pytest.raises(SigningFault, match="another version"):
        table.ceremony.add_releases([one.model_copy(update={"sha256": "b" * 64})], NOW)


def test_what_is_added_later_asks_for_new_signatures(table: Table) -> None:
    table.found()
    table.run("root", "threshold", "targets", "1")
    table.sign("root", "root-1")
    table.sign("root", "root-2")
    table.run("targets", "add", str(small_pack()))
    ceremony = table.ceremony
    signer = load_signer(table.sticks / "targets-1" / "targets-1.key.pem", SECRET)
    assert ceremony.sign_targets(signer)
    ceremony.add_releases([ReleaseToSign(version="8", sha256="a" * 64, size=10)], NOW)
    staged = ceremony.staged_targets()
    assert staged is not None
    assert not staged.signatures


@pytest.mark.parametrize("what", ["root", "targets"])
def test_a_key_without_a_part_signs_nothing(table: Table, what: str) -> None:
    table.found()
    table.key("stranger")
    table.run("root", "rotate")
    table.run("targets", "add", str(small_pack()))
    assert "has no part in" in table.sign(what, "stranger", code=1).output


def test_a_keeper_is_replaced_by_the_two_others(table: Table) -> None:
    table.found()
    table.key("root-4")
    table.run("root", "rotate", "--remove", "root=root-1", "--add", "root=root-4")
    assert "more signatures" in table.sign("root", "root-4").output, "of the old root nobody has signed"
    assert "more signatures" in table.sign("root", "root-2").output
    assert "finished" in table.sign("root", "root-3").output
    root = table.ceremony.root()
    assert root is not None
    assert root.signed.version == 2
    assert read_public(table.folder / "keys" / "root-1.public.json").key.keyid not in root.signed.roles["root"].keyids


def test_a_threshold_nobody_can_reach_is_refused(table: Table) -> None:
    table.found()
    assert "wants 4 signatures and has 3 keys" in table.run("root", "threshold", "root", "4", code=1).output
    assert "wants 2 signatures and has 1 keys" in table.run("root", "threshold", "targets", "2", code=1).output


def test_the_servers_key_signs_no_releases(table: Table) -> None:
    table.found()
    result = table.run("root", "rotate", "--add", "targets=timestamp", code=1)
    assert "a key of the server must not sign root or targets" in result.output


def test_status_says_what_runs_out(table: Table) -> None:
    table.found()
    assert table.run("status").exit_code == 0
    assert "nothing here yet" in CliRunner().invoke(app, ["status", "--folder", str(table.folder / "none")]).output
    table.ceremony.change_root(datetime.now(UTC) - timedelta(days=350))
    for name in ("root-1", "root-2"):
        table.sign("root", name)
    assert "(14 days)" in table.run("status", code=1).output


@pytest.mark.parametrize("content", [b"", b"{}", b"[1]", b"\xff", b'{"format": 2}', b'{"signed": {}}'])
def test_files_that_are_something_else(table: Table, tmp_path: Path, content: bytes) -> None:
    table.found()
    file = tmp_path / "file"
    file.write_bytes(content)
    assert "not done: " in table.run("targets", "add", str(file), code=1).output
    assert "not done: " in table.run("keys", "add", str(file), code=1).output
    assert "not done: " in table.run("root", "sign", "--key", str(file), code=1).output
