"""Make `kiosk/ui/assets/pinyin.txt` anew: `python -m kiosk.ui.keyboards.make_table DICT OUT`.

DICT is `pinyin_simp.dict.yaml` of Debian's package rime-data-pinyin-simp (Apache-2.0, from Android's pinyin input);
readings of rare characters come from pypinyin (MIT), and what an office needs besides from `assets/pinyin-words.txt`.
The same input gives the same bytes. Needs fonts-noto-cjk: what cannot be drawn is not offered.
"""

from __future__ import annotations

import math
import re
import sys
from collections import defaultdict
from pathlib import Path

from fontTools.ttLib import TTFont
from pypinyin import Style, lazy_pinyin
from pypinyin.contrib.tone_convert import to_normal
from pypinyin.pinyin_dict import pinyin_dict

from kiosk.ui.fonts import ensure_fonts
from kiosk.ui.keyboards.pinyin import LEVELS, WORDS, normal

_HEADER = """\
# Made by kiosk/ui/keyboards/make_table.py; licences: pinyin-LICENSE.txt. A line: initials, syllables, words, each after
# one sign for how often it is written (0-9A-Za-z). Sorted by initials, then by syllables, as bytes.
"""
_OURS = 1000  # how often, for the words of pinyin-words.txt
_OUTSIDE = 1000  # characters outside GB 2312 are taken for this much rarer than counted
_SYLLABLE = re.compile("[a-z]*[aeiouv][a-z]*")  # not the sounds m, n, hng: an input of n is the beginning of a name
_HANZI = ((0x3400, 0x9FFF), (0xF900, 0xFAFF), (0x20000, 0x3FFFF))


def level(weight: int) -> str:
    return LEVELS[min(len(LEVELS) - 1, int(3 * math.log2(weight + 1)))]


def everyday(char: str) -> bool:
    """Of the 6,763 characters of GB 2312. Others were counted in texts of another kind (咁, 喺)."""
    try:
        char.encode("gb2312")
    except UnicodeEncodeError:
        return False
    return True


def known_readings() -> dict[str, set[str]]:
    """Syllables without tones of every Chinese character that pypinyin knows and the terminal's font can draw."""
    drawable = TTFont(str(ensure_fonts()[0]), lazy=True).getBestCmap()
    found: dict[str, set[str]] = {}
    for code, readings in pinyin_dict.items():
        if code in drawable and any(first <= code <= last for first, last in _HANZI):
            plain = {normal(to_normal(r, v_to_u=False)) for r in readings.split(",")}
            found[chr(code)] = {syllable for syllable in plain if _SYLLABLE.fullmatch(syllable)}
    return found


def table(source: str, words: str) -> str:
    """The text of the table. A word with a character read otherwise than pypinyin knows is left out."""
    known = known_readings()
    weights: dict[tuple[str, ...], dict[str, int]] = defaultdict(dict)
    for char, readings in known.items():
        for syllable in readings:
            weights[(syllable,)][char] = 0
    for line in source.splitlines():
        parts = line.split("\t")
        if len(parts) != 3:
            continue
        word, key = parts[0], tuple(normal(s) for s in parts[1].split(" "))
        if len(word) == len(key) and all(s in known.get(c, ()) for c, s in zip(word, key, strict=True)):
            weight = int(parts[2]) // (1 if len(word) > 1 or everyday(word) else _OUTSIDE)
            weights[key][word] = max(weight, weights[key].get(word, 0))
    for word in words.split():
        key = tuple(normal(s) for s in lazy_pinyin(word, style=Style.NORMAL, v_to_u=False))
        weights[key][word] = max(_OURS, weights[key].get(word, 0))
    lines = []
    for key, found in weights.items():
        ordered = sorted(found.items(), key=lambda item: (-item[1], item[0]))
        shown = "".join(level(weight) + word for word, weight in ordered)
        lines.append(f"{''.join(s[0] for s in key)}\t{' '.join(key)}\t{shown}\n")
    return _HEADER + "".join(sorted(lines, key=lambda line: line.encode()))


if __name__ == "__main__":
    made = table(Path(sys.argv[1]).read_text("utf-8"), WORDS.read_text("utf-8"))
    Path(sys.argv[2]).write_text(made, "utf-8")
    sys.stdout.write(f"{len(made.encode())} bytes\n")
