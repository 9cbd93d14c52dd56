"""`menkou content` says what was built, or what to mend."""

from __future__ import annotations

import shutil
from pathlib import Path

from typer.testing import CliRunner

from content.build import CATALOGUE
from content.cli import app


def test_build_and_lint(tmp_path: Path) -> None:
    catalogue = tmp_path / "catalogue"
    shutil.copytree(CATALOGUE, catalogue)
    (tmp_path / "templates").mkdir()
    (tmp_path / "templates" / "social-insurance-enrolment.typ").write_text("= x\n", "utf-8")
    out = tmp_path / "out"
    done = CliRunner().invoke(app, ["build", "--catalogue", str(catalogue), "--out", str(out)])
    assert done.exit_code == 0, done.output
    assert "2 services, 1 templates" in done.output
    file = catalogue / "services" / "water-bill.yaml"
    file.write_text(file.read_text("utf-8").replace("icon: droplets", "icon: no-such-icon"), "utf-8")
    done = CliRunner().invoke(app, ["lint", "--catalogue", str(catalogue)])
    assert done.exit_code == 1
    assert "water-bill.yaml: icon: 'no-such-icon' is not in the icon font" in done.output


def test_the_real_catalogue_has_no_faults() -> None:
    done = CliRunner().invoke(app, ["lint"])
    assert done.exit_code == 0, done.output
