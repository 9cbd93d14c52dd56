"""The how-to guide "Write a driver" is true: its code is taken out, installed as a third party's package, and run."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

GUIDE = Path(__file__).parents[2] / "docs" / "how-to" / "write-a-driver.md"
BLOCK = re.compile(r"```python\n# (?P<path>[\w/]+\.py)\n(?P<code>.*?)```", re.DOTALL)


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """The guide's files as an installed package; its test beside them."""
    text = GUIDE.read_text("utf-8")
    for block in BLOCK.finditer(text):
        file = tmp_path / block["path"]
        file.parent.mkdir(exist_ok=True)
        file.write_text(block["code"], "utf-8")
    (tmp_path / "town_keypad" / "__init__.py").touch()
    info = tmp_path / "town_keypad-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: town-keypad\nVersion: 1.0\n", "utf-8")
    entry = re.search(r'^"(keypad\.town)" = "(.+)"$', text, re.MULTILINE)
    assert entry is not None
    (info / "entry_points.txt").write_text(f"[menkou.drivers]\n{entry[1]} = {entry[2]}\n", "utf-8")
    return tmp_path


def test_the_guides_own_test_passes(site: Path) -> None:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-o", "asyncio_mode=auto"]
    environment = {"PYTHONPATH": str(site), "PATH": "/usr/bin:/bin"}
    result = subprocess.run(
        [*command, str(site / "test_town_keypad.py")],
        cwd=site,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stdout
    assert "1 passed" in result.stdout


def test_the_guides_code_is_typed(site: Path) -> None:
    command = [sys.executable, "-m", "mypy", "--strict", "--follow-imports=silent", "--cache-dir", str(site / "cache")]
    result = subprocess.run([*command, "-p", "town_keypad"], cwd=site, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout
