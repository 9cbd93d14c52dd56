"""The last line of defence against card numbers in texts that a terminal wants printed or shown.

Terminals mask card numbers themselves; one that does not must not make us print them.
"""

from __future__ import annotations

import re
import unicodedata

LONGEST_LINE = 80  # characters; receipt paper of 80 mm holds 48
_SHORTEST_PAN = 13  # ISO/IEC 7812-1: 13 to 19 digits

# Digits with at most one separator between them: "6222 0212 …", "6222-0212-…", "6 2 2 2 …"
_DIGIT_RUN = re.compile(rf"\d(?:[ \u3000.\-]?\d){{{_SHORTEST_PAN - 1},}}")


def blank_card_numbers(text: str) -> str:
    """`text` with a star for each digit of any run of 13 digits or more. Rather a terminal's long reference number
    blanked than a card number printed."""
    return _DIGIT_RUN.sub(lambda run: re.sub(r"\d", "*", run.group()), text)


def clean_line(text: str) -> str:
    """One line as it may be printed: no control characters, no card number, not endless."""
    printable = "".join(" " if unicodedata.category(char).startswith("C") else char for char in text)
    return blank_card_numbers(printable)[:LONGEST_LINE].rstrip()
