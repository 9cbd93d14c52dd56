"""CSV for spreadsheets: UTF-8 with a byte order mark, streamed, and never a formula."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime

from fastapi.responses import StreamingResponse

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def safe_cell(value: object) -> str:
    """What a spreadsheet would take for a formula gets an apostrophe before it. Numbers stay numbers."""
    if value is None:
        return ""
    if isinstance(value, int | float):
        return str(value)
    text = str(value)
    # Some programs drop leading spaces before they look, and full-width signs count as signs.
    return f"'{text}" if text.lstrip(" \u3000").startswith((*_FORMULA, "＝", "＋", "－", "＠")) else text


def csv_response(name: str, lines: AsyncIterator[Sequence[object]]) -> StreamingResponse:
    """`lines`: the heading first. `name` is the file's, ASCII, without day and ending."""
    filename = f"menkou-{name}-{datetime.now(UTC):%Y%m%d}.csv"
    return StreamingResponse(
        _encoded(lines),
        media_type="text/csv; charset=utf-8",
        headers={
            "Content-Disposition": f'attachment; filename="{filename}"',
            "Cache-Control": "no-store",
            "X-Content-Type-Options": "nosniff",
        },
    )


async def _encoded(lines: AsyncIterator[Sequence[object]]) -> AsyncIterator[bytes]:
    buffer = io.StringIO("\ufeff")
    buffer.seek(0, io.SEEK_END)
    writer = csv.writer(buffer)
    async for line in lines:
        writer.writerow([safe_cell(value) for value in line])
        if buffer.tell() > 64 * 1024:
            yield buffer.getvalue().encode()
            buffer.seek(0)
            buffer.truncate()
    yield buffer.getvalue().encode()
