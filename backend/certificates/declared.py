"""Certificates that need no code: the service's `record`, on the template `record-sheet` or one of the same data."""

from __future__ import annotations

from datetime import date
from typing import Any

from backend.certificates.mapping import Answer, Mapping
from backend.contract.kiosk_api import FieldEntry
from backend.records.forms import words_of
from backend.records.render import MASKED, NOTHING, render
from content.schema.outputs import Record
from content.schema.service import Service

_LINES = 8  # of a table, on the review screen


class Declared(Mapping):
    """What the service's `record` says. `data.content`:

    {entries: [{label_zh, label_en, value_zh, value_en, private}],
     table: none | {columns: [{label_zh, label_en, private}], rows: [[{zh, en}, ...], ...], empty_zh, empty_en},
     note_zh, note_en}
    """

    def __init__(self, record: Record | None = None) -> None:
        self._record = record  # None: only masks what was made before

    def content(self, service: Service, form: dict[str, str], answer: Answer, today: date) -> dict[str, Any]:
        if self._record is None:
            raise ValueError("no record is declared")
        made = render(self._record, answer, words_of(service, form))
        table = None
        if made.table is not None:
            table = {
                "columns": [
                    {"label_zh": column.label.zh, "label_en": column.label.en, "private": column.private}
                    for column in made.table.columns
                ],
                "rows": [[{"zh": cell.zh, "en": cell.en or cell.zh} for cell in row] for row in made.table.rows],
                "empty_zh": made.table.empty.zh,
                "empty_en": made.table.empty.en,
            }
        return {
            "entries": [
                {
                    "label_zh": entry.label.zh,
                    "label_en": entry.label.en,
                    "value_zh": entry.text.zh,
                    "value_en": entry.text.en or entry.text.zh,
                    "private": entry.private,
                }
                for entry in made.entries
            ],
            "table": table,
            "note_zh": made.note.zh if made.note else "",
            "note_en": made.note.en if made.note else "",
        }

    def entries(self, service: Service, form: dict[str, str], content: dict[str, Any]) -> list[FieldEntry]:
        """Masked; a table line by line, a long one by its first lines and a count."""
        shown = self.masked(content)
        source = {
            "source_zh": f"{service.agency.name.zh}数据",
            "source_en": f"Data of {service.agency.name.en}",
        }
        entries = [
            FieldEntry(**{key: text for key, text in entry.items() if key != "private"}, **source)
            for entry in shown["entries"]
        ]
        table = shown["table"]
        if table is None:
            return entries
        for number, row in enumerate(table["rows"][:_LINES], 1):
            entries.append(
                FieldEntry(
                    label_zh=f"第 {number} 条",
                    label_en=f"No. {number}",
                    value_zh="，".join(cell["zh"] for cell in row),
                    value_en=", ".join(cell["en"] for cell in row),
                    **source,
                )
            )
        if (more := len(table["rows"]) - _LINES) > 0:
            entries.append(
                FieldEntry(
                    label_zh="还有",
                    label_en="And",
                    value_zh=f"{more} 条，会一起打印",
                    value_en=f"{more} more, printed as well",
                )
            )
        if not table["rows"]:
            entries.append(
                FieldEntry(
                    label_zh="记录",
                    label_en="Records",
                    value_zh=table["empty_zh"],
                    value_en=table["empty_en"],
                    **source,
                )
            )
        return entries

    def masked(self, content: dict[str, Any]) -> dict[str, Any]:
        entries = [
            {**entry, "value_zh": MASKED.zh, "value_en": MASKED.en}
            if entry["private"] and entry["value_zh"] != NOTHING.zh
            else entry
            for entry in content["entries"]
        ]
        table = content["table"]
        if table is not None:
            private = [column["private"] for column in table["columns"]]
            hidden = {"zh": MASKED.zh, "en": MASKED.en}
            rows = [
                [
                    hidden if secret and cell["zh"] != NOTHING.zh else cell
                    for secret, cell in zip(private, row, strict=True)
                ]
                for row in table["rows"]
            ]
            table = {**table, "rows": rows}
        return {**content, "entries": entries, "table": table}
