"""What a resident may type to find a service: 社保, shebao, sb, insurance."""

from __future__ import annotations

import re
from functools import lru_cache

from content.pack_format import Keys
from content.schema.service import Service

_HANZI = re.compile(r"[\u3400-\u9fff]+")
_ENGLISH = re.compile(r"[a-z]{2,}")


def search_keys(service: Service) -> Keys:
    words = list(dict.fromkeys([service.title.zh, *service.keywords]))
    spelt = [_spelt("".join(_HANZI.findall(word))) for word in words]
    return (
        "\n".join("".join(word.lower().split()) for word in words),
        "\n".join(dict.fromkeys(initials for _, initials in spelt if initials)),
        "\n".join(dict.fromkeys(full for full, _ in spelt if full)),
        "\n".join(dict.fromkeys(_ENGLISH.findall(service.title.en.lower()))),
    )


@lru_cache(50_000)
def _spelt(hanzi: str) -> tuple[str, str]:
    """Full pinyin and initials."""
    from pypinyin.seg.mmseg import seg

    syllables = [syllable for word in seg.cut(hanzi) for syllable in _word(word)]
    return "".join(syllables), "".join(syllable[:1] for syllable in syllables)


@lru_cache(50_000)
def _word(word: str) -> tuple[str, ...]:
    """Looking up is slow, and the words of titles are always the same few thousand."""
    from pypinyin import lazy_pinyin

    return tuple(lazy_pinyin([word]))
