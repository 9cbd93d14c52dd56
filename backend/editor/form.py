"""From what the form posts to a body, and back. Names of inputs are dotted places in the body: `materials.0.name.zh`.

What the form does not show stays as it is in the body it was made from.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from pydantic import BaseModel

from backend.editor.bodies import Body
from backend.editor.choices import FIELD_KINDS
from backend.editor.shape import SECTIONS, Entry, Many
from content.schema.forms import (
    AmountField,
    ChoiceField,
    ChoicesField,
    DateField,
    IdNumberField,
    NumberField,
    PhoneField,
    StatementField,
    TextField,
)

Posted = Mapping[str, Sequence[str]]

_MODELS: dict[str, type[BaseModel]] = {
    "choice": ChoiceField,
    "choices": ChoicesField,
    "number": NumberField,
    "text": TextField,
    "phone": PhoneField,
    "id-number": IdNumberField,
    "date": DateField,
    "amount": AmountField,
    "statement": StatementField,
}
assert set(_MODELS) == {kind for kind, *_ in FIELD_KINDS}  # noqa: S101
_WORDS = re.compile(r"[\s,，、;；]+")
_MOVES = ("add", "up", "down", "remove")


def get(body: Any, path: str) -> Any:
    """What stands at a dotted place; None: nothing."""
    for step in path.split("."):
        if isinstance(body, list):
            body = body[int(step)] if step.isdigit() and int(step) < len(body) else None
        elif isinstance(body, dict):
            body = body.get(step)
        else:
            return None
    return body


def entries_of(body: Any, path: str) -> list[Body]:
    """The entries of a list, as far as the form can show them: none of something that is no list of mappings."""
    held = get(body, path)
    return held if isinstance(held, list) and all(isinstance(one, dict) for one in held) else []


def apply(body: Body, posted: Posted) -> Body:
    """The body with what the form says."""
    changed = copy.deepcopy(body)
    for section in SECTIONS:
        _entries(changed, "", section.entries, posted)
    return changed


def act(body: Body, what: str) -> Body:
    """Add an entry to a list, move or remove one: `add:materials`, `up:form.2`, `down:form.2`, `remove:form.2`.
    Anything else changes nothing."""
    move, _, path = what.partition(":")
    many = _many(path if move == "add" else path.rpartition(".")[0])
    if move not in _MOVES or many is None:
        return body
    changed = copy.deepcopy(body)
    if move == "add":
        if not entries_of(changed, path):
            _set(changed, path, [])
        entries_of(changed, path).append(copy.deepcopy(many.blank))
        return changed
    parent, _, number = path.rpartition(".")
    entries, place = entries_of(changed, parent), int(number) if number.isdigit() else -1
    if not 0 <= place < len(entries):
        return body
    if move == "remove":
        entries.pop(place)
        if not entries:
            _drop(changed, parent)
    else:
        other = place + (-1 if move == "up" else 1)
        if 0 <= other < len(entries):
            entries[place], entries[other] = entries[other], entries[place]
    return changed


def shown(body: Body, entry: Entry, path: str) -> Any:
    """What the input holds: a string, a pair of strings, or a list of them."""
    value = get(body, path)
    match entry.widget:
        case "text" | "long":
            pair = value if isinstance(value, dict) else {}
            return {language: str(pair.get(language) or "") for language in ("zh", "en")}
        case "ticks":
            return [str(one) for one in value] if isinstance(value, list) else entry.default.split()
        case "words":
            return "、".join(str(one) for one in value) if isinstance(value, list) else ""
        case "when":
            return condition_text(value)
        case "yes":
            return str(value).lower() if value is not None else entry.default
        case "yuan":
            return _yuan(value if value is not None else entry.default)
        case _:
            return str(value) if value is not None else entry.default


def condition_text(value: Any) -> str:
    """`{married: [yes, no]}` as `married=yes|no`."""
    if not isinstance(value, dict):
        return ""
    return "; ".join(
        f"{name}={'|'.join(str(one) for one in wanted) if isinstance(wanted, list) else wanted}"
        for name, wanted in value.items()
    )


def condition(text: str) -> dict[str, list[str]]:
    """The other way round; what has no `=` becomes a condition without answers, which the lint refuses."""
    found: dict[str, list[str]] = {}
    for part in re.split(r"[;；]", text):
        name, _, values = part.partition("=")
        if name.strip():
            found[name.strip()] = [one for one in re.split(r"[|｜\s,，、]+", values) if one]
    return found


def places(body: Body) -> list[str]:
    """Every place the form shows of this body: where a message can stand."""
    return [path for path, _ in _walk(body)]


def nearest(place: str, known: set[str]) -> str:
    """The place of the form that a fault's place is nearest to: itself, the nearest above, or the first below it; ""
    where the form does not show it."""
    path = place
    while path:
        if path in known:
            return path
        path = path.rpartition(".")[0]
    return next((one for one in sorted(known) if place and one.startswith(f"{place}.")), "")


def _walk(body: Body) -> Iterator[tuple[str, Entry | Many]]:
    def inner(prefix: str, entries: Sequence[Entry | Many]) -> Iterator[tuple[str, Entry | Many]]:
        for entry in entries:
            path = prefix + entry.path
            yield path, entry
            if isinstance(entry, Many):
                for number, _ in enumerate(entries_of(body, path)):
                    yield from inner(f"{path}.{number}.", entry.entries)

    for section in SECTIONS:
        yield from inner("", section.entries)


def _many(path: str) -> Many | None:
    """The list a place names, whatever the numbers in it."""
    wanted = re.sub(r"\.\d+(?=\.|$)", "", path)

    def inner(prefix: str, entries: Sequence[Entry | Many]) -> Many | None:
        for entry in entries:
            if isinstance(entry, Many):
                if prefix + entry.path == wanted:
                    return entry
                if (found := inner(f"{prefix}{entry.path}.", entry.entries)) is not None:
                    return found
        return None

    return next((found for section in SECTIONS if (found := inner("", section.entries)) is not None), None)


def _entries(body: Body, prefix: str, entries: Sequence[Entry | Many], posted: Posted) -> None:
    for entry in entries:
        path = prefix + entry.path
        if isinstance(entry, Many):
            for number in range(len(entries_of(body, path))):
                before = get(body, f"{path}.{number}.kind")
                _entries(body, f"{path}.{number}.", entry.entries, posted)
                if path == "form" and get(body, f"form.{number}.kind") != before:
                    _of_kind(get(body, f"form.{number}"))
        else:
            _entry(body, path, entry, posted)


def _entry(body: Body, path: str, entry: Entry, posted: Posted) -> None:
    if entry.widget in ("text", "long"):
        if f"{path}.zh" in posted or f"{path}.en" in posted:
            texts = {language: posted.get(f"{path}.{language}", [""])[0].strip() for language in ("zh", "en")}
            texts = {language: text.replace("\r\n", "\n") for language, text in texts.items()}
            put(body, path, texts if any(texts.values()) or entry.needed else None)
        return
    if path not in posted:
        return
    given = posted[path]
    text = given[0].strip()
    value: Any
    match entry.widget:
        case "ticks":
            value = [one for one in given if one]
            if value == entry.default.split() and get(body, path) is None:
                return
            put(body, path, value if value or entry.needed else None)
            return
        case "words":
            value = [one for one in _WORDS.split(text) if one] or None
        case "when":
            value = condition(text) or None
        case "yes":
            value = given[-1]
        case "yuan":
            value = _fen(text)
        case _:
            value = text or None
    if value == entry.default and get(body, path) is None:
        return
    if value is not None and str(get(body, path)).lower() == str(value):
        return  # as it was; numbers stay numbers
    put(body, path, value if value is not None or not entry.needed else "")


def put(body: Body, path: str, value: Any) -> None:
    """Write a value to a dotted place; None: take it away, and what becomes empty above it."""
    if value is None:
        _drop(body, path)
    else:
        _set(body, path, value)


def _set(body: Body, path: str, value: Any) -> None:
    *steps, last = path.split(".")
    here: Any = body
    for step, inner in zip(steps, path.split(".")[1:], strict=True):
        if isinstance(here, list):
            here = here[int(step)]
            continue
        if not isinstance(here.get(step), list if inner.isdigit() else dict):
            here[step] = {}  # something else stood there: it cannot hold what was written
        here = here[step]
    here[last] = value


def _drop(body: Body, path: str) -> None:
    """Away with it, and with what becomes empty above it."""
    parent, _, last = path.rpartition(".")
    held = get(body, parent) if parent else body
    if isinstance(held, dict) and last in held:
        del held[last]
        if not held and parent and not parent.rpartition(".")[2].isdigit():
            _drop(body, parent)


def _of_kind(field: Body) -> None:
    """A field that has become another kind loses what the new kind does not know."""
    model = _MODELS.get(str(field.get("kind")))
    for name in [name for name in field if model is not None and name not in model.model_fields]:
        del field[name]


def _fen(text: str) -> str | None:
    """ "12.30" → "1230"; what is no amount stays as it is, for the lint to tell."""
    if not text:
        return None
    try:
        fen = Decimal(text.replace(",", "").replace("¥", "")) * 100
        return str(int(fen)) if fen == fen.to_integral_value() else text
    except (InvalidOperation, ValueError, OverflowError):
        return text


def _yuan(value: Any) -> str:
    text = str(value)
    return f"{Decimal(text) / 100:f}" if text.isascii() and text.isdigit() else text
