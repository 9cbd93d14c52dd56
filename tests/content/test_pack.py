"""The catalogue compiles, wrong content is refused with a place and an advice, an altered pack is noticed."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from content.build import CATALOGUE, ContentError, build, lint
from content.load import PackError, index_version, load_pack
from content.schema.service import Door

WATER = "water-bill"
PROOF = "social-insurance-enrolment-proof"


@pytest.fixture
def catalogue(tmp_path: Path) -> Path:
    """A copy of the real services, with a template of its own."""
    target = tmp_path / "content" / "catalogue"
    shutil.copytree(CATALOGUE, target)
    templates = tmp_path / "content" / "templates"
    templates.mkdir()
    (templates / "social-insurance-enrolment.typ").write_text('#import "sheet.typ": *\n= 证明\n', "utf-8")
    (templates / "sheet.typ").write_text("#let sheet(body) = body\n", "utf-8")
    return target


def edit(catalogue: Path, service: str, change: Callable[[dict[str, Any]], object]) -> None:
    file = catalogue / "services" / f"{service}.yaml"
    data = yaml.safe_load(file.read_text("utf-8"))
    change(data)
    file.write_text(yaml.safe_dump(data, allow_unicode=True), "utf-8")


def faults(catalogue: Path, **options: Any) -> str:
    with pytest.raises(ContentError) as caught:
        lint(catalogue, **options)
    return str(caught.value)


def test_builds_and_loads(catalogue: Path, tmp_path: Path) -> None:
    pack = build(catalogue, tmp_path / "out")
    assert set(pack.services) == {WATER, PROOF}
    assert pack.templates["social-insurance-enrolment"].read_text("utf-8").endswith("= 证明\n")
    assert [service.id for service in pack.behind(Door.FEES)] == [WATER]
    again = load_pack(tmp_path / "out")
    assert again.services == pack.services
    assert again.version == pack.version == build(catalogue, tmp_path / "other").version


@pytest.mark.parametrize("query", ["社保", "SHEBAO", "sbcb", "she bao", "insur", "参保证明"])
def test_search_finds_the_proof(catalogue: Path, tmp_path: Path, query: str) -> None:
    assert [s.id for s in build(catalogue, tmp_path / "out").search(query)] == [PROOF]


@pytest.mark.parametrize("query", ["", "zzz", "学区"])
def test_search_finds_nothing(catalogue: Path, tmp_path: Path, query: str) -> None:
    assert build(catalogue, tmp_path / "out").search(query) == []


def test_a_change_changes_the_version_and_drops_old_objects(catalogue: Path, tmp_path: Path) -> None:
    before = build(catalogue, tmp_path / "out")
    edit(catalogue, WATER, lambda data: data.update(version=2))
    after = build(catalogue, tmp_path / "out")
    assert after.version != before.version
    assert len(list((tmp_path / "out" / "objects").iterdir())) == 2


@pytest.mark.parametrize(
    ("service", "change", "expected"),
    [
        (WATER, lambda d: d["guide"]["quota"].update(en=" "), "water-bill.yaml: guide.quota.en: is empty"),
        (WATER, lambda d: d["form"][0]["hint"].update(zh=""), "form.0.hint.zh: is empty"),
        (WATER, lambda d: d["guide"].pop("fees"), "guide.fees: is missing; add it"),
        (WATER, lambda d: d["guide"]["materials"].update(zh="身份证等相关材料"), "guide.materials.zh: contains"),
        (WATER, lambda d: d["guide"]["materials"].update(zh="其他需要的材料"), "guide.materials.zh: contains"),
        (WATER, lambda d: d["guide"]["materials"].update(zh="有关证明"), "guide.materials.zh: contains"),
        (WATER, lambda d: d["form"][0].update(pattern="(\\d"), "form.0.pattern: is not a regular expression"),
        (WATER, lambda d: d.update(channels=[]), "channels: is empty"),
        (WATER, lambda d: d.update(form=[]), "form: must ask for exactly one number"),
        (WATER, lambda d: d.update(id="water"), "id: is 'water'; name the file water.yaml"),
        (WATER, lambda d: d.update(colour="blue"), "colour: is not a known field"),
        (WATER, lambda d: d["title"].pop("en"), "title.en: is missing"),
        (WATER, lambda d: d.update(form=d["form"] * 2), "form.1.name: 'account' is used twice"),
        (PROOF, lambda d: d.pop("consent"), "consent: is missing"),
        (PROOF, lambda d: d.pop("certificate"), "certificate: is missing"),
        (PROOF, lambda d: d["certificate"].update(template="nix"), "no such certificate; add templates/nix.typ"),
        (PROOF, lambda d: d["certificate"].update(template="sheet"), "no such certificate; add templates/sheet.typ"),
        (PROOF, lambda d: d.update(devices=["document_printer"]), "devices: must contain id_reader"),
        (PROOF, lambda d: d.update(auth="A1"), "auth: must be A2"),
        (PROOF, lambda d: d["form"][0]["options"].append(d["form"][0]["options"][0]), "options: two options"),
    ],
)
def test_faults_are_named(
    catalogue: Path, service: str, change: Callable[[dict[str, Any]], object], expected: str
) -> None:
    edit(catalogue, service, change)
    assert expected in faults(catalogue)


def test_all_faults_are_told_at_once(catalogue: Path) -> None:
    edit(catalogue, WATER, lambda data: data.update(channels=[]))
    edit(catalogue, PROOF, lambda data: data.pop("consent"))
    told = faults(catalogue)
    assert "channels" in told
    assert "consent" in told


def test_icons_are_checked_when_known(catalogue: Path) -> None:
    assert "icon: 'droplets' is not in the icon font" in faults(catalogue, icons={"file-text"})
    assert len(lint(catalogue, icons={"file-text", "droplets"})) == 2


@pytest.mark.parametrize(
    ("text", "expected"),
    [("id: a\nid: b\n", "'id' is written twice"), ("title: a: b\n", "line 1"), ("just words\n", "valid dictionary")],
)
def test_broken_yaml(catalogue: Path, text: str, expected: str) -> None:
    (catalogue / "services" / "new.yaml").write_text(text, "utf-8")
    assert expected in faults(catalogue)


def test_empty_catalogue(tmp_path: Path) -> None:
    assert "no services here" in faults(tmp_path)


def _alter_object(out: Path) -> None:
    file = next((out / "objects").iterdir())
    file.write_bytes(file.read_bytes().replace(b"A2", b"A0").replace(b"alipay", b"nopay!"))


def _alter_index(out: Path) -> None:
    index = json.loads((out / "pack.json").read_bytes())
    index["services"].pop()
    (out / "pack.json").write_text(json.dumps(index))


@pytest.mark.parametrize(
    ("damage", "expected"),
    [
        (_alter_object, "has been altered"),
        (_alter_index, "pack.json has been altered"),
        (lambda out: (out / "pack.json").unlink(), "no content pack"),
        (lambda out: (out / "pack.json").write_text("{"), "not JSON"),
        (lambda out: (out / "pack.json").write_text('{"format": 99}'), "format 99"),
        (lambda out: (out / "templates" / "social-insurance-enrolment.typ").unlink(), "is missing"),
        (lambda out: (out / "templates" / "social-insurance-enrolment.typ").write_text("x"), "has been altered"),
    ],
)
def test_a_damaged_pack_is_refused(
    catalogue: Path, tmp_path: Path, damage: Callable[[Path], object], expected: str
) -> None:
    out = tmp_path / "out"
    build(catalogue, out)
    damage(out)
    with pytest.raises(PackError, match=expected):
        load_pack(out)


def test_loading_needs_neither_yaml_nor_pinyin() -> None:
    code = "import sys, content.load; assert not {'yaml', 'pypinyin'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


@pytest.mark.parametrize(
    "index",
    [
        "[]",
        "null",
        "7",
        "{}",
        '{"format": 1}',
        '{"format": 1, "version": "x", "services": {}, "files": []}',
        '{"format": 1, "version": "x", "services": [{}], "files": []}',
        '{"format": 1, "version": "x", "services": [{"id": "a", "version": 1, "sha256": "../x"}], "files": []}',
        '{"format": 1, "version": "x", "services": [], "files": ["a"]}',
        "{",
        "\xff",
    ],
)
def test_a_malformed_index_is_told(tmp_path: Path, index: str) -> None:
    (tmp_path / "pack.json").write_bytes(index.encode("latin-1"))
    with pytest.raises(PackError, match=r"pack\.json"):
        load_pack(tmp_path)


@pytest.mark.parametrize("data", [b"[]", b'{"service": {}}', b"{", b'{"service": {}, "search": []}'])
def test_an_object_out_of_shape_is_told(catalogue: Path, tmp_path: Path, data: bytes) -> None:
    """Named by the index with its true hash, and still not a service."""
    pack = build(catalogue, tmp_path / "out")
    index = json.loads((pack.root / "pack.json").read_text("utf-8"))
    digest = hashlib.sha256(data).hexdigest()
    index["services"][0]["sha256"] = digest
    index["version"] = index_version(index)
    (pack.root / "objects" / f"{digest}.json").write_bytes(data)
    (pack.root / "pack.json").write_text(json.dumps(index), "utf-8")
    with pytest.raises(PackError, match="does not fit"):
        load_pack(pack.root)
