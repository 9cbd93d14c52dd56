"""Looks for a card number in everything that this process has in memory, as a string, as bytes, packed or spaced."""

from __future__ import annotations

import gc
from collections.abc import Iterable
from types import CoroutineType

from drivers.virtual.zvt_terminal_data import test_pan


def needles() -> list[bytes]:
    """Made at the moment of the search, or it would find them."""
    pan = test_pan()
    spaced = b" ".join(pan[at : at + 4] for at in (0, 4, 8, 12))
    return [
        pan,
        spaced,
        bytes.fromhex(pan.decode()),
        pan[:12] + b"=",
        spaced.replace(b" ", b"-"),
        bytes.hex(pan).encode(),
    ]


class Search:
    """One look for the number. Most texts are dismissed by how the needles begin, which costs least."""

    def __init__(self) -> None:
        self._needles = needles()
        self._texts = [each.decode() for each in self._needles if each.isascii()]  # the packed one is no text
        self._own = {id(each) for each in (*self._needles, *self._texts)}
        self._shortest = min(map(len, self._needles))
        self._begin, self._hex_begin = sorted({each[:4] for each in self._texts}, reverse=True)
        self._begins = sorted({each[:3] for each in self._needles})

    def hits(self, value: object) -> bool:
        """Whether it is a text or byte string that holds the number."""
        if isinstance(value, str):
            if len(value) < self._shortest or not (self._begin in value or self._hex_begin in value):
                return False
            return any(each in value for each in self._texts) and id(value) not in self._own
        if not isinstance(value, bytes | bytearray) or len(value) < self._shortest:
            return False
        if not any(each in value for each in self._begins):
            return False
        return any(each in value for each in self._needles) and id(value) not in self._own


def seen_in(values: Iterable[object]) -> list[str]:
    """Types of the texts and byte strings among `values` that hold the number."""
    search = Search()
    return [type(value).__name__ for value in values if search.hits(value)]


def seen_in_memory() -> list[str]:
    """Of all that any container, object or suspended coroutine refers to."""
    gc.collect()
    search = Search()
    found = []
    for container in gc.get_objects():
        found += [f"{type(each).__name__} in {type(container).__name__}" for each in _hits_of(container, search)]
        if type(container) is CoroutineType and container.cr_frame is not None:
            hits = filter(search.hits, container.cr_frame.f_locals.values())
            found += [f"{type(each).__name__} in coroutine {container.__qualname__}" for each in hits]
    return found


def _hits_of(container: object, search: Search) -> list[object]:
    """Also in what the collector does not look at by itself: tuples and dicts of nothing but texts."""
    hits: list[object] = []
    left = [container]
    while left:
        for value in gc.get_referents(left.pop()):
            kind = type(value)  # isinstance would ask a weak proxy whose object is gone
            if issubclass(kind, str | bytes | bytearray):
                if search.hits(value):
                    hits.append(value)
            elif issubclass(kind, dict | tuple) and not gc.is_tracked(value):
                left.append(value)
    return hits
