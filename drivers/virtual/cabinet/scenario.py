"""Reads scenarios: YAML files that say what hands do in the cabinet, when, and what they wait for.

    title: {zh: 打印机卡纸, en: The printer jams}
    about: {zh: ……, en: …}
    steps:
      - lay_card: li
      - after: 2s
      - a4: jam
      - wait_for: {document_printer.reasons: media-jam}
        within: 60s
        note: {zh: 等到卡住, en: Wait for the jam}
      - cash: {insert: 1000}
      - parallel:
          - [{network: cut}, {after: 5s}, {network: connected}]
          - [{face: holder}]

Everything is checked before anything moves; every problem names its line.
"""

from __future__ import annotations

import json
import re
import types
from pathlib import Path
from typing import Any, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from drivers.virtual.cabinet.cabinet_state import CabinetState
from drivers.virtual.cabinet.desks import BY_NAME as PLACES
from drivers.virtual.cabinet.hands import BY_NAME, LABELS, Hand
from drivers.virtual.cabinet.scenario_steps import (
    Act,
    After,
    Condition,
    Operator,
    Parallel,
    Repeat,
    Reset,
    Scenario,
    Step,
    WaitFor,
    Words,
    Work,
)
from drivers.virtual.cabinet.scenario_yaml import MAX_BYTES, Document, Problem, ScenarioError, load
from drivers.virtual.cabinet.scenario_yaml import Path as Where
from drivers.virtual.cabinet.state import ScenarioSummary

SHIPPED = Path(__file__).parent.parent / "scenarios"
NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,99}")

MAX_STEPS = 300
MAX_PAUSE_S = 600.0
MAX_WAIT_S = 3600.0
DEFAULT_WAIT_S = 120.0
_DURATION = re.compile(r"(\d{1,6}(?:\.\d{1,3})?)(ms|s|m)")
_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0}
_COMPARED = re.compile(r"(>=|<=|!=|>|<|\+)\s*(\S+)")

# Short forms: the names of the Python client.
SHORT: dict[str, tuple[str, str]] = {
    "lay_card": ("id_reader", "lay"),
    "lift_card": ("id_reader", "lift"),
    "remove_midway": ("id_reader", "remove-midway"),
    "face": ("camera", "scene"),
    "camera_trouble": ("camera", "trouble"),
    "scan": ("scanner", "present"),
    "pay": ("phone", "pay"),
    "network": ("network", "set"),
}
SHORT_ACTIONS = {"a4": "document_printer", "receipt": "receipt_printer"}


_M = TypeVar("_M", bound=BaseModel)


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class _Words(_Strict):
    zh: str = Field(min_length=1, max_length=300)
    en: str = Field(min_length=1, max_length=300)

    def words(self) -> Words:
        return Words(self.zh, self.en)


class _File(_Strict):
    title: _Words
    about: _Words
    steps: list[dict[str, Any] | str] = Field(min_length=1, max_length=MAX_STEPS)


class _Repeat(_Strict):
    times: int = Field(ge=1, le=100)
    steps: list[dict[str, Any] | str] = Field(min_length=1, max_length=MAX_STEPS)


def parse(text: str, name: str, file: str = "scenario") -> Scenario:
    """Raises ScenarioError with every problem found."""
    document = load(text, file)
    reader = _Reader(document)
    head = reader.model(_File, document.value, ())
    steps = reader.steps(document.value["steps"], ("steps",)) if head is not None else ()
    if reader.problems or head is None:
        raise ScenarioError(file, reader.problems)
    return Scenario(name, head.title.words(), head.about.words(), steps)


def read(path: Path) -> Scenario:
    """Blocking. Raises ScenarioError; a file that cannot be read is one too."""
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
        text = raw.decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not UTF-8"
        raise ScenarioError(str(path), [Problem(1, 1, str(reason))]) from None
    return parse(text, path.stem, str(path))


def shipped_names() -> list[str]:
    return sorted(path.stem for path in SHIPPED.glob("*.yaml"))


def shipped(name: str) -> Scenario:
    """One of those that come with the cabinet. Raises LookupError, ScenarioError."""
    if NAME.fullmatch(name) is None or name not in shipped_names():
        raise LookupError(name)
    return read(SHIPPED / f"{name}.yaml")


def summary(scenario: Scenario) -> ScenarioSummary:
    return ScenarioSummary(
        name=scenario.name,
        title_zh=scenario.title.zh,
        title_en=scenario.title.en,
        about_zh=scenario.about.zh,
        about_en=scenario.about.en,
        steps=len(scenario.lines()),
    )


class _Reader:
    """Turns plain values into steps and gathers what is wrong with them."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self.problems: list[Problem] = []
        self._count = 0

    def wrong(self, where: Where, text: str) -> None:
        self.problems.append(self._document.problem(where, text))

    def model(self, kind: type[_M], value: Any, where: Where) -> _M | None:
        """`value` as a `kind`, or None and problems. Strings become enumerations as they do over HTTP."""
        if not isinstance(value, dict):
            self.wrong(where, "names and values are wanted here (a mapping)")
            return None
        try:
            return TypeAdapter(kind).validate_json(json.dumps(value))
        except ValidationError as error:
            for each in error.errors(include_url=False, include_input=False):
                # The tags of unions are no part of the file.
                path = tuple(p for p in each["loc"] if not (isinstance(p, str) and ("[" in p or p == "str")))
                self.wrong((*where, *path), f"{'.'.join(map(str, path[-1:]))}: {each['msg']}".removeprefix(": "))
            return None

    # --- steps ------------------------------------------------------------------------------------------------------

    def steps(self, values: Any, where: Where) -> tuple[Step, ...]:
        if not isinstance(values, list) or not values:
            self.wrong(where, "a list of steps is wanted here")
            return ()
        found = (self.step(value, (*where, index)) for index, value in enumerate(values))
        return tuple(step for step in found if step is not None)

    def step(self, value: Any, where: Where) -> Step | None:
        self._count += 1
        if self._count == MAX_STEPS + 1:
            self.wrong(where, f"more than {MAX_STEPS} steps")
        if isinstance(value, str):
            value = {value: None}
        if not isinstance(value, dict):
            self.wrong(where, "a step is a name, or a name with a value")
            return None
        verbs = [key for key in value if key not in ("note", "within")]
        if len(verbs) != 1:
            self.wrong(where, f"a step does one thing; here are {', '.join(verbs) or 'none'}")
            return None
        verb = verbs[0]
        if "within" in value and verb != "wait_for":
            self.wrong((*where, "within"), "only wait_for has a limit")
        words = self.model(_Words, value["note"], (*where, "note")) if "note" in value else None
        note = words.words() if words else None
        line = self._document.problem(where, "").line
        return self._verb(verb, value, where, line, note)

    def _verb(self, verb: str, value: dict[str, Any], where: Where, line: int, note: Words | None) -> Step | None:
        details, here = value[verb], (*where, verb)
        match verb:
            case "reset":
                if details is not None:
                    self.wrong(here, "reset has no details")
                return Reset(line, note=note)
            case "after":
                seconds = self._seconds(details, here, MAX_PAUSE_S)
                return None if seconds is None else After(line, seconds, note=note)
            case "wait_for":
                return self._wait(value, here, (*where, "within"), line, note)
            case "parallel":
                if not isinstance(details, list) or not all(isinstance(branch, list) for branch in details):
                    self.wrong(here, "parallel has a list of branches, each a list of steps")
                    return None
                branches = (self.steps(branch, (*here, index)) for index, branch in enumerate(details))
                return Parallel(line, tuple(branches), note=note)
            case "repeat":
                if self.model(_Repeat, details, here) is None:
                    return None
                return Repeat(line, details["times"], self.steps(details["steps"], (*here, "steps")), note=note)
            case "act":
                if not isinstance(details, dict) or len(details) != 1:
                    self.wrong(here, "act names one device and its action: {cash: stacker-full}")
                    return None
                device, action = next(iter(details.items()))
                return self._act(device, action, (*here, device), line, note)
            case "plug" | "unplug":
                if (str(details), "plug") in BY_NAME:
                    return self._device(str(details), {"plug": {"plugged": verb == "plug"}}, here, line, note)
                return self._device(str(details), "replug" if verb == "plug" else "unplug", here, line, note)
        if verb in SHORT:
            return self._work(BY_NAME[SHORT[verb]], details, here, line, note)
        return self._device(SHORT_ACTIONS.get(verb, verb), details, here, line, note)

    def _device(self, device: str, details: Any, where: Where, line: int, note: Words | None) -> Step | None:
        """`- cash: stacker-full`, `- cash: {insert: 1000}`."""
        if device not in LABELS:
            known = sorted({*LABELS, *SHORT, *SHORT_ACTIONS})
            self.wrong(where, f"{device!r} is neither a step nor a device; devices and short forms: {', '.join(known)}")
            return None
        if not isinstance(details, dict):
            return self._act(device, details, where, line, note)
        if len(details) != 1:
            self.wrong(where, "one hand at a time: {insert: 1000}")
            return None
        name, value = next(iter(details.items()))
        hand = BY_NAME.get((device, name))
        if hand is None:
            names = [known for owner, known in BY_NAME if owner == device]
            self.wrong((*where, name), f"{device} has no hand {name!r}; it has {', '.join(names) or 'none'}")
            return None
        return self._work(hand, value, (*where, name), line, note)

    def _act(self, device: str, action: Any, where: Where, line: int, note: Words | None) -> Step | None:
        if (hand := BY_NAME.get((device, str(action)))) is not None and not hand.body.model_fields:
            return self._work(hand, None, where, line, note)
        place = PLACES.get(device)
        if place is None or action not in place.action_ids:
            ids = ", ".join(place.action_ids) if place else ""
            self.wrong(where, f"{device} has no action {action!r}; it has {ids or 'none'}")
            return None
        return Act(line, place, str(action), note=note)

    def _work(self, hand: Hand, details: Any, where: Where, line: int, note: Words | None) -> Step | None:
        if not isinstance(details, dict):
            if details is None:
                details = {}
            elif hand.single is None:
                self.wrong(where, f"{hand.name} has no details")
                return None
            else:
                details = {hand.single: details}
        elif not hand.body.model_fields and details:
            self.wrong(where, f"{hand.name} has no details")
            return None
        body = self.model(hand.body, details, where)
        if body is None:
            return None
        if hand.choices and hand.single is not None:
            value = getattr(body, hand.single)
            known = [choice.id for choice in hand.choices]
            if value is not None and str(value) not in known:
                self.wrong(where, f"no such {hand.single}; there are {', '.join(known)}")
                return None
        return Work(line, hand, body, note=note)

    # --- waiting ----------------------------------------------------------------------------------------------------

    def _seconds(self, value: Any, where: Where, longest: float) -> float | None:
        found = _DURATION.fullmatch(value) if isinstance(value, str) else None
        if found is None:
            self.wrong(where, "a time is wanted here: 500ms, 2s, 1.5m")
            return None
        seconds = float(found[1]) * _UNITS[found[2]]
        if seconds > longest:
            self.wrong(where, f"at most {longest:g} s")
            return None
        return seconds

    def _wait(self, value: dict[str, Any], here: Where, limit: Where, line: int, note: Words | None) -> Step | None:
        wanted = value["wait_for"]
        within = self._seconds(value["within"], limit, MAX_WAIT_S) if "within" in value else DEFAULT_WAIT_S
        if not isinstance(wanted, dict) or not wanted:
            self.wrong(here, "wait_for names parts of the state: {document_printer.sheets_printed: +1}")
            return None
        found = [self._condition(path, each, (*here, path)) for path, each in wanted.items()]
        conditions = tuple(condition for condition in found if condition is not None)
        return None if within is None else WaitFor(line, conditions, within, note=note)

    def _condition(self, dotted: str, wanted: Any, where: Where) -> Condition | None:
        path = tuple(dotted.split("."))
        if len(path) < 2 or path[0] not in LABELS:
            self.wrong(where, f"{dotted!r} is no part of the state; a device comes first: {', '.join(sorted(LABELS))}")
            return None
        kind = _kind_at(path)
        if kind is None:
            self.wrong(where, f"{dotted!r} is no part of the state")
            return None
        operator: Operator = "="
        if isinstance(wanted, str) and (compared := _COMPARED.fullmatch(wanted)):
            operator = compared[1]  # type: ignore[assignment]  # the pattern has no other
            wanted = _number(compared[2])
        if get_origin(kind) in (list, tuple) and not isinstance(wanted, list):
            kind = get_args(kind)[0]
        if operator in ("=", "!="):
            try:
                TypeAdapter(kind).validate_json(json.dumps(wanted), strict=True)
            except ValidationError as error:
                self.wrong(where, f"{dotted}: {error.errors(include_url=False, include_input=False)[0]['msg']}")
                return None
        elif not isinstance(wanted, int | float) or isinstance(wanted, bool) or _without_none(kind) not in (int, float):
            self.wrong(where, f"{dotted}: only numbers are larger or smaller")
            return None
        return Condition(path, operator, wanted)


def _number(text: str) -> Any:
    try:
        return int(text)
    except ValueError:
        try:
            return float(text)
        except ValueError:
            return text


def _kind_at(path: tuple[str, ...]) -> Any:
    """The type of a part of the state; None if there is no such part."""
    kind: Any = CabinetState
    for name in path:
        if isinstance(kind, type) and issubclass(kind, BaseModel) and name in kind.model_fields:
            kind = kind.model_fields[name].annotation
        elif get_origin(kind) is dict:
            kind = get_args(kind)[1]
        else:
            return None
        if name != path[-1]:
            kind = _without_none(kind)
    return kind


def _without_none(kind: Any) -> Any:
    if get_origin(kind) in (Union, types.UnionType):
        real = [each for each in get_args(kind) if each is not type(None)]
        return real[0] if len(real) == 1 else kind
    return kind
