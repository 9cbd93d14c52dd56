"""Files: CSV in UTF-8 or GB 18030, and JSON; as rows of cells, or as faults with what to do. Blocking."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from backend.editor.bodies import Body
from backend.editor.exchange.fields import BY_NAME, COLUMNS, row_of
from backend.editor.exchange.values import guarded, unguarded

MAX_BYTES = 128 << 20
MAX_ROWS = 30_000
_MAX_CELL = 512 * 1024
_MAGIC = ((b"PK", "xlsx"), (b"\xd0\xcf\x11\xe0", "xls"))


@dataclass(frozen=True)
class FileFault:
    """`line`: of a CSV file, or the number of an item in JSON; None: the whole file. `column`: "" for the whole row."""

    line: int | None
    column: str
    zh: str
    en: str


@dataclass
class Table:
    """`rows`: (line, cells by column). Cells of lists may be lists (JSON)."""

    columns: list[str] = field(default_factory=list)
    rows: list[tuple[int, dict[str, Any]]] = field(default_factory=list)
    faults: list[FileFault] = field(default_factory=list)
    ignored: list[str] = field(default_factory=list)  # columns we do not know


def read_file(data: bytes) -> Table:
    """Never raises: what cannot be read is a fault."""
    if len(data) > MAX_BYTES:
        mib = MAX_BYTES >> 20
        return _broken(f"文件大于 {mib} MB；请分成几份", f"is larger than {mib} MB; split it")
    for magic, kind in _MAGIC:
        if data.startswith(magic):
            return _broken(
                f"这是 {kind} 文件；请在表格软件里另存为“CSV UTF-8”", f"is an {kind} file; save it as CSV UTF-8"
            )
    if data.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\x00" in data[:4096]:
        return _broken("是 UTF-16 编码；请另存为“CSV UTF-8”", "is UTF-16; save it as CSV UTF-8")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        try:
            text = data.decode("gb18030")
        except UnicodeDecodeError as error:
            line = data.count(b"\n", 0, error.start) + 1
            return _broken(
                "既不是 UTF-8 也不是 GB 18030；请另存为“CSV UTF-8”",
                "is neither UTF-8 nor GB 18030; save it as UTF-8",
                line,
            )
    if not text.strip():
        return _broken("文件是空的", "is empty")
    return _read_json(text) if text.lstrip()[:1] in ("[", "{") else _read_csv(text)


def write_csv(bodies: Iterable[Body]) -> Iterator[bytes]:
    """With a byte order mark, the heading first. Never a formula."""
    buffer = io.StringIO("\ufeff", newline="")
    buffer.seek(0, io.SEEK_END)
    writer = csv.writer(buffer)
    writer.writerow([column.name for column in COLUMNS])
    for body in bodies:
        row = row_of(body)
        writer.writerow([guarded(_cell(value)) for value in row.values()])
        if buffer.tell() > 64 * 1024:
            yield buffer.getvalue().encode()
            buffer.seek(0)
            buffer.truncate()
    yield buffer.getvalue().encode()


def write_json(bodies: Iterable[Body]) -> Iterator[bytes]:
    yield b'{"format": "menkou-items", "items": ['
    for number, body in enumerate(bodies):
        yield (b",\n" if number else b"\n") + json.dumps(row_of(body), ensure_ascii=False).encode()
    yield b"\n]}\n"


def _cell(value: Any) -> str:
    if isinstance(value, list):
        return json.dumps(value, ensure_ascii=False, separators=(",", ":")) if value else ""
    return str(value)


def _read_csv(text: str) -> Table:
    table = Table()
    csv.field_size_limit(_MAX_CELL)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text), strict=True)
    names: list[str] = []
    begins = 1
    try:
        for cells in reader:
            line, begins = begins, reader.line_num + 1
            if not any(cell.strip() for cell in cells):
                continue
            if not names:
                names = [cell.strip().lower() for cell in cells]
                if not _take_names(table, names):
                    return table
                continue
            if len(cells) > len(names) and any(cells[len(names) :]):
                table.faults.append(
                    FileFault(line, "", "列数多于表头；含逗号的内容要加引号", "has more cells than the heading")
                )
                continue
            row = {name: unguarded(cell) for name, cell in zip(names, cells, strict=False) if name in BY_NAME and cell}
            table.rows.append((line, row))
            if len(table.rows) > MAX_ROWS:
                return _broken(f"超过 {MAX_ROWS:,} 行；请分成几份", f"has more than {MAX_ROWS:,} rows; split it")
    except csv.Error as error:
        fault = FileFault(begins, "", f"CSV 有误（{error}）；请检查引号", f"is no CSV ({error}); check its quotes")
        table.faults.append(fault)
    if not names:
        return _broken("没有表头", "has no heading")
    return table


def _delimiter(text: str) -> str:
    """Some spreadsheets write semicolons or tabs."""
    heading = text.split("\n", 1)[0]
    return max(",;\t", key=heading.count)


def _take_names(table: Table, names: list[str]) -> bool:
    """Whether this heading is one of ours."""
    for name in dict.fromkeys(name for name in names if name in BY_NAME and names.count(name) > 1):
        table.faults.append(FileFault(1, name, "这一列出现了两次；请删去一列", "stands there twice; remove one"))
    table.columns = [column.name for column in COLUMNS if column.name in names]
    table.ignored = [name for name in names if name and name not in BY_NAME]
    if not {"menkou_id", "task_code", "task_handle_item"} & set(table.columns):
        table.faults.append(
            FileFault(
                1,
                "",
                "表头里要有 menkou_id、task_code 或 task_handle_item，才知道是哪个事项；可先导出一份作样子",
                "the heading needs menkou_id, task_code or task_handle_item to know the items by; export a file to see",
            )
        )
    return not table.faults


def _read_json(text: str) -> Table:
    try:
        data = json.loads(text)
    except RecursionError:
        return _broken("嵌套过深", "is nested too deep")
    except ValueError as error:
        return _broken(f"不是 JSON（{error}）", f"is no JSON ({error})", getattr(error, "lineno", None))
    items = data.get("items") if isinstance(data, dict) else data
    if not isinstance(items, list) or len(items) > MAX_ROWS:
        return _broken(
            f"应是至多 {MAX_ROWS:,} 个事项的列表", f"must be a list of at most {MAX_ROWS:,} items, or have one as items"
        )
    table = Table()
    names: dict[str, None] = {}
    for number, item in enumerate(items, 1):
        if not isinstance(item, dict):
            table.faults.append(FileFault(number, "", "应是对象", "must be an object"))
            continue
        names |= dict.fromkeys(item)
        row: dict[str, Any] = {}
        for name, value in item.items():
            if name not in BY_NAME or value is None:
                continue
            if not _sound(value):
                table.faults.append(FileFault(number, name, "含有不成对的代理字符", "holds half a character"))
            elif isinstance(value, int | float) and not isinstance(value, bool):
                row[name] = str(value)
            else:
                row[name] = value
        table.rows.append((number, row))
    table.columns = [column.name for column in COLUMNS if column.name in names]
    table.ignored = [name for name in names if name not in BY_NAME]
    if not {"menkou_id", "task_code", "task_handle_item"} & set(names):
        table.faults.append(
            FileFault(
                None, "", "事项要有 menkou_id 或 task_code", "the items need menkou_id or task_code to be known by"
            )
        )
    return table


def _sound(value: Any) -> bool:
    """JSON can hold halves of characters, which nothing else can."""
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return False
    return True


def _broken(zh: str, en: str, line: int | None = None) -> Table:
    return Table(faults=[FileFault(line, "", zh, en)])
