"""The list of Debian packages, and what set-up says where it may not install any."""

from __future__ import annotations

from pathlib import Path

import pytest

from provisioning.setup import packages
from provisioning.setup.say import SetupError

LIST = Path(packages.__file__).resolve().parents[1] / "packages.txt"


def test_sections_and_comments(tmp_path: Path) -> None:
    file = tmp_path / "list.txt"
    file.write_text("# head\n[build]\ngit   # a comment\n\n[kiosk]\nxvfb\n[build]\nmake\n")
    assert packages.read_list(file) == {"build": ["git", "make"], "kiosk": ["xvfb"]}


@pytest.mark.parametrize("text", ["git\n", "[build]\ngit make\n"])
def test_a_malformed_list_names_the_line(tmp_path: Path, text: str) -> None:
    file = tmp_path / "list.txt"
    file.write_text(text)
    with pytest.raises(ValueError, match=f"line {text.count(chr(10))}"):
        packages.read_list(file)


def test_the_real_list_is_well_formed_and_names_nothing_twice() -> None:
    sections = packages.read_list(LIST)
    names = [name for section in sections.values() for name in section]
    assert set(sections) == {"build", "kiosk", "backend", "test"}
    assert len(names) == len(set(names))


def test_selection_keeps_order_and_drops_doubles() -> None:
    sections = {"a": ["x", "y"], "b": ["y", "z"]}
    assert packages.select(sections, ["a", "b"]) == ["x", "y", "z"]


def test_half_removed_packages_do_not_count_as_installed() -> None:
    assert packages.parse_status("xvfb installed\nx11vnc config-files\ndbus not-installed\n") == {"xvfb"}


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine where only `git` is installed; `apt-get` says what the file `apt` next to it holds."""
    tools = tmp_path / "bin"
    tools.mkdir()
    programs = {
        "dpkg-query": f'echo "git installed"; [ ! -e {tmp_path}/done ] || echo "xvfb installed"',
        "apt-get": f'echo "$@" >>{tmp_path}/calls; ls {tmp_path}/policy >/dev/null && . {tmp_path}/apt',
    }
    for name, text in programs.items():
        (tools / name).write_text(f"#!/bin/sh\n{text}\n")
        (tools / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{tools}:/usr/bin:/bin")
    monkeypatch.setattr(packages, "POLICY", tmp_path / "policy")
    monkeypatch.setattr(packages, "privilege", lambda: [])
    return tmp_path


def test_nothing_missing_calls_nothing(machine: Path) -> None:
    assert packages.ensure(["git"]) is False
    assert not (machine / "calls").exists()


def test_what_is_missing_is_installed_and_daemons_stay_off_meanwhile(machine: Path) -> None:
    (machine / "apt").write_text(f"case $* in *install*) touch {machine}/done;; esac")
    assert packages.ensure(["git", "xvfb"]) is True
    install = (machine / "calls").read_text().splitlines()[-1]
    assert "--no-install-recommends" in install
    assert install.endswith(" xvfb")
    assert not (machine / "policy").exists()


def test_where_apt_refuses_the_command_is_named_and_the_policy_is_gone(
    machine: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (machine / "apt").write_text("echo 'E: permission denied'; exit 100")
    with pytest.raises(SetupError, match="--no-install-recommends xvfb\n"):
        packages.ensure(["git", "xvfb"])
    assert "E: permission denied" in capsys.readouterr().out
    assert not (machine / "policy").exists()


def test_a_policy_of_the_machines_own_is_left_alone(machine: Path) -> None:
    (machine / "policy").write_text("theirs")
    (machine / "apt").write_text("exit 100")
    with pytest.raises(SetupError):
        packages.ensure(["xvfb"])
    assert (machine / "policy").read_text() == "theirs"


def test_without_root_nothing_is_tried(machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packages, "privilege", lambda: None)
    with pytest.raises(SetupError, match="apt-get update && apt-get install --yes --no-install-recommends xvfb"):
        packages.ensure(["git", "xvfb"])
    assert not (machine / "calls").exists()


def test_without_apt_the_packages_are_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SetupError, match="no apt"):
        packages.ensure(["xvfb"])
