"""Reading a file of the catalogue: YAML as an editor writes it, or JSON as programs write it. Bounded in size, depth
and time; nothing in a file can make it larger than it is.

Of YAML this is the part that has one meaning: mappings, sequences, and scalars that are text (the schema decides what
a scalar is, not its look: `no` is a word and `08:00` a time). Anchors, aliases and tags are refused.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

import yaml

from content.schema.text import Text

MAX_BYTES = 512 * 1024
MAX_DEPTH = 24  # a package's part's field's option's label is at 9
MAX_NODES = 40_000

Path = tuple[str, ...]
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
# Nobody sees them, and they can turn a text round or cut it off: control characters, marks of direction and width, and
# halves of characters (JSON's \ud800), which no file can hold.
_UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb\ud800-\udfff]"
)
_NULLS = ("", "~", "null", "Null", "NULL")


class Unreadable(Exception):
    """A file that is not what it should be: where (None: the whole file), and what to do."""

    def __init__(self, line: int | None, message: Text) -> None:
        super().__init__(message.en)
        self.line = line
        self.message = message


def read(data: bytes, *, is_json: bool) -> Any:
    """What a file says: dicts, lists, strings and None (JSON: numbers and booleans too). Raises Unreadable."""
    if len(data) > MAX_BYTES:
        kib = MAX_BYTES // 1024
        raise Unreadable(
            None, Text(f"大于 {kib} KiB；请拆成几项", f"is larger than {kib} KiB; split it into several items")
        )
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise Unreadable(line, Text("不是 UTF-8 文本；请另存为 UTF-8", "is not UTF-8 text; save it as UTF-8")) from None
    return _read_json(text) if is_json else _Builder().build(text)


def lines_of(data: bytes, places: Iterable[str]) -> dict[str, int | None]:
    """The line (from 1) of each dotted place, or of the nearest thing above it that is written down. As slow as reading
    the file: for what is to be told only."""
    builder = _Builder(lines={})
    try:
        builder.build(data.decode("utf-8-sig"))
    except (Unreadable, UnicodeDecodeError):
        return dict.fromkeys(places)
    found: dict[str, int | None] = {}
    for place in places:
        path = tuple(place.split(".")) if place else ()
        while path and path not in builder.lines:
            path = path[:-1]
        found[place] = builder.lines.get(path)
    return found


def place_of(location: Iterable[int | str], data: Any) -> str:
    """Pydantic's location as a place in the file: what it inserts for kinds of fields is left out."""
    path: list[str] = []
    steps = list(location)
    for index, step in enumerate(steps):
        here = (isinstance(data, dict) and step in data) or (isinstance(data, list) and isinstance(step, int))
        if here or index == len(steps) - 1:
            path.append(str(step))
            data = data[step] if here and (isinstance(data, dict) or int(step) < len(data)) else None
    return ".".join(path)


def _read_json(text: str) -> Any:
    try:
        found = json.loads(text, object_pairs_hook=_once)
    except RecursionError:
        raise Unreadable(None, _too_deep()) from None
    except ValueError as error:
        line = getattr(error, "lineno", None)
        said = getattr(error, "msg", "")
        raise Unreadable(line, Text(f"不是 JSON（{said}）；请改正", f"is not JSON ({said}); correct it")) from None
    todo = [found]
    while todo:
        value = todo.pop()
        if isinstance(value, str):
            _refuse_unseen(value, None)
        elif isinstance(value, dict):
            todo += [*value.keys(), *value.values()]
        elif isinstance(value, list):
            todo += value
    return found


def _refuse_unseen(text: str, line: int | None) -> None:
    if found := _UNSEEN.search(text):
        code = f"U+{ord(found.group()):04X}"
        raise Unreadable(
            line,
            Text(f"含有看不见的字符 {code}；请删去", f"holds the character {code}, which nobody sees; remove it"),
        )


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        raise Unreadable(None, _twice(next(name for name in names if names.count(name) > 1)))
    return found


def _twice(name: str) -> Text:
    return Text(f"“{name}”写了两次；请删去一个", f"{name!r} is written twice; remove one")


def _too_deep() -> Text:
    return Text(f"嵌套超过 {MAX_DEPTH} 层；请改正", f"is nested deeper than {MAX_DEPTH} levels; correct it")


class _Builder:
    """Builds from the parser's events, which come one by one however deep a file is nested."""

    def __init__(self, lines: dict[Path, int] | None = None) -> None:
        self.lines = lines if lines is not None else {}
        self._marks = lines is not None
        self._open: list[dict[str, Any] | list[Any]] = []
        self._keys: list[str | None] = []  # of each open mapping: the key whose value comes next
        self._path: Path = ()
        self._root: Any = None
        self._documents = 0

    def build(self, text: str) -> Any:
        for nodes, event in enumerate(self._events(text)):
            if nodes > MAX_NODES:
                raise Unreadable(
                    _line(event), Text("内容过多；请拆成几项", "holds too much; split it into several items")
                )
            self._take(event)
        return self._root

    def _events(self, text: str) -> Iterator[yaml.Event]:
        try:
            yield from yaml.parse(text, Loader=_Loader)
        except yaml.YAMLError as error:
            mark = getattr(error, "problem_mark", None)
            said = getattr(error, "problem", None) or "holds characters YAML does not know"
            raise Unreadable(
                mark.line + 1 if mark else None,
                Text(
                    f"YAML 有误（{said}）；含冒号的文字要加引号",
                    f"{said}; correct the YAML (texts with colons need quotes)",
                ),
            ) from None

    def _take(self, event: yaml.Event) -> None:
        kind = type(event)
        if kind is yaml.ScalarEvent:
            self._refuse_marks(event)
            _refuse_unseen(event.value, _line(event))  # type: ignore[attr-defined]
            plain = not event.style and event.value in _NULLS  # type: ignore[attr-defined]
            self._put(event, None if plain else event.value)  # type: ignore[attr-defined]
        elif kind is yaml.MappingStartEvent or kind is yaml.SequenceStartEvent:
            self._refuse_marks(event)
            if len(self._open) >= MAX_DEPTH:
                raise Unreadable(_line(event), _too_deep())
            node: dict[str, Any] | list[Any] = {} if kind is yaml.MappingStartEvent else []
            self._put(event, node)
            self._open.append(node)
            self._keys.append(None)
        elif kind is yaml.MappingEndEvent or kind is yaml.SequenceEndEvent:
            self._open.pop()
            self._keys.pop()
            self._path = self._path[:-1]
        elif kind is yaml.AliasEvent:
            raise Unreadable(
                _line(event), Text("不能用别名（*）；请把内容写全", "aliases (*) are not allowed; write it out")
            )
        elif kind is yaml.DocumentStartEvent:
            self._documents += 1
            if self._documents > 1:
                raise Unreadable(_line(event), Text("一个文件只能有一份内容", "one file holds one document"))

    def _put(self, event: yaml.Event, value: Any) -> None:
        """`value` where it belongs; a container's own path stays open until its end."""
        inner = isinstance(value, dict | list)
        if not self._open:
            self._root = value
            step: Path = ("",) if inner else ()
        else:
            top = self._open[-1]
            if isinstance(top, list):
                step = (str(len(top)),)
                top.append(value)
            elif (key := self._keys[-1]) is None:
                if inner or value is None:
                    raise Unreadable(_line(event), Text("键必须是文字", "a key must be a word"))
                if value in top:
                    raise Unreadable(_line(event), _twice(value))
                self._keys[-1] = value
                if self._marks:
                    self.lines[(*self._path[1:], value)] = _line(event)
                return
            else:
                step = (key,)
                top[key] = value
                self._keys[-1] = None
        if self._marks and step:
            self.lines.setdefault((*self._path, *step)[1:], _line(event))
        if inner:
            self._path = (*self._path, *step)

    @staticmethod
    def _refuse_marks(event: yaml.Event) -> None:
        if event.anchor is not None:  # type: ignore[attr-defined]
            raise Unreadable(
                _line(event), Text("不能用锚点（&）；请把内容写全", "anchors (&) are not allowed; write it out")
            )
        if event.tag not in (None, "!"):  # type: ignore[attr-defined]
            raise Unreadable(_line(event), Text("不能用标签（!）", "tags (!) are not allowed; remove it"))


def _line(event: yaml.Event) -> int:
    return (event.start_mark.line if event.start_mark else 0) + 1
