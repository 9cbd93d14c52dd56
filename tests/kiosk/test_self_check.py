"""Before a pack serves: every screen of what has changed is made and drawn, every template compiled."""

from __future__ import annotations

import shutil
from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from backend.certificates.declared import Declared
from content.build import CATALOGUE, build
from content.load import Pack, load_pack
from content.schema.service import Service
from content.sources import parse, service_files
from kiosk.link.content_installer import Unlooked
from kiosk.screens import Screen
from kiosk.self_check import changed, screens_of, self_check
from kiosk.template_check import record_content, template_fault, tries
from kiosk.workers.template_try import TemplateTry
from tests.packs import small_pack


class Drawn:
    def __init__(self, *, fails: str = "") -> None:
        self.kinds: list[str] = []
        self.fails = fails

    async def __call__(self, screen: Screen[Any]) -> None:
        self.kinds.append(type(screen).__name__)
        if type(screen).__name__ == self.fails:
            raise ZeroDivisionError


@pytest.fixture
def old() -> Pack:
    return load_pack(small_pack())


@pytest.fixture
def new() -> Pack:
    return load_pack(small_pack("second"))


async def test_what_has_changed_is_drawn_and_the_overviews(old: Pack, new: Pack) -> None:
    drawn = Drawn()
    assert changed(old, new) == ["water-bill"]
    assert await self_check(old, new, drawn) is None
    assert drawn.kinds[0] == "Guide"
    assert Counter(drawn.kinds)["Guide"] == 1, "the other service is as it was"
    assert Counter(drawn.kinds)["ServiceList"] == 1
    assert Counter(drawn.kinds)["Home"] == 1
    assert "Form" in drawn.kinds


@pytest.mark.parametrize(("screen", "code"), [("Form", "screen-fails:water-bill"), ("Home", "screen-fails:home")])
async def test_a_screen_that_breaks_the_renderer(old: Pack, new: Pack, screen: str, code: str) -> None:
    assert await self_check(old, new, Drawn(fails=screen)) == code


async def test_a_service_that_cannot_be_read(new: Pack, old: Pack, tmp_path: Path) -> None:
    shutil.copytree(small_pack("second"), tmp_path / "pack")
    broken = load_pack(tmp_path / "pack")
    brief = broken.brief("water-bill")
    assert brief is not None
    (broken.root / brief.object).write_bytes(b"{}")
    assert await self_check(old, broken, Drawn()) == "screen-fails:water-bill"


@pytest.mark.parametrize(
    "text",
    [
        "#let x = (",
        '#import "missing.typ": *',
        "#unknown-function()",
        "#let c = (a: 1)\n#c.wrong",
        '#import "sheet.typ": *\n#data.content.no-such-field',
        '#import "sheet.typ": *\n#data.title_zh\n#image("gone.png")',
        '#panic("dictionary does not contain key")',
    ],
)
async def test_a_template_that_does_not_compile(old: Pack, tmp_path: Path, text: str) -> None:
    pytest.importorskip("typst")
    shutil.copytree(small_pack("second"), tmp_path / "pack")
    broken = load_pack(tmp_path / "pack")
    assert await template_fault(broken, []) is None
    (broken.root / "templates" / "record-sheet.typ").write_text(text)
    assert await self_check(old, broken, Drawn()) == "template-fails:record-sheet"


@pytest.mark.parametrize("text", ["#while true { }", "#let eat(x) = eat(x + x)\n#eat(range(1000))"])
async def test_a_template_without_end_ends_with_its_process(tmp_path: Path, text: str) -> None:
    pytest.importorskip("typst")
    (tmp_path / "x.typ").write_text(text)
    (tmp_path / "good.typ").write_text("= 证明")
    async with TemplateTry(str(tmp_path), timeout_s=2.0) as compiler:
        assert await compiler.compiles(str(tmp_path / "x.typ"), {}) is False
        assert await compiler.compiles(str(tmp_path / "good.typ"), {}) is True, "the next one is tried all the same"


async def test_without_a_compiler_it_is_said(old: Pack, new: Pack, monkeypatch: pytest.MonkeyPatch) -> None:
    class Without(TemplateTry):
        def __init__(self, root: str) -> None:
            super().__init__(root)
            self._worker._target = "tests.kiosk.no_compiler:worker"

    monkeypatch.setattr("kiosk.template_check.TemplateTry", Without)
    assert await self_check(old, new, Drawn()) == Unlooked("templates-not-checked")


def test_records_are_tried_as_the_desk_makes_them() -> None:
    """Of the same shape, and of every service whose template is the record's."""
    seen = 0
    for file in service_files(CATALOGUE):
        service, _ = parse(file, file.read_bytes(), Service)
        if service is None or service.record is None:
            continue
        answer: dict[str, Any] = {shown.value: "x" for shown in service.record.entries if shown.format == "text"}
        record = service.record.model_copy(
            update={"entries": [shown for shown in service.record.entries if shown.format == "text"]}
        )
        if record.table is not None:
            answer[record.table.rows] = []
        made, tried = Declared(record).content(service, {}, answer, date(2026, 11, 22)), record_content(record)
        assert made.keys() == tried.keys()
        assert [entry.keys() for entry in made["entries"]] == [entry.keys() for entry in tried["entries"]]
        assert (made["table"] or {}).keys() == (tried["table"] or {}).keys()
        assert (made["table"] or {}).get("columns") == (tried["table"] or {}).get("columns")
        seen += 1
    assert seen > 20


async def test_every_template_of_the_catalogue_compiles(tmp_path: Path) -> None:
    pytest.importorskip("typst")
    pack = build(CATALOGUE, tmp_path)
    everything = [brief.id for brief in pack.briefs]
    assert {name for name, _, _ in tries(pack, [])} == set(pack.templates)
    assert len(list(tries(pack, everything))) > len(list(tries(pack, []))) + 5
    assert await template_fault(pack, everything) is None


def test_every_service_of_the_catalogue_makes_its_screens() -> None:
    made = 0
    for file in service_files(CATALOGUE):
        service, _ = parse(file, file.read_bytes(), Service)
        if service is not None:
            made += len(list(screens_of(service)))
    assert made > 100
