"""Cells: what goes wrong in one, and how a spreadsheet is kept from taking one for a formula."""

from __future__ import annotations

import re

# What spreadsheets take for a formula, also after blanks, and in full width.
_FORMULA = re.compile(r"'*[ \t\r\n\u3000]*[=+\-@＝＋－＠]|'*[\t\r\n]")


class CellFault(ValueError):
    """A cell that cannot be taken, and what to do."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(en)
        self.zh, self.en = zh, en


def guarded(text: str) -> str:
    """For a CSV file: never a formula. `unguarded` takes exactly this back."""
    return f"'{text}" if _FORMULA.match(text) else text


def unguarded(cell: str) -> str:
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell) else cell
