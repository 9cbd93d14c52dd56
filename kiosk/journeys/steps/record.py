"""Own data on the screen: masked until the resident asks, by pages, perhaps on paper."""

from __future__ import annotations

from collections.abc import Sequence

from backend.contract.kiosk_api import FieldEntry
from backend.contract.service_api import RecordReply
from content.schema.text import Text
from drivers.receipt_printer.port import Heading, Line, Pair, Receipt, ReceiptPart, Rule
from kiosk.journeys import counter_texts as texts
from kiosk.journeys.context import Journey
from kiosk.screens import Entry
from kiosk.service_screens import Grid, Record, RecordAnswer

_SHOWN_ROWS = 40  # of a slip; more belong on A4


def masked(value: str) -> str:
    """`示范路 1 号` → `示***`: enough to know what it is."""
    return value if len(value) < 2 else f"{value[0]}***"


def _entries(found: Sequence[FieldEntry], private: Sequence[int], hidden: bool) -> tuple[Entry, ...]:
    return tuple(
        Entry(
            Text(each.label_zh, each.label_en),
            Text.same(masked(each.value_zh)) if hidden and number in private else Text(each.value_zh, each.value_en),
        )
        for number, each in enumerate(found)
    )


def _grid(reply: RecordReply, hidden: bool) -> Grid | None:
    if not reply.columns:
        return None
    private = [number for number, column in enumerate(reply.columns) if column.private]

    def cell(zh: str, en: str, column: int) -> Text:
        return Text.same(masked(zh)) if hidden and column in private else Text(zh, en)

    return Grid(
        columns=tuple(Text(column.label_zh, column.label_en) for column in reply.columns),
        rows=tuple(
            tuple(cell(zh, en, number) for number, (zh, en) in enumerate(zip(row_zh, row_en, strict=True)))
            for row_zh, row_en in zip(reply.rows_zh, reply.rows_en, strict=True)
        ),
        empty=Text(reply.empty_zh, reply.empty_en) if reply.empty_zh else texts.NO_ROWS,
    )


def record_screen(journey: Journey, reply: RecordReply, step: int, *, hidden: bool, can_print: bool) -> Record:
    has_private = bool(reply.private_entries) or any(column.private for column in reply.columns)
    note = journey.service.record.note if journey.service.record is not None else None
    return Record(
        question=texts.RECORD,
        speech=texts.RECORD,
        trail=journey.trail(step),
        entries=_entries(reply.entries, reply.private_entries, hidden),
        grid=_grid(reply, hidden),
        note=texts.RECORD_HIDDEN if hidden and has_private else note,
        can_print=can_print,
        can_reveal=hidden and has_private,
    )


async def show_record(journey: Journey, reply: RecordReply, step: int, *, can_print: bool) -> RecordAnswer:
    """Until it is done, or to be printed. BACK counts as done: the question was answered."""
    hidden = True
    while True:
        answer = await journey.stage.ask(record_screen(journey, reply, step, hidden=hidden, can_print=can_print))
        if answer is RecordAnswer.REVEAL:
            hidden = False
            continue
        return answer if isinstance(answer, RecordAnswer) else RecordAnswer.DONE


def record_slip(journey: Journey, reply: RecordReply) -> Receipt:
    """For enquiries without an A4 certificate. Masked: a slip may be left behind."""
    parts: list[ReceiptPart] = [Heading(journey.service.title.zh), Line(journey.settings.site), Rule()]
    parts += [Pair(entry.label.zh, entry.value.zh) for entry in _entries(reply.entries, reply.private_entries, True)]
    grid = _grid(reply, True)
    if grid is not None:
        parts.append(Rule())
        for row in grid.rows[:_SHOWN_ROWS]:
            parts += [Pair(column.zh, value.zh) for column, value in zip(grid.columns, row, strict=True)]
            parts.append(Rule())
        if not grid.rows:
            parts.append(Line(grid.empty.zh))
        elif len(grid.rows) > _SHOWN_ROWS:
            parts.append(Line(f"共 {len(grid.rows)} 条，这里打印前 {_SHOWN_ROWS} 条"))
    parts += [Pair("终端", journey.settings.terminal), Line("仅供参考，以部门记录为准")]
    return Receipt(tuple(parts))
