"""Time-outs on every screen: "您还需要更多时间吗?" before anything is lost (WCAG 2.2.1)."""

from __future__ import annotations

import asyncio
import time
from typing import TypeVar

from kiosk.journeys import texts
from kiosk.journeys.context import TimedOut
from kiosk.journeys.waiting import ended
from kiosk.screens import MoreTime, Nav, Screen, Stage

A = TypeVar("A")
_TOUCH_POLL_S = 0.25
_TOUCH_SETTLE_S = 0.8  # long enough for a touch on one of the buttons to become its answer


class PatientStage:
    """A Stage that watches for rest. After `screen.idle_s` without a touch it asks over the screen, which keeps
    its state; no answer raises `TimedOut` in the journey. There is no limit to the number of extensions."""

    def __init__(self, stage: Stage, *, more_time_s: float = 30.0, scale: float = 1.0) -> None:
        self._stage = stage
        self._more_time_s = more_time_s
        self._scale = scale
        self._overlay = asyncio.Lock()  # one thing over the screen at a time

    def set_scale(self, scale: float) -> None:
        """From the next question on."""
        self._scale = scale

    async def ask(self, screen: Screen[A]) -> A | Nav:
        if screen.idle_s is None:
            return await self._stage.ask(screen)
        asking = self._stage.ask(screen)
        question = asyncio.ensure_future(asking)
        shown = time.monotonic()
        try:
            while True:
                rested = time.monotonic() - max(shown, self._stage.last_touch())
                left = screen.idle_s * self._scale * self._stage.patience() - rested
                if left > 0:
                    await asyncio.wait({question}, timeout=left)
                    if question.done():
                        return question.result()
                elif await self._more_time():
                    shown = time.monotonic()
                else:
                    raise TimedOut
        finally:
            await ended(question)

    async def _more_time(self) -> bool:
        """True if the resident wants more time; False if they want to end or do not answer at all."""
        screen = MoreTime(question=texts.MORE_TIME, speech=texts.MORE_TIME_SPEECH, seconds=self._more_time_s)
        asked = time.monotonic()
        async with self._overlay:
            if self._stage.last_touch() > asked:
                return True  # something else lay over the screen, and the resident has just closed it
            return await self._answer_or_touch(screen, asked)

    async def _answer_or_touch(self, screen: MoreTime, asked: float) -> bool:
        """Whoever touches anything at all is there: that counts as yes, unless the touch was on "end"."""
        question = asyncio.ensure_future(self._stage.ask_over(screen))
        until = time.monotonic() + self._more_time_s + 0.5
        try:
            while (left := until - time.monotonic()) > 0:
                await asyncio.wait({question}, timeout=min(left, _TOUCH_POLL_S))
                if question.done():
                    return question.result()
                touched = self._stage.last_touch()
                if touched > asked and time.monotonic() - touched > _TOUCH_SETTLE_S:
                    return True
            return False
        finally:
            await ended(question)

    def show(self, screen: Screen[A]) -> None:
        self._stage.show(screen)

    async def ask_over(self, screen: Screen[A]) -> A:
        async with self._overlay:
            return await self._stage.ask_over(screen)

    def last_touch(self) -> float:
        return self._stage.last_touch()

    def patience(self) -> float:
        return self._stage.patience()

    def reset(self) -> None:
        self._stage.reset()
