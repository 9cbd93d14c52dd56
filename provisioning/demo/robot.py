"""A resident's finger: reads what the kiosk shows through its inspection socket, touches it through the X server."""

from __future__ import annotations

import asyncio
import json
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

_PRESS_S = 0.08  # a short human touch; the display server needs to see it held
_STROKE_S = 0.04  # between two places of a line that is drawn
_POLL_S = 0.03
_SAME_KEY_S = 0.4  # people are slower on one key; a second strike sooner is taken for a trembling hand


class NotSeen(AssertionError):
    """The screen that should have come did not; says what is shown instead."""


@dataclass(frozen=True)
class Target:
    """Something touchable, in window pixels from the top left."""

    id: str
    x: float
    y: float
    w: float
    h: float
    enabled: bool = True
    label: str = ""  # what is written on it

    @property
    def centre(self) -> tuple[int, int]:
        return round(self.x + self.w / 2), round(self.y + self.h / 2)


@dataclass(frozen=True)
class View:
    """What is on the screen; `screen` is the topmost one (MoreTime over a question)."""

    screen: str
    serial: int
    language: str
    in_transition: bool
    settles_in_s: float  # until the target touched last takes the next touch
    answered: bool  # the screen has its answer, or asks nothing: touches are not taken any more
    question: str
    texts: tuple[str, ...]
    targets: dict[str, Target]
    field: str | None = None  # of a form: the one that is being filled in

    def says(self, words: str) -> bool:
        """Line breaks are the layout's: they are ignored."""
        return words.replace(" ", "") in "".join(self.texts).replace("\n", "").replace(" ", "")


@dataclass
class Moment:
    """A line of `timeline.json`: what happened, and how many milliseconds it took."""

    at_ms: int
    what: str
    took_ms: int


@dataclass
class Timeline:
    started: float = field(default_factory=time.monotonic)
    moments: list[Moment] = field(default_factory=list)

    def note(self, what: str, since: float) -> None:
        now = time.monotonic()
        self.moments.append(Moment(round((now - self.started) * 1000), what, round((now - since) * 1000)))


class Robot:
    """One resident before one kiosk."""

    def __init__(self, socket: Path, display: str, shots: Path, timeline: Timeline) -> None:
        self._socket = socket
        self._display = display
        self._shots = shots
        self.timeline = timeline
        self._shot_number = 0

    async def call(self, command: str, **arguments: Any) -> dict[str, Any]:
        reader, writer = await asyncio.open_unix_connection(str(self._socket), limit=1 << 24)
        try:
            writer.write(json.dumps({"do": command, **arguments}).encode() + b"\n")
            await writer.drain()
            reply: dict[str, Any] = json.loads(await reader.readline())
        finally:
            writer.close()
        if not reply["ok"]:
            raise NotSeen(f"{command}: {reply['error']}")
        return reply

    async def view(self) -> View:
        seen = await self.call("describe")
        return View(
            screen=seen["over"] or seen["screen"] or "",
            serial=seen["serial"],
            language=seen["language"],
            in_transition=seen["in_transition"],
            settles_in_s=seen["settles_in_s"],
            answered=seen["answered"] and not seen["over"],
            question=seen["question"] or "",
            texts=tuple(seen["texts"]),
            targets={target["id"]: Target(**target) for target in seen["targets"]},
            field=seen["field"],
        )

    async def wait_for(self, *screens: str, says: str = "", timeout_s: float = 20.0) -> View:
        """Until one of the screens is shown (and says something), with its transition over."""
        since = time.monotonic()
        view = await self.view()
        while not (view.screen in screens and not view.in_transition and view.says(says)):
            if time.monotonic() - since > timeout_s:
                wanted = " or ".join(screens) + (f" saying {says!r}" if says else "")
                raise NotSeen(f"{wanted} did not come; the screen is {view.screen}: {view.question}")
            await asyncio.sleep(_POLL_S)
            view = await self.view()
        self.timeline.note(f"screen {view.screen}", since)
        return view

    async def touch(self, target_id: str, *, greyed: bool = False, timeout_s: float = 10.0) -> None:
        """Press what carries this id, once it is there and enabled (`greyed`: even if it is not: it says why)."""
        since = time.monotonic()
        while True:
            view = await self.view()
            target = view.targets.get(target_id)
            if target is not None and (target.enabled or greyed) and not view.in_transition and not view.answered:
                if view.settles_in_s <= 0:
                    break
                await asyncio.sleep(view.settles_in_s)
                continue
            if time.monotonic() - since > timeout_s:
                raise NotSeen(f"nothing to touch as {target_id!r} on {view.screen}; there is {sorted(view.targets)}")
            await asyncio.sleep(_POLL_S)
        await self.press(*target.centre)
        self.timeline.note(f"touch {target_id}", since)

    async def find(self, target_id: str) -> None:
        """Turn a list's pages until it is there. Raises NotSeen."""
        while target_id not in (view := await self.view()).targets:
            following = view.targets.get("page:next")
            if following is None or not following.enabled:
                raise NotSeen(f"{target_id!r} is on no page of {view.screen}")
            await self.touch("page:next")
            await asyncio.sleep(0.2)

    async def press(self, x: int, y: int) -> None:
        """A press at a place, through the X server."""
        await self._xdotool("mousemove", str(x), str(y), "mousedown", "1", "sleep", str(_PRESS_S), "mouseup", "1")

    async def draw(self, points: Sequence[tuple[int, int]]) -> None:
        """A line with the finger held down, point by point."""
        first, *others = points
        steps = ["mousemove", *map(str, first), "mousedown", "1"]
        for point in others:
            steps += ["mousemove", *map(str, point), "sleep", str(_STROKE_S)]
        await self._xdotool(*steps, "mouseup", "1")

    async def _xdotool(self, *arguments: str) -> None:
        process = await asyncio.create_subprocess_exec(
            "xdotool", *arguments, env={**os.environ, "DISPLAY": self._display}
        )
        if await process.wait() != 0:
            raise RuntimeError("xdotool failed: is the display still there?")

    async def type_digits(self, digits: str) -> None:
        for digit, following in zip(digits, digits[1:] + " ", strict=True):
            await self.touch(f"key:{digit}")
            if digit == following:
                await asyncio.sleep(_SAME_KEY_S)

    async def screenshot(self, name: str) -> Path:
        """`NN-name.png`, taken by the kiosk itself after a frame."""
        self._shot_number += 1
        path = self._shots / f"{self._shot_number:02d}-{name}.png"
        await self.call("screenshot", path=str(path))
        return path
