"""The last line of defence against card numbers in texts that a terminal wants printed or shown.

Terminals mask card numbers themselves; one that does not must not make us print them.
"""

from __future__ import annotations

import re
import unicodedata

LONGEST_LINE = 80  # characters; receipt paper of 80 mm holds 48
_SHORTEST_PAN = 13  # ISO/IEC 7812-1: 13 to 19 digits

# Digits with up to three of anything between them that is no letter: "6222 0212 …", "6222-0212-…", "6222  / 0212 …"
_DIGIT_RUN = re.compile(rf"\d(?:[\W_]{{0,3}}\d){{{_SHORTEST_PAN - 1},}}")
# Date and time with all their separators: 14 digits, but no card number is written so, and none of 14 begins with 20.
_TIMESTAMP = re.compile(
    r"(?<!\d)20[0-9]{2}(?P<between>[-/.])(?:0[1-9]|1[0-2])(?P=between)(?:0[1-9]|[12][0-9]|3[01])[ T]{1,2}"
    r"(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?!\d)"
)


def blank_card_numbers(text: str) -> str:
    """`text` with a star for each digit of any run of 13 digits or more. Rather a terminal's long reference number
    blanked than a card number printed."""
    parts = []
    begin = 0
    for stamp in _TIMESTAMP.finditer(text):
        parts += [_blank_runs(text[begin : stamp.start()]), stamp.group()]
        begin = stamp.end()
    return "".join([*parts, _blank_runs(text[begin:])])


def _blank_runs(text: str) -> str:
    return _DIGIT_RUN.sub(lambda run: re.sub(r"\d", "*", run.group()), text)


def clean_line(text: str) -> str:
    """One line as it may be printed: no control characters, no card number, not endless."""
    printable = "".join(" " if unicodedata.category(char).startswith("C") else char for char in text)
    return blank_card_numbers(printable)[:LONGEST_LINE].rstrip()
