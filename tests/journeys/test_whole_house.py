"""Both journeys and two power cuts on everything real: processes, PTYs, the printer, the screen, the touches."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

MENKOU = Path(sys.executable).with_name("menkou")
pytestmark = [pytest.mark.stack, pytest.mark.timeout(400)]


def _demo(out: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(MENKOU), "demo", "--out", str(out), *arguments], capture_output=True, text=True, timeout=380, check=False
    )


def test_both_journeys(tmp_path: Path) -> None:
    done = _demo(tmp_path / "demo")
    assert done.returncode == 0, done.stdout + done.stderr
    left = {path.name for path in (tmp_path / "demo").iterdir()}
    assert {"timeline.json", "screenshots", "certificate.pdf", "spool.pdf", "receipt.bin", "receipt.png"} <= left
    moments = json.loads((tmp_path / "demo" / "timeline.json").read_text("utf-8"))
    assert any(moment["what"] == "journey: water bill" for moment in moments)
    assert len(list((tmp_path / "demo" / "screenshots").glob("*.png"))) >= 18


@pytest.mark.parametrize("fault", ["kiosk-killed", "kiosk-killed-printing"])
def test_power_cut(tmp_path: Path, fault: str) -> None:
    done = _demo(tmp_path / "demo", "--fault", fault)
    assert done.returncode == 0, done.stdout + done.stderr
