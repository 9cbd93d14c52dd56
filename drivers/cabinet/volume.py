"""The loudness of speaker and headset, through ALSA's `amixer`."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass

from drivers.cabinet.off_loop import HungError
from drivers.cabinet.one_program import OneProgram
from drivers.cabinet.part import PolledPart, Trouble, broken


@dataclass(frozen=True)
class VolumeSettings:
    """`card`: ALSA's name or number of the sound card; empty: the default. `controls`: all of them are set alike."""

    controls: tuple[str, ...] = ("Master",)
    card: str = ""
    program: str = "amixer"
    answer_s: float = 3.0
    poll_s: float = 60.0


class VolumePart(PolledPart):
    name = "volume"
    fresh_s = 30.0

    def __init__(self, settings: VolumeSettings) -> None:
        super().__init__(settings.poll_s)
        self._settings = settings
        self._turn = asyncio.Lock()
        self._program = OneProgram()
        self._newest = 0

    async def set(self, percent: int) -> None:
        """0 to 100. Never raises: whether it worked is the part's trouble."""
        self._newest += 1
        mine = self._newest
        async with self._turn:
            if mine != self._newest:
                return  # a slider moved on meanwhile
            level = min(100, max(0, percent))
            troubles = [await self._mixer("sset", name, *level_words(level)) for name in self._settings.controls]
        self.trouble = next((trouble for trouble in troubles if trouble), None)
        self._changed()

    async def loudness(self) -> int | None:
        """Percent, of the first control; None where the mixer does not say."""
        settings = self._settings
        card = ("-c", settings.card) if settings.card else ()
        words = (settings.program, "-M", *card, "sget", settings.controls[0])
        async with self._turn:
            try:
                _, output = await self._program.run(*words, timeout_s=settings.answer_s)
            except (OSError, HungError):
                return None
        found = re.search(rb"\[(\d{1,3})%\]", output)
        return None if found is None else min(100, int(found[1]))

    async def _look(self) -> Trouble | None:
        async with self._turn:
            troubles = [await self._mixer("sget", name) for name in self._settings.controls]
        return next((trouble for trouble in troubles if trouble), None)

    async def _mixer(self, *words: str) -> Trouble | None:
        settings = self._settings
        card = ("-c", settings.card) if settings.card else ()
        try:
            # -M: percent as the ear hears it, not as the chip counts.
            code, _ = await self._program.run(settings.program, "-q", "-M", *card, *words, timeout_s=settings.answer_s)
        except OSError as error:
            return broken(f"volume: {settings.program} cannot be started ({type(error).__name__})")
        except HungError as error:
            return broken(f"volume: {error}")
        return broken(f"volume: the sound card has no control {words[1]!r}") if code else None


def level_words(percent: int) -> tuple[str, str]:
    return (f"{percent}%", "unmute" if percent else "mute")
