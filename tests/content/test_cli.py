"""`menkou content` says what was built, or what to mend."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from typer.testing import CliRunner

from content.build import CATALOGUE, examine
from content.cli import app
from tests.content.samples import Sample

TODAY = date(2026, 11, 22)


def run(*arguments: object) -> tuple[int, str]:
    done = CliRunner().invoke(app, [str(argument) for argument in arguments])
    return done.exit_code, done.output


def test_build_and_lint(tmp_path: Path) -> None:
    sample = Sample()
    catalogue = sample.write(tmp_path)
    code, said = run("build", "--catalogue", catalogue, "--out", tmp_path / "out")
    assert (code, "4 services, 2 templates" in said) == (0, True), said
    sample["water"]["icon"] = "no-such-icon"
    sample["water"]["summary"] = {"zh": "付款" * 20, "en": "Pay"}
    sample.write(tmp_path)
    code, said = run("lint", "--catalogue", catalogue)
    assert code == 1
    assert "water.yaml:" in said
    assert "icon: 'no-such-icon' is not in the icon font" in said
    assert "note: summary.zh" in said
    code, said = run("lint", "--catalogue", catalogue, "--lang", "zh", "--no-notes")
    assert "图标字体里没有" in said
    assert "提示" not in said
    code, said = run("lint", "--catalogue", catalogue, "--only", "permit")
    assert (code, said.strip()) == (0, "4 files, no faults, 0 notes")
    code, said = run("build", "--catalogue", catalogue, "--out", tmp_path / "out2")
    assert code == 1
    assert list((tmp_path / "out2" / "objects").iterdir()) == []


def test_the_real_catalogue_has_no_faults() -> None:
    assert [str(fault) for fault in examine(CATALOGUE, today=TODAY).faults] == []
