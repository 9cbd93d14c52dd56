"""The commands tell where cases stand and nothing about anybody."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from typer.testing import CliRunner

from backend.cases.cli import app
from tests.backend.cases.test_packages import FORM, package
from tests.backend.cases.world import GOOD_FORM, ZHANG, application, counter, opened


@pytest.fixture
def cases(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Two cases in the desk's own database: one handed over, one whose department is away."""

    async def furnish() -> list[str]:
        async with counter(tmp_path) as house:
            done = await opened(house, await application(house))
            await house.backend.state.case_handover.run()
            await house.control(departments={"market": {"down": True}})
            waiting = await opened(house, await package(house, "intent-0002", parts=["licence", "tax"], form=FORM))
            await house.backend.state.case_handover.run()
            return [done["case_no"], waiting["case_no"]]

    monkeypatch.setenv("MENKOU_BACKEND_VAR_DIR", str(tmp_path / "backend"))
    return asyncio.run(furnish())


def said(*arguments: str, code: int = 0) -> str:
    result = CliRunner().invoke(app, list(arguments))
    assert result.exit_code == code, result.output
    for secret in (*ZHANG, GOOD_FORM["address"], "13800000017"):
        assert secret not in result.output
    return result.output


def test_list_and_show(cases: list[str]) -> None:
    done, waiting = cases
    every = said("list").splitlines()
    assert [line.split()[0] for line in every] == [waiting, done]
    assert "handed-over" in every[1]
    assert said("list", "--waiting").split()[0] == waiting
    assert said("list", "--state", "handed-over").split()[0] == done
    assert said("list", "--service", "package").split()[0] == waiting
    assert said("list", "--state", "refused") == "none\n"

    shown = said("show", f"{done[:20]} {done[20:]}")
    assert "租房提取 (apply, version 3)" in shown
    assert "material lease: scanned" in shown
    assert "desk.submit: done after 1 attempts, S" in shown
    shown = said("show", waiting)
    assert "part tax: waiting at tax" in shown
    assert "market.submit: waiting after 1 attempts, department-down, again at" in shown
    assert said("show", "9" * 43, code=1) == "there is no such case\n"
