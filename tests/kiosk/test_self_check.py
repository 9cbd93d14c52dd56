"""Before a pack serves: every screen of what has changed is made and drawn, every template compiled."""

from __future__ import annotations

import shutil
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from content.build import CATALOGUE, parse, service_files
from content.load import Pack, load_pack
from content.schema.service import Service
from kiosk.screens import Screen
from kiosk.self_check import changed, screens_of, self_check, template_fault
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


@pytest.mark.parametrize("text", ["#let x = (", '#import "missing.typ": *', "#unknown-function()"])
async def test_a_template_that_does_not_compile(old: Pack, new: Pack, tmp_path: Path, text: str) -> None:
    pytest.importorskip("typst")
    shutil.copytree(small_pack("second"), tmp_path / "pack")
    broken = load_pack(tmp_path / "pack")
    assert template_fault(broken) is None
    (broken.root / "templates" / "record-sheet.typ").write_text(text)
    assert await self_check(old, broken, Drawn()) == "template-fails:record-sheet"


def test_every_service_of_the_catalogue_makes_its_screens() -> None:
    made = 0
    for file in service_files(CATALOGUE):
        service, _ = parse(file, file.read_bytes(), Service)
        if service is not None:
            made += len(list(screens_of(service)))
    assert made > 100
