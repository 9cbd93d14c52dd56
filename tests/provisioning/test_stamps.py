"""Set-up does nothing twice, and everything again when its inputs change."""

from __future__ import annotations

from pathlib import Path

import pytest

from provisioning.setup import __main__ as setup
from provisioning.setup import packages
from provisioning.setup.say import SetupError
from provisioning.setup.stamps import Stamps, digest


def test_a_digest_follows_names_bytes_and_salt_but_no_caches(tmp_path: Path) -> None:
    folder = tmp_path / "content"
    folder.mkdir()
    (folder / "a.yaml").write_text("one")
    first = digest(tmp_path, [folder])
    (folder / "__pycache__").mkdir()
    (folder / "__pycache__/a.pyc").write_text("x")
    (folder / ".a.swp").write_text("x")
    assert digest(tmp_path, [folder]) == first
    assert digest(tmp_path, [folder], salt="3.12") != first
    (folder / "a.yaml").write_text("two")
    changed = digest(tmp_path, [folder])
    (folder / "a.yaml").rename(folder / "b.yaml")
    assert len({first, changed, digest(tmp_path, [folder])}) == 3


def test_a_missing_input_has_a_digest_of_its_own(tmp_path: Path) -> None:
    before = digest(tmp_path, [tmp_path / "fonts.py"])
    (tmp_path / "fonts.py").touch()
    assert digest(tmp_path, [tmp_path / "fonts.py"]) != before


def test_a_stamp_holds_while_key_and_outputs_do(tmp_path: Path) -> None:
    stamps, output = Stamps(tmp_path / "work/stamps.json"), tmp_path / "out"
    assert not stamps.holds("fonts", "k1")
    stamps.put("fonts", "k1")
    assert stamps.holds("fonts", "k1")
    assert not stamps.holds("fonts", "k2")
    assert not stamps.holds("fonts", "k1", [output])
    output.touch()
    assert Stamps(stamps.path).holds("fonts", "k1", [output])
    stamps.drop("fonts")
    assert not stamps.holds("fonts", "k1")


@pytest.mark.parametrize("text", ["", "{", "[]"])
def test_a_record_cut_short_means_not_done(tmp_path: Path, text: str) -> None:
    stamps = Stamps(tmp_path / "stamps.json")
    stamps.path.write_text(text)
    assert not stamps.holds("fonts", "k")
    stamps.put("fonts", "k")
    assert stamps.holds("fonts", "k")


@pytest.fixture
def walk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Set-up of an empty project whose three steps only say that they ran; returns what they said."""
    said: list[str] = []
    (tmp_path / "provisioning").mkdir()
    (tmp_path / "provisioning/packages.txt").write_text("[build]\n[kiosk]\n[backend]\n[test]\n")
    monkeypatch.setattr(packages, "ensure", lambda names: False)

    def steps(root: Path, profile: str, python: str) -> list[setup.Step]:
        def one(name: str, *, also: tuple[str, str] | None = None) -> setup.Step:
            def do() -> None:
                said.append(name)
                if (root / "broken").exists() and name == "content":
                    raise SetupError("no")

            return setup.Step(name, name, "key", (), do, also)

        return [one(f"environment-{profile}", also=("environment-dev", "key")), one("fonts"), one("content")]

    monkeypatch.setattr(setup, "steps", steps)
    return said


def test_the_second_run_does_nothing_and_says_nothing(
    walk: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    setup.set_up(tmp_path, "run", "python")
    assert walk == ["environment-run", "fonts", "content"]
    assert "Set-up complete" in capsys.readouterr().out
    setup.set_up(tmp_path, "run", "python")
    assert len(walk) == 3
    assert capsys.readouterr().out == ""


def test_the_developers_environment_serves_the_kiosk_too(walk: list[str], tmp_path: Path) -> None:
    setup.set_up(tmp_path, "dev", "python")
    setup.set_up(tmp_path, "run", "python")
    assert walk == ["environment-dev", "fonts", "content"]


def test_after_a_failure_it_continues_where_it_stopped(walk: list[str], tmp_path: Path) -> None:
    (tmp_path / "broken").touch()
    with pytest.raises(SetupError):
        setup.set_up(tmp_path, "run", "python")
    (tmp_path / "broken").unlink()
    setup.set_up(tmp_path, "run", "python")
    assert walk == ["environment-run", "fonts", "content", "content"]


def test_a_linters_setting_does_not_install_the_project_again(tmp_path: Path) -> None:
    file = tmp_path / "pyproject.toml"
    file.write_text('[project]\nname = "menkou"\n[tool.ruff]\nline-length = 120\n')
    before = setup.project_key(file)
    file.write_text('[project]\nname = "menkou"\n[tool.ruff]\nline-length = 100\n')
    assert setup.project_key(file) == before
    file.write_text('[project]\nname = "menkou"\n[project.scripts]\nmenkou = "provisioning.entry:main"\n')
    assert setup.project_key(file) != before


def test_an_unknown_profile_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert setup.main(["everything"]) == 2
    assert "usage" in capsys.readouterr().out
