"""Services of every kind walked by touch on everything real. Two of them with every run; all with `-m touch`, or as
`make demo-services`."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from content.build import CATALOGUE, build
from content.schema.service import Kind
from provisioning.demo.services.plans import PLANS, chosen

MENKOU = Path(sys.executable).with_name("menkou")
WITH_EVERY_RUN = ("queue-ticket", "policy-match")
BY_NAME = {plan.name: plan for plan in PLANS}
ALONE = [plan.name for plan in PLANS if not plan.after and plan.name not in WITH_EVERY_RUN]


def test_ten_services_of_nearly_every_kind_have_a_walk(tmp_path: Path) -> None:
    pack = build(CATALOGUE, tmp_path / "pack")
    kinds = Counter(pack.services[plan.service].journey for plan in PLANS)
    assert len(PLANS) >= 10
    # A licence is printed like a certificate, on counted paper that nobody has loaded; help waits for a clerk.
    assert set(Kind) - set(kinds) == {Kind.LICENCE, Kind.ASSISTANCE}


def test_a_walk_comes_with_the_one_it_asks_for() -> None:
    assert [plan.name for plan in chosen(["case-progress"])] == ["application", "case-progress"]


def _walk(out: Path, *names: str) -> None:
    wanted = [argument for name in names for argument in ("--walk", name)]
    done = subprocess.run(
        [str(MENKOU), "demo", "--services", "--out", str(out), *wanted],
        capture_output=True,
        text=True,
        timeout=580,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    moments = {moment["what"] for moment in json.loads((out / "timeline.json").read_text("utf-8"))}
    for name in names:
        assert f"walk: {name}" in moments
        assert len(list((out / "screenshots" / name).glob("*.png"))) >= len(BY_NAME[name].screens)


@pytest.mark.stack
@pytest.mark.timeout(600)
def test_two_walks(tmp_path: Path) -> None:
    _walk(tmp_path / "demo", *WITH_EVERY_RUN)


@pytest.mark.stack
@pytest.mark.touch
@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    "names", [["application", "case-progress"], *([name] for name in ALONE if name != "application")]
)
def test_every_other_walk(tmp_path: Path, names: list[str]) -> None:
    _walk(tmp_path / "demo", *names)
