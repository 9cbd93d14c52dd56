"""Trying a device out, as a technician does: `menkou devices test NAME`.

Each class has `trial.py` with one coroutine for any driver of the class:

    async def trial(device: IdReader, console: Console) -> bool

It opens nothing and closes nothing, asks for what a person has to do ("Lay a card on the reader"), says what came of
it with personal data masked, and returns whether the device did all it should. The status and the identity were shown
before it began: it does not repeat them. A driver's `detail` is English: it stands in the English half of a line.
"""

from __future__ import annotations

import importlib
from collections.abc import Awaitable, Callable
from typing import Any, Protocol

from drivers.device import DeviceClass

NOT_READY = ("设备没有就绪（见上），先不试", "Not ready (see above): not tried")


class Console(Protocol):
    def say(self, zh: str, en: str) -> None:
        """One line for the technician, in both languages."""

    async def ask(self, zh: str, en: str) -> bool:
        """A question that only a person can answer ("Is the page clean?"); `--yes` answers it with True."""


Trial = Callable[[Any, Console], Awaitable[bool]]


def find_trial(device_class: DeviceClass) -> Trial:
    """The trial of a class; imported only when it is needed."""
    trial: Trial = importlib.import_module(f"drivers.{device_class.value}.trial").trial
    return trial


def in_brackets(detail: str) -> str:
    """` (detail)`, or nothing: for the end of a line."""
    return f" ({detail})" if detail else ""
