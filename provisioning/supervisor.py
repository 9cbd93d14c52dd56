"""Keeps child processes alive, and ends them in reverse order."""

from __future__ import annotations

import asyncio
import os
import signal
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from provisioning.process import Child, ChildFailed, Recipe

BACK_OFF_S = (0.5, 1.0, 2.0, 4.0, 8.0)
BREAKER = 5  # so many deaths …
BREAKER_WINDOW_S = 60.0  # … within this time, and it is not tried again


class Happening(StrEnum):
    READY = "ready"
    DIED = "died"  # and is started again
    GIVEN_UP = "given_up"  # died, and stays down


@dataclass(frozen=True)
class Event:
    """What the supervisor tells. `text` is a sentence for the person at the terminal."""

    child: str
    what: Happening
    text: str


class Supervisor:
    def __init__(
        self, on_event: Callable[[Event], None] = lambda event: None, back_off_s: tuple[float, ...] = BACK_OFF_S
    ) -> None:
        self._on_event = on_event
        self._back_off_s = back_off_s
        self._children: dict[str, Child] = {}  # in the order of starting
        self._guards: dict[str, asyncio.Task[None]] = {}

    def pid(self, name: str) -> int | None:
        """The child's process id; None while it is not running."""
        child = self._children.get(name)
        return child.pid if child else None

    def names(self) -> list[str]:
        return list(self._children)

    async def launch(self, recipe: Recipe, *, keep_alive: bool = True) -> None:
        """Start a child and wait until it is ready; from then on it is guarded. Raises ChildFailed."""
        child = Child(recipe)
        self._children[recipe.name] = child
        await child.start()
        await self._ready(child, keep_alive)

    async def adopt(self, child: Child, *, keep_alive: bool) -> None:
        """Guard a child that somebody else has started."""
        self._children[child.name] = child
        await self._ready(child, keep_alive)

    async def run(self, recipe: Recipe) -> None:
        """Start a child that ends by itself and wait for that. Raises ChildFailed unless it ends well."""
        child = self._children[recipe.name] = Child(recipe)
        await child.start()
        code = await child.wait()
        del self._children[recipe.name]
        if code != 0:
            raise ChildFailed(f"{recipe.name} failed (code {code}); see {recipe.log}")

    async def kill(self, name: str, number: signal.Signals = signal.SIGKILL) -> None:
        """End a child without warning, with all it started; it stays down until `restart`."""
        await self._unguard(name)
        child = self._children[name]
        if number is not signal.SIGKILL and child.pid is not None:
            os.kill(child.pid, number)
            await child.wait()
        await child.kill()

    async def restart(self, name: str, *, keep_alive: bool = True) -> None:
        """Start a child again (stopping it first if it runs) and wait until it is ready. Raises ChildFailed."""
        await self._unguard(name)
        child = self._children[name]
        await child.stop()
        await child.start()
        await self._ready(child, keep_alive)

    async def stop(self) -> None:
        """Stop everything in reverse order. Safe to call at any time, more than once."""
        for name in list(self._guards):
            await self._unguard(name)
        while self._children:
            name = next(reversed(self._children))
            await self._children[name].stop()
            self._children.pop(name, None)  # kill_all may have been quicker

    async def kill_all(self) -> None:
        """For the impatient: everything at once, without a chance to tidy up."""
        for name in list(self._guards):
            await self._unguard(name)
        await asyncio.gather(*(child.kill() for child in self._children.values()))
        self._children.clear()

    async def _ready(self, child: Child, keep_alive: bool) -> None:
        await child.wait_ready()
        self._tell(child, Happening.READY, f"{child.name} is ready")
        self._guards[child.name] = asyncio.create_task(self._guard(child, keep_alive), name=f"guard-{child.name}")

    async def _unguard(self, name: str) -> None:
        guard = self._guards.pop(name, None)
        if guard is not None:
            guard.cancel()
            await asyncio.gather(guard, return_exceptions=True)

    async def _guard(self, child: Child, keep_alive: bool) -> None:
        """Start a child again when it dies, with growing pauses; give up when it keeps dying."""
        now = asyncio.get_running_loop().time
        deaths: deque[float] = deque(maxlen=BREAKER)
        while True:
            code = await child.wait()
            await child.kill()  # whatever it left behind
            deaths.append(now())
            recent = sum(now() - death < BREAKER_WINDOW_S for death in deaths)
            if not keep_alive or recent == BREAKER:
                why = f"{child.name} ended (code {code}) and is not started again; see {child.recipe.log}"
                self._tell(child, Happening.GIVEN_UP, why)
                return
            pause = self._back_off_s[min(recent, len(self._back_off_s)) - 1]
            ordered = code == 0  # so the kiosk ends when it is told to restart
            how = "ended in order, to be restarted" if ordered else f"ended unexpectedly (code {code})"
            self._tell(child, Happening.DIED, f"{child.name} {how}; starting it again in {pause:g} s")
            await asyncio.sleep(pause)
            await child.start()
            try:
                await child.wait_ready()
            except ChildFailed:
                await child.kill()  # silent or dead: either way this counts as one more death
            else:
                self._tell(child, Happening.READY, f"{child.name} is back")

    def _tell(self, child: Child, what: Happening, text: str) -> None:
        self._on_event(Event(child.name, what, text))
