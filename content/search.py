"""Search over all services: what is typed is looked for in four long texts, which takes a millisecond at 20,000."""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate

from content.pack_format import Keys


class SearchIndex:
    """Of each group one text: every service's keys in the order they are offered, a line each; a key begins after
    every line's end. `groups`: for each group, each service's keys."""

    def __init__(self, groups: Iterable[Sequence[str]]) -> None:
        self._texts: list[str] = []
        self._starts: list[array[int]] = []
        for keys in groups:
            self._texts.append("\n" + "\n".join(keys))
            self._starts.append(array("I", accumulate((len(text) + 1 for text in keys[:-1]), initial=0)))

    @classmethod
    def of(cls, keys: Iterable[Keys]) -> SearchIndex:
        return cls(zip(*keys, strict=True))

    def find(self, query: str, limit: int) -> list[int]:
        """Places of the services found, best first: keys that begin with the query before those that hold it."""
        wanted = "".join(query.split()).lower()
        found: dict[int, None] = {}
        if not wanted or limit < 1:
            return []
        for needle in ("\n" + wanted, wanted):
            for number in range(len(self._texts)):
                for place in self._hits(number, needle):
                    found[place] = None
                    if len(found) == limit:
                        return list(found)
        return list(found)

    def _hits(self, number: int, needle: str) -> Iterator[int]:
        text, starts = self._texts[number], self._starts[number]
        at = text.find(needle)
        while at >= 0:
            place = bisect_right(starts, at) - 1
            yield place
            if place + 1 >= len(starts):
                return
            at = text.find(needle, starts[place + 1])
