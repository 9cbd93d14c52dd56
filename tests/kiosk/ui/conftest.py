"""One Kivy window for the session, pumped by hand; prepared before anything imports Kivy."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from kiosk.ui import env

env.configure(1080, 1920, maxfps=0, inputs=False)  # the window is made when Kivy's Window is first imported

from kiosk.ui.config import UiConfig  # noqa: E402
from kiosk.ui.pump import Pump  # noqa: E402


@pytest.fixture(scope="session")
def window() -> Pump:
    pump = Pump(1080, 1920)
    pump.start()
    return pump


@pytest.fixture
def pump(window: Pump) -> Iterator[Pump]:
    window.stage()
    yield window
    window.current.close()


@pytest.fixture
def strict(window: Pump) -> Pump:
    """With the real debounce and transition times, long enough for a slow machine."""
    window.stage(UiConfig(fade_s=0.0, debounce_s=30.0, key_debounce_s=30.0))
    return window
