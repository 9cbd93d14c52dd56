"""The catalogue compiles to the same bytes, one change changes little, and an altered pack is noticed."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from content.build import build
from content.listing import pack_files
from content.load import Pack, PackError, diff, load_pack
from content.pack_format import Root, canonical, read_root, root_version
from content.schema.service import Door, Service
from tests.content.samples import Sample


@pytest.fixture
def sample() -> Sample:
    sample = Sample()
    sample.media["deed.png"] = b"\x89PNG"
    return sample


@pytest.fixture
def pack(sample: Sample, tmp_path: Path) -> Pack:
    return build(sample.write(tmp_path / "content"), tmp_path / "out")


def everything(directory: Path) -> dict[str, bytes]:
    return {str(path.relative_to(directory)): path.read_bytes() for path in directory.rglob("*") if path.is_file()}


def test_builds_and_loads(pack: Pack) -> None:
    assert list(pack.services) == ["proof", "permit", "water", "opening"]  # by their numbers
    assert [brief.id for brief in pack.behind(Door.FEES)] == ["water"]
    assert pack.services["permit"].materials[1].fetched_by == "insurance.enrolment"
    assert pack.templates["record-sheet"].read_text("utf-8").endswith("= 证明\n")
    assert pack.media["deed.png"].read_bytes() == b"\x89PNG"
    assert pack.departments["market"].aliases[0].name == "旧局"
    assert pack.operations["water.bill"].kind == "bill"
    assert pack.systems["water"].department == "bureau"
    assert pack.working_days.years == {2026}
    assert pack.regions[0].code == "519999"
    assert "nobody" not in pack.services
    assert pack.brief("nobody") is None
    with pytest.raises(KeyError):
        pack.services["nobody"]
    pack.verify_all()


def test_a_service_comes_out_as_it_went_in(sample: Sample, pack: Pack) -> None:
    for name, service in pack.services.items():
        assert service == Service.model_validate(sample[name])


def test_a_brief_says_what_its_service_says(pack: Pack) -> None:
    for service in pack.services.values():
        brief = pack.brief(service.id)
        assert brief is not None
        for name in ("id", "version", "door", "journey", "title", "summary", "icon", "auth", "row"):
            assert getattr(brief, name) == getattr(service, name)
        assert brief.availability == service.availability
        assert brief.effective == service.effective
        assert list(brief.devices) == service.devices


def test_the_same_input_gives_the_same_bytes(sample: Sample, pack: Pack, tmp_path: Path) -> None:
    build(sample.write(tmp_path / "elsewhere"), tmp_path / "other")
    assert everything(tmp_path / "other") == everything(pack.root)


def test_how_a_file_is_written_does_not_matter(sample: Sample, pack: Pack, tmp_path: Path) -> None:
    """JSON instead of YAML, keys in another order: the same object."""
    catalogue = sample.write(tmp_path / "elsewhere")
    (catalogue / "services" / "water.yaml").unlink()
    water = dict(reversed(sample["water"].items()))
    (catalogue / "services" / "water.json").write_text(json.dumps(water), "utf-8")
    assert build(catalogue, tmp_path / "other").version == pack.version


def test_one_change_changes_one_object_one_shard_and_the_root(sample: Sample, pack: Pack, tmp_path: Path) -> None:
    sample["water"]["version"] = 4
    after = build(sample.write(tmp_path / "content"), tmp_path / "new")
    assert after.version != pack.version
    root = read_root((after.root / "pack.json").read_bytes())
    changed = diff(pack, root, lambda file: (after.root / file.path).read_bytes())
    assert [file.path.split("/")[0] for file in changed] == ["index", "objects"]
    old, new = everything(pack.root), everything(after.root)
    assert {path for path in new if new[path] != old.get(path)} == {"pack.json", *(file.path for file in changed)}
    assert {file.path: file.size for file in diff(None, root, lambda file: new[file.path])} == {
        path: len(data) for path, data in new.items() if path != "pack.json"
    }


def test_every_file_is_listed(pack: Pack) -> None:
    """By the pack itself, and by what an updater understands of it."""
    listed = {file.path: (file.sha256, file.size) for file in pack.files()}
    assert {path: (facts.sha256, facts.size) for path, facts in pack_files(pack.root).items()} == listed
    on_disk = {path: (hashlib.sha256(data).hexdigest(), len(data)) for path, data in everything(pack.root).items()}
    on_disk.pop("pack.json")
    assert listed == on_disk


def test_what_is_no_longer_named_goes(sample: Sample, pack: Pack, tmp_path: Path) -> None:
    sample["water"]["version"] = 4
    sample.media.clear()
    (tmp_path / "content" / "media" / "deed.png").unlink()
    after = build(sample.write(tmp_path / "content"), pack.root)
    assert len(list((pack.root / "objects").iterdir())) == 4
    assert dict(after.media) == {}
    assert not (pack.root / "media" / "deed.png").exists()


def test_an_object_a_power_cut_left_incomplete_is_written_again(sample: Sample, pack: Pack, tmp_path: Path) -> None:
    brief = pack.brief("water")
    assert brief is not None
    (pack.root / brief.object).write_bytes(b"{")
    assert build(sample.write(tmp_path / "content"), pack.root).services["water"].version == 3


@pytest.mark.parametrize("query", ["社保", "SHEBAO", "sbcb", "she bao", "insur", "参保", "社保参保证明"])
def test_search_finds_the_proof(pack: Pack, query: str) -> None:
    assert [brief.id for brief in pack.search(query)] == ["proof"]


@pytest.mark.parametrize("query", ["", " ", "zzz", "学区", "\n", "\t"])
def test_search_finds_nothing(pack: Pack, query: str) -> None:
    assert pack.search(query) == []


def test_search_stops_at_its_limit(pack: Pack) -> None:
    assert len(pack.search("i", limit=2)) == 2
    assert pack.search("i", limit=0) == []


def test_needs_behind_a_door(pack: Pack) -> None:
    assert [brief.id for brief in pack.needs_behind(Door.CERTIFICATES)] == ["proof"]
    assert pack.needs_behind(Door.LIVING) == ()


def _object(out: Path) -> Path:
    brief = load_pack(out).brief("proof")
    assert brief is not None
    return out / brief.object


def _edit_root(out: Path, change: Callable[[dict[str, Any]], object], *, sign: bool) -> None:
    root = json.loads((out / "pack.json").read_bytes())
    change(root)
    if sign:
        root["version"] = root_version(msgspec.convert(root, Root))
    (out / "pack.json").write_bytes(canonical(root))


def _shard(out: Path) -> Path:
    return next((out / "index").iterdir())


DAMAGE: dict[str, tuple[Callable[[Path], object], str]] = {
    "a shard": (lambda out: _shard(out).write_bytes(_shard(out).read_bytes().replace(b"A", b"B")), "altered"),
    "no shard": (lambda out: _shard(out).unlink(), "is missing"),
    "a shard less": (lambda out: _edit_root(out, lambda r: r["shards"].pop(), sign=True), "incomplete"),
    "a shard twice": (
        lambda out: _edit_root(out, lambda r: r["shards"].append(r["shards"][0]), sign=True),
        "incomplete",
    ),
    "the root": (lambda out: _edit_root(out, lambda r: r["files"].pop(), sign=False), "pack.json has been altered"),
    "no root": (lambda out: (out / "pack.json").unlink(), "no content pack"),
    "half a root": (lambda out: (out / "pack.json").write_text("{"), "not JSON"),
    "another format": (lambda out: (out / "pack.json").write_text('{"format": 99}'), "format 99"),
    "no template": (lambda out: (out / "templates" / "record-sheet.typ").unlink(), "is missing"),
    "a template": (lambda out: (out / "templates" / "record-sheet.typ").write_text("x"), "altered"),
    "reference": (lambda out: (out / "reference" / "departments.json").write_text("[]"), "altered"),
    "outside": (
        lambda out: _edit_root(out, lambda r: r["files"][0].update(path="templates/../../x"), sign=True),
        "outside the pack",
    ),
    "absolute": (
        lambda out: _edit_root(out, lambda r: r["shards"][0].update(path="/etc/passwd"), sign=True),
        "outside",
    ),
}


@pytest.mark.parametrize("name", DAMAGE)
def test_a_damaged_pack_is_refused(pack: Pack, name: str) -> None:
    damage, expected = DAMAGE[name]
    damage(pack.root)
    with pytest.raises(PackError, match=expected):
        load_pack(pack.root)


def test_an_altered_service_is_refused_when_it_is_asked_for(pack: Pack) -> None:
    file = _object(pack.root)
    file.write_bytes(file.read_bytes().replace(b'"A2"', b'"A0"'))
    again = load_pack(pack.root)
    with pytest.raises(PackError, match="altered"):
        again.services["proof"]
    assert again.services["water"].version == 3
    with pytest.raises(PackError, match="altered"):
        again.verify_all()
    file.unlink()
    with pytest.raises(PackError, match="missing"):
        again.services["proof"]


def test_an_altered_picture_is_refused_when_it_is_asked_for(pack: Pack) -> None:
    (pack.root / "media" / "deed.png").write_bytes(b"x")
    with pytest.raises(PackError, match="altered"):
        load_pack(pack.root).media["deed.png"]


def test_a_service_in_anothers_place_is_refused(pack: Pack) -> None:
    """Both objects are genuine; the index was made by somebody who mixes them."""
    shard = _shard(pack.root)
    data = json.loads(shard.read_bytes())
    other = next(brief for brief in pack.briefs if brief.id != data["services"][0]["id"])
    mixed = data["services"][0]["id"]
    data["services"][0].update(sha256=other.sha256, size=other.size)
    _replace_shard(pack.root, shard, canonical(data))
    with pytest.raises(PackError, match="another service's"):
        load_pack(pack.root).services[mixed]


@pytest.mark.parametrize(
    "data",
    [
        b"[]",
        b"{",
        b'{"services": [], "keys": ["a\\tb", "", "", ""]}',
        b'{"services": [{"id": "a"}], "keys": ["", "", "", ""]}',
        b'{"services": [], "keys": ["", "", ""]}',
    ],
)
def test_a_shard_out_of_shape_is_told(pack: Pack, data: bytes) -> None:
    """Named by the root with its true hash, and still no shard."""
    _replace_shard(pack.root, _shard(pack.root), data)
    with pytest.raises(PackError, match=r"does not fit|incomplete"):
        load_pack(pack.root)


def _replace_shard(out: Path, shard: Path, data: bytes) -> None:
    digest = hashlib.sha256(data).hexdigest()
    (out / "index" / f"{digest}.json").write_bytes(data)
    entry = {"path": f"index/{digest}.json", "size": len(data), "sha256": digest}

    def change(root: dict[str, Any]) -> None:
        root["shards"] = [entry if file["sha256"] == shard.stem else file for file in root["shards"]]

    _edit_root(out, change, sign=True)


@pytest.mark.parametrize(
    "root",
    [
        b"[]",
        b"null",
        b"7",
        b"{}",
        b'{"format": 2}',
        b'{"format": 2, "version": "x", "count": 0, "shards": {}, "files": []}',
        b'{"format": 2, "version": "x", "count": 0, "shards": [{}], "files": []}',
        b'{"format": 2, "version": "x", "count": 0, "shards": [], "files": ["a"]}',
        b'{"format": 2, "version": "x", "count": 0, "shards": [], "files": []}',
        b"{",
        b"\xff",
        b"[" * 100_000,
    ],
)
def test_a_malformed_root_is_told(tmp_path: Path, root: bytes) -> None:
    (tmp_path / "pack.json").write_bytes(root)
    with pytest.raises(PackError, match=r"pack\.json"):
        load_pack(tmp_path)


def test_loading_needs_neither_yaml_nor_pinyin() -> None:
    code = "import sys, content.load; assert not {'yaml', 'pypinyin'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_one_process_or_several_make_the_same_pack(
    sample: Sample, pack: Pack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Work shared out to processes gives the same pack."""
    monkeypatch.setattr("content.compile._WORTH_IT_S", 0.0)
    monkeypatch.setattr("content.compile._CHUNK", 1)
    again = build(sample.write(tmp_path / "content"), tmp_path / "shared")
    assert everything(again.root) == everything(pack.root)
