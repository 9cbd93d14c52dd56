"""Pinyin to Chinese characters: syllables, initials, or a mixture ("zhengwufw").

No network, and nothing is learned: what one resident writes must never be offered to the next.

The table is text sorted by initials and kept as bytes: nothing is parsed when it is loaded, a query looks at a few
hundred lines at most.
"""

from __future__ import annotations

import string
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import NamedTuple

_ASSETS = Path(__file__).parents[1] / "assets"
TABLE = _ASSETS / "pinyin.txt"
WORDS = _ASSETS / "pinyin-words.txt"
LEVELS = string.digits + string.ascii_uppercase + string.ascii_lowercase
LONGEST = 30  # letters in one go: more than six words; the rest is written after a choice
MOST = 800  # candidates offered: more than any syllable has characters

_LEVEL_OF = {sign: number for number, sign in enumerate(LEVELS)}
_FULL, _START, _PART = 2, 7, 4  # what a piece costs: a syllable, its first letter only, a beginning at the end
_SPELLINGS = 6
_LONGEST_WORD = 6  # syllables
_PER_WORD = 75  # what another word costs a sentence; a word's level is at most 61
_AS_LIKELY = 3  # a spelling that costs this much more is still offered
_EARLY, _OF_ANOTHER = 4, 2
_OF_A_LINE = 8  # words of one spelling that are offered while it is not yet written in full
_ALIASES = {"lue": "lve", "nue": "nve", "lyu": "lv", "nyu": "nv"}


def normal(syllable: str) -> str:
    """One spelling for each syllable: `v` stands for ü, on the key of that sign."""
    plain = syllable.lower().replace("ü", "v")
    return _ALIASES.get(plain, plain)


@dataclass(frozen=True)
class Candidate:
    """`letters`: how many of the typed letters (and signs between) it stands for."""

    word: str
    letters: int


class _Found(NamedTuple):
    word: str
    level: int
    syllables: tuple[str, ...]


class Table:
    """The lines as bytes, searched by halving."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._begin = 0
        while data.startswith(b"#", self._begin):
            self._begin = data.index(b"\n", self._begin) + 1

    def _seek(self, key: bytes) -> int:
        """Where the first line not less than `key` begins."""
        data, low, high = self._data, self._begin, len(self._data)
        while low < high:
            middle = (low + high) // 2
            start = max(data.rfind(b"\n", 0, middle) + 1, self._begin)
            end = data.index(b"\n", middle) + 1
            if data[start : start + len(key)] < key:
                low = end
            else:
                high = start
        return low

    def lines(self, prefix: bytes) -> Iterator[str]:
        start = self._seek(prefix)
        end = self._seek(prefix[:-1] + bytes([prefix[-1] + 1]))
        return iter(self._data[start:end].decode().split("\n")[:-1])

    @lru_cache(maxsize=1)  # noqa: B019 - one table a process
    def syllables(self) -> frozenset[str]:
        return frozenset(
            line.split("\t")[1] for first in string.ascii_lowercase for line in self.lines(f"{first}\t".encode())
        )

    def exact(self, syllables: tuple[str, ...]) -> Iterator[_Found]:
        initials = "".join(s[0] for s in syllables)
        return self._words(self.lines(f"{initials}\t{' '.join(syllables)}\t".encode()))

    def beginning(self, pieces: tuple[str, ...]) -> Iterator[_Found]:
        """The most frequent words each of whose syllables begins with its piece."""
        initials = "".join(p[0] for p in pieces)
        for line in self.lines(f"{initials}\t".encode()):
            key = line.split("\t", 2)[1].split(" ")
            if all(map(str.startswith, key, pieces)):
                yield from self._words([line], _OF_A_LINE)

    @staticmethod
    def _words(lines: Iterable[str], most: int = MOST) -> Iterator[_Found]:
        for line in lines:
            _, key, words = line.split("\t")
            syllables = tuple(key.split(" "))
            step = len(syllables) + 1
            for at in range(0, min(len(words), most * step), step):
                yield _Found(words[at + 1 : at + step], _LEVEL_OF[words[at]], syllables)


@cache
def table() -> Table:
    """Loaded at the first letter that is typed; a few milliseconds."""
    return Table(TABLE.read_bytes())


@cache
def _beginnings() -> frozenset[str]:
    return frozenset(s[:end] for s in table().syllables() for end in range(1, len(s)))


_STARTS = frozenset((*"bpmfdtnlgkhjqxrzcsyw", "zh", "ch", "sh"))


@dataclass(frozen=True)
class Spelling:
    """One way to read the letters. `ends[i]`: how many typed signs the first i + 1 pieces take."""

    pieces: tuple[str, ...] = ()
    ends: tuple[int, ...] = ()
    whole: tuple[bool, ...] = ()  # a syllable, not only its beginning
    cost: int = 0


def spellings(letters: str) -> list[Spelling]:
    """The likeliest ways to cut what was typed into syllables and beginnings of syllables; "'" always cuts. Empty when
    a letter cannot belong to any."""
    known, beginnings = table().syllables(), _beginnings()
    best: list[list[Spelling]] = [[] for _ in range(len(letters) + 1)]
    best[0] = [Spelling()]
    for at in range(len(letters)):
        for so_far in sorted(best[at], key=lambda s: s.cost)[:_SPELLINGS]:
            if letters[at] == "'":
                ends = (*so_far.ends[:-1], at + 1) if so_far.ends else ()
                best[at + 1].append(Spelling(so_far.pieces, ends, so_far.whole, so_far.cost))
                continue
            for end in range(at + 1, min(len(letters), at + 6) + 1):
                piece = letters[at:end]
                plain = normal(piece)
                last = end == len(letters) or letters[end] == "'"
                if plain in known:
                    cost, whole = _FULL, True
                elif piece in _STARTS:
                    cost, whole = _START, False
                elif last and piece in beginnings:
                    cost, whole = _PART, False
                else:
                    continue
                # A single vowel or n, m is a syllable too, but rarely meant: "ban a" is "ba na".
                cost += 3 if whole and len(plain) == 1 else 0
                best[end].append(
                    Spelling(
                        (*so_far.pieces, plain),
                        (*so_far.ends, end),
                        (*so_far.whole, whole),
                        so_far.cost + cost,
                    )
                )
    return sorted(best[-1], key=lambda s: s.cost)[:_SPELLINGS]


def _matching(spelling: Spelling, count: int) -> list[_Found]:
    """Words for the first `count` pieces, the likeliest first. A syllable that is written in full is meant as it is;
    after the last one more letters may still come."""
    pieces, whole = spelling.pieces[:count], spelling.whole[:count]
    found = sorted(table().exact(pieces), key=lambda f: -f.level) if all(whole) else []
    if not all(whole) or count == len(spelling.pieces):
        more = [
            f
            for f in table().beginning(pieces)
            if all(s == p or not w for s, p, w in zip(f.syllables[:-1], pieces, whole, strict=False))
        ]
        found += sorted(more, key=lambda f: -f.level)
    return found


def _likeliest(spelling: Spelling, start: int, end: int) -> _Found | None:
    """The most frequent word for these pieces; of the last one more letters may still come."""
    pieces, whole = spelling.pieces[start:end], spelling.whole[start:end]
    if all(whole):
        return next(table().exact(pieces), None)
    fitting = (f for f in table().beginning(pieces) if f.syllables[:-1] == pieces[:-1])
    return max(fitting, key=lambda f: f.level, default=None)


def _sentence(spelling: Spelling) -> str:
    """Words put together to stand for all pieces: few and frequent ones. Empty when that cannot be, or when a piece
    before the last is only a beginning."""
    count = len(spelling.pieces)
    if not all(spelling.whole[:-1]):
        return ""
    best: list[tuple[float, str] | None] = [(0.0, ""), *[None] * count]
    for end in range(1, count + 1):
        for start in range(max(0, end - _LONGEST_WORD), end):
            before, word = best[start], _likeliest(spelling, start, end)
            if before is None or word is None:
                continue
            cost = before[0] + _PER_WORD - word.level
            so_far = best[end]
            if so_far is None or cost < so_far[0]:
                best[end] = (cost, before[1] + word.word)
    whole = best[count]
    return whole[1] if whole else ""


def candidates(letters: str) -> tuple[Candidate, ...]:
    """What may be meant by the letters (a-z, v for ü, and "'"), the likeliest first: what takes all of them, then what
    takes fewer. At most MOST."""
    letters = letters[:LONGEST]
    offered: dict[str, Candidate] = {}
    ways = spellings(letters)
    ways = [way for way in ways if way.cost <= ways[0].cost + _AS_LIKELY]
    found = [_matching(way, len(way.pieces)) for way in ways]
    if found and not found[0] and (sentence := _sentence(ways[0])):
        offered[sentence] = Candidate(sentence, len(letters))
    # Early on also what another spelling gives: 西安 beside 先.
    early = [*found[:1], *(words[:_OF_ANOTHER] for words in found[1:])]
    if early:
        early[0] = early[0][:_EARLY]
    for words in (*early, *found):
        for one in words:
            offered.setdefault(one.word, Candidate(one.word, len(letters)))
    looked_up: set[tuple[str, ...]] = set()
    for way in ways[:2]:
        for count in range(min(len(way.pieces) - 1, _LONGEST_WORD), 0, -1):
            if way.pieces[:count] in looked_up:
                continue
            looked_up.add(way.pieces[:count])
            for one in _matching(way, count):
                offered.setdefault(one.word, Candidate(one.word, way.ends[count - 1]))
    return tuple(offered.values())[:MOST]


def spelled(letters: str) -> str:
    """The letters as they are read, for the line above the candidates: "zheng wu f w", ü for v."""
    ways = spellings(letters[:LONGEST])
    shown = " ".join(ways[0].pieces) if ways else letters
    return shown.replace("v", "ü")
