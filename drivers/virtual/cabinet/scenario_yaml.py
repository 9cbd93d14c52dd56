"""YAML for scenarios: plain values, each with the place where it stands, and nothing that could hurt.

Only what JSON knows, in YAML's clothes: no aliases and anchors (a few lines of them grow to gigabytes), no tags, no
keys given twice; size and depth are bounded. Of the plain words only `true`, `false` and `null` are special (YAML 1.2's
core schema): in YAML 1.1 the power switch `off` would be a truth value. `+1` is a word too: it means "one more".
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

MAX_BYTES = 65_536
MAX_DEPTH = 16
MAX_NODES = 5_000
MAX_DIGITS = 15

Path = tuple[str | int, ...]


@dataclass(frozen=True)
class Problem:
    """One thing wrong; line and column count from 1."""

    line: int
    column: int
    text: str


class ScenarioError(Exception):
    """The scenario cannot be used. `str` has a line for each problem, as compilers do: file:line:column: what."""

    def __init__(self, file: str, problems: list[Problem]) -> None:
        self.problems = sorted(problems, key=lambda problem: (problem.line, problem.column))
        super().__init__("\n".join(f"{file}:{p.line}:{p.column}: {p.text}" for p in self.problems))


@dataclass(frozen=True)
class Document:
    value: Any
    marks: dict[Path, tuple[int, int]]

    def problem(self, path: Path, text: str) -> Problem:
        """At `path`, or at what holds it if it is not there."""
        while path not in self.marks:
            path = path[:-1]
        return Problem(*self.marks[path], text)


class _CoreLoader(yaml.SafeLoader):
    """Only its scanner, parser, composer and resolver are used; it constructs nothing."""


_CoreLoader.yaml_implicit_resolvers = {}
for _tag, _pattern, _first in (
    ("bool", r"true|false", "tf"),
    ("null", r"null|~|", "n~\0"),
    ("int", rf"-?[0-9]{{1,{MAX_DIGITS}}}", "-0123456789"),
    ("float", rf"-?[0-9]{{1,{MAX_DIGITS}}}\.[0-9]{{1,{MAX_DIGITS}}}", "-0123456789"),
):
    # An empty scalar is looked up under "".
    _CoreLoader.add_implicit_resolver(
        f"tag:yaml.org,2002:{_tag}", re.compile(rf"(?:{_pattern})\Z"), ["" if c == "\0" else c for c in _first]
    )


def load(text: str, file: str) -> Document:
    """Raises ScenarioError."""
    if len(text.encode("utf-8", "replace")) > MAX_BYTES:
        raise ScenarioError(file, [Problem(1, 1, f"longer than {MAX_BYTES} bytes")])
    try:
        problem = next(_forbidden(text), None)
        if problem is not None:
            raise ScenarioError(file, [problem])
        node = yaml.compose(text, _CoreLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise ScenarioError(file, [Problem(*_place(mark), error.problem or error.context or "not YAML")]) from None
    except yaml.YAMLError as error:  # characters that YAML does not allow
        raise ScenarioError(file, [Problem(1, 1, str(error).splitlines()[0])]) from None
    if node is None:
        raise ScenarioError(file, [Problem(1, 1, "empty")])
    marks: dict[Path, tuple[int, int]] = {}
    problems: list[Problem] = []
    value = _value(node, (), marks, problems)
    if problems:
        raise ScenarioError(file, problems)
    return Document(value, marks)


def _place(mark: Any) -> tuple[int, int]:
    """Line and column, from 1."""
    return (mark.line + 1, mark.column + 1) if mark else (1, 1)


def _forbidden(text: str) -> Iterator[Problem]:
    """Looked for in the stream of events, before anything is built."""
    depth = 0
    for count, event in enumerate(yaml.parse(text, _CoreLoader)):
        line, column = _place(event.start_mark)
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            yield Problem(line, column, "aliases and anchors are not allowed here")
        if tag := getattr(event, "tag", None):
            yield Problem(line, column, f"the tag {tag} is not allowed here")
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > MAX_DEPTH:
            yield Problem(line, column, f"nested deeper than {MAX_DEPTH}")
        if count > MAX_NODES:
            yield Problem(line, column, f"more than {MAX_NODES} parts")


def _value(node: Node, path: Path, marks: dict[Path, tuple[int, int]], problems: list[Problem]) -> Any:
    marks.setdefault(path, _place(node.start_mark))
    if isinstance(node, SequenceNode):
        return [_value(child, (*path, index), marks, problems) for index, child in enumerate(node.value)]
    if isinstance(node, MappingNode):
        found: dict[str, Any] = {}
        for key_node, child in node.value:
            where = _place(key_node.start_mark)
            if not isinstance(key_node, ScalarNode):
                problems.append(Problem(*where, "a key must be a word"))
                continue
            key = str(key_node.value)
            if key in found:
                problems.append(Problem(*where, f"{key!r} is given twice"))
            marks[(*path, key)] = where
            found[key] = _value(child, (*path, key), marks, problems)
        return found
    text = str(node.value)
    match node.tag.rpartition(":")[2]:
        case "bool":
            return text == "true"
        case "null":
            return None
        case "int":
            return int(text)
        case "float":
            return float(text)
    return text
