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


def seen_in(values: Iterable[object]) -> list[str]:
    """Types of the texts and byte strings among `values` that hold the number."""
    wanted = needles()
    own = {id(each) for each in wanted}
    found = []
    for value in values:
        if id(value) in own or not isinstance(value, str | bytes | bytearray):
            continue
        data = value.encode("utf-8", "surrogatepass") if isinstance(value, str) else bytes(value)
        if any(each in data for each in wanted):
            found.append(type(value).__name__)
    return found


def seen_in_memory() -> list[str]:
    """Of all that any container, object or suspended coroutine refers to."""
    gc.collect()
    found = []
    for container in gc.get_objects():
        found += [f"{each} in {type(container).__name__}" for each in seen_in(_texts_of(container))]
        if isinstance(container, CoroutineType) and container.cr_frame is not None:
            names = container.cr_frame.f_locals.values()
            found += [f"{each} in coroutine {container.__qualname__}" for each in seen_in(names)]
    return found


def _texts_of(container: object) -> list[object]:
    """Also in what the collector does not look at by itself: tuples and dicts of nothing but texts."""
    texts: list[object] = []
    left = [container]
    while left:
        for value in gc.get_referents(left.pop()):
            if isinstance(value, str | bytes | bytearray):
                texts.append(value)
            elif isinstance(value, dict | tuple) and not gc.is_tracked(value):
                left.append(value)
    return texts
