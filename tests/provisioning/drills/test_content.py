"""The content drill, small: a real desk, real kiosks' updaters, and a release that some of them cannot run."""

from __future__ import annotations

import subprocess
import sys

import pytest


@pytest.mark.stack
@pytest.mark.timeout(400)
def test_a_release_that_breaks_some_is_halted_and_they_serve_on() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "provisioning.drills.content_cli", "--kiosks", "20", "--broken", "20", "--seed", "3"],
        capture_output=True,
        text=True,
        timeout=380,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr[-2000:]
    assert "halted: " in done.stdout
    assert "yes  every broken kiosk serves the old version" in done.stdout
