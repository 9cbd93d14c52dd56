"""`menkou content preview` says what it cannot show before it starts anything."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from provisioning import content_cli
from provisioning.stack import Stack
from tests.content.samples import Sample


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[Stack]:
    stacks: list[Stack] = []

    async def run(stack: Stack, verbose: bool, words: str) -> None:
        assert (stack._content_dir / "pack.json").exists()
        stacks.append(stack)

    monkeypatch.setattr(content_cli, "run_until_stopped", run)
    return stacks


def preview(catalogue: Path, service: str) -> tuple[int, str]:
    arguments = ["preview", service, "--catalogue", str(catalogue), "--any-ports"]
    done = CliRunner().invoke(content_cli.app, arguments)
    return done.exit_code, done.output


def test_it_opens_the_service_of_this_catalogue(tmp_path: Path, started: list[Stack]) -> None:
    assert preview(Sample().write(tmp_path), "permit") == (0, "")
    (stack,) = started
    assert stack._environment["MENKOU_KIOSK_START_SERVICE"] == "permit"
    assert not stack.var_dir.exists()


def test_an_unknown_service(tmp_path: Path, started: list[Stack]) -> None:
    code, said = preview(Sample().write(tmp_path), "nothing")
    assert code == 1
    assert "there is no service 'nothing'" in said
    assert started == []


def test_a_catalogue_with_faults(tmp_path: Path, started: list[Stack]) -> None:
    sample = Sample()
    sample["water"]["channels"] = []
    code, said = preview(sample.write(tmp_path), "permit")
    assert code == 1
    assert "water.yaml" in said
    assert started == []
