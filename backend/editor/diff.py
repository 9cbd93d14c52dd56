"""What two bodies differ in, element by element, with the words that changed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

from backend.editor.bodies import Body, in_order
from backend.editor.names import name_of

_WORD = re.compile(r"[A-Za-z]+|\d+|\s+|.", re.DOTALL)
_MOST = 4000  # words: two longer texts are told apart as wholes
_KEYS = ("id", "name", "value", "place", "department")


@dataclass(frozen=True)
class Piece:
    """`how`: "same", "gone" or "new"."""

    how: str
    text: str


@dataclass(frozen=True)
class Difference:
    """One element. `before` or `after` None: it was not there."""

    place: str
    name: tuple[str, str]
    before: str | None
    after: str | None
    pieces: tuple[Piece, ...]


def differences(old: Body, new: Body) -> list[Difference]:
    """In the order of the schema. The version number is none."""
    before, after = dict(_leaves(in_order(old), ())), dict(_leaves(in_order(new), ()))
    found = []
    for path in dict.fromkeys([*before, *after]):
        if path == ("version",) or before.get(path) == after.get(path):
            continue
        was, now = before.get(path), after.get(path)
        found.append(Difference(".".join(path), name_of(path), was, now, tuple(marked(was or "", now or ""))))
    order = {path[0]: number for number, path in enumerate({**before, **after})}
    return sorted(found, key=lambda one: order.get(one.place.split(".")[0], 0))


def marked(old: str, new: str) -> Iterator[Piece]:
    """Both texts in one: what is gone, what is new, what stayed. Hanzi count one by one, other words whole."""
    a, b = _WORD.findall(old), _WORD.findall(new)
    if len(a) > _MOST or len(b) > _MOST:
        yield from (piece for piece in (Piece("gone", old), Piece("new", new)) if piece.text)
        return
    for tag, a0, a1, b0, b1 in SequenceMatcher(None, a, b, autojunk=False).get_opcodes():
        if tag == "equal":
            yield Piece("same", "".join(a[a0:a1]))
            continue
        if a1 > a0:
            yield Piece("gone", "".join(a[a0:a1]))
        if b1 > b0:
            yield Piece("new", "".join(b[b0:b1]))


def _leaves(value: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], str]]:
    """Entries of lists are known by their names, so that one put in between moves no others."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _leaves(inner, (*path, str(key)))
    elif isinstance(value, list) and any(isinstance(inner, dict | list) for inner in value):
        seen: dict[str, int] = {}
        for number, inner in enumerate(value):
            key = next((str(inner[name]) for name in _KEYS if isinstance(inner, dict) and _plain(inner.get(name))), "")
            key = key or str(number + 1)
            seen[key] = seen.get(key, 0) + 1
            yield from _leaves(inner, (*path, key if seen[key] == 1 else f"{key}#{seen[key]}"))
        names = "、".join(dict.fromkeys(_order(value)))
        if names:
            yield (*path, "#"), names
    elif isinstance(value, list):
        yield path, "、".join(str(inner) for inner in value)
    elif value is not None:
        yield path, str(value).lower() if isinstance(value, bool) else str(value)


def _order(entries: list[Any]) -> Iterator[str]:
    for entry in entries:
        if isinstance(entry, dict):
            key = next((entry[name] for name in _KEYS if _plain(entry.get(name))), "")
            if key:
                yield str(key)


def _plain(value: Any) -> bool:
    return isinstance(value, str) and bool(value)
