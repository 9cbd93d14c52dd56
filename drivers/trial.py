"""Trying a device out, as a technician does: `menkou devices test NAME`.

Each class has `trial.py` with one coroutine for any driver of the class:

    async def trial(device: IdReader, console: Console) -> bool

It opens nothing and closes nothing, asks for what a person has to do ("Lay a card on the reader"), says what came of
it with personal data masked, and returns whether the device did all it should.
"""

from __future__ import annotations

import importlib
from collections.abc import Awaitable, Callable
from typing import Any, Protocol

from drivers.device import DeviceClass


class Console(Protocol):
    def say(self, text: str) -> None:
        """One line for the technician."""

    async def ask(self, question: str) -> bool:
        """A question that only a person can answer ("Is the page clean?"); `--yes` answers it with True."""


Trial = Callable[[Any, Console], Awaitable[bool]]


def find_trial(device_class: DeviceClass) -> Trial:
    """The trial of a class; imported only when it is needed."""
    trial: Trial = importlib.import_module(f"drivers.{device_class.value}.trial").trial
    return trial
