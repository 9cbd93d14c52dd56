"""Fingers on the letter keys: pinyin with candidates, capital letters, figures and signs."""

from __future__ import annotations

import asyncio

from provisioning.demo.robot import NotSeen, Robot, Target
from provisioning.demo.services.plans import Word, Writing

_SAME_KEY_S = 0.4  # see `Robot.type_digits`
_DRAWN_S = 0.12  # candidates are drawn after a key


class Typist:
    def __init__(self, robot: Robot) -> None:
        self._robot = robot
        self._last = ""

    async def write(self, text: Writing) -> None:
        """Into the field that is open. Raises NotSeen when a word is not among the candidates."""
        for part in text:
            if isinstance(part, Word):
                await self._keys("pinyin")
                await self._word(part)
            else:
                await self._plain(part)

    async def _word(self, word: Word) -> None:
        for letter in word.pinyin.upper():
            await self._key(f"letter:{letter}")
        rest = word.hanzi
        while rest:
            await asyncio.sleep(_DRAWN_S)
            pick = await self._candidate(rest)
            await self._robot.touch(pick.id)
            self._last = pick.id
            rest = rest[len(pick.label) :]

    async def _candidate(self, rest: str) -> Target:
        """The longest candidate that `rest` begins with, on the first page that has one."""
        while True:
            targets = (await self._robot.view()).targets
            picks = [t for t in targets.values() if t.id.startswith("pick:") and t.label and rest.startswith(t.label)]
            if picks:
                return max(picks, key=lambda each: len(each.label))
            following = targets.get("pick:next")
            if following is None or not following.enabled:
                raise NotSeen(f"{rest} is not among the candidates")
            await self._robot.touch("pick:next")
            await asyncio.sleep(_DRAWN_S)

    async def _plain(self, text: str) -> None:
        for sign in text:
            await self._keys("letters" if sign.isascii() and sign.isalpha() else "numbers")
            await self._key(f"key:{sign}" if sign.isdigit() else f"letter:{sign.upper()}")

    async def _keys(self, wanted: str) -> None:
        targets = (await self._robot.view()).targets
        shown = "numbers" if "key:1" in targets else "letters" if "letter:case" in targets else "pinyin"
        if shown != wanted:
            await self._robot.touch(f"keys:{wanted}")
            await asyncio.sleep(_DRAWN_S)

    async def _key(self, touch_id: str) -> None:
        if touch_id == self._last:
            await asyncio.sleep(_SAME_KEY_S)
        await self._robot.touch(touch_id)
        self._last = touch_id
