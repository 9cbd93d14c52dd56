"""All staff routes of the app, and a plausible request to each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from fastapi import FastAPI
from fastapi.routing import iter_route_contexts
from pydantic import BaseModel

from tests.backend.staff.matrix_world import PARAMETERS

STAFF_PATHS = ("/console", "/api/staff")
_NOTHING = object()


@dataclass(frozen=True)
class StaffRoute:
    """`permissions`: what its dependencies declare; None among them is "any staff member"."""

    method: str
    path: str
    permissions: tuple[Any, ...]
    parameters: tuple[str, ...]
    query: tuple[str, ...]
    body: Any

    def __str__(self) -> str:
        return f"{self.method} {self.path}"

    def address(self, region: str) -> str:
        return self.path.format_map({name: PARAMETERS[name](region) for name in self.parameters})

    def query_of(self, region: str) -> dict[str, Any]:
        """Only what names a place or thing; the rest has defaults."""
        return {name: PARAMETERS[name](region) for name in self.query if name in PARAMETERS and name != "code"}

    def options(self, region: str) -> dict[str, Any]:
        """`json=`, `data=` and `files=` of a request that should pass validation."""
        fields = list(self.body)
        kinds = {type(field.field_info).__name__ for field in fields}
        if not fields:
            return {}
        if kinds == {"Body"}:
            if len(fields) == 1:
                return {"json": example(fields[0].field_info.annotation, fields[0].name, region)}
            return {"json": {field.name: example(field.field_info.annotation, field.name, region) for field in fields}}
        given: dict[str, Any] = {"data": {}}
        for field in fields:
            if type(field.field_info).__name__ == "File":
                given.setdefault("files", {})[field.name] = ("x.bin", b"x")
            else:
                value = example(field.field_info.annotation, field.name, region)
                given["data"][field.name] = "" if value is None else value
        return given


def staff_routes(app: FastAPI) -> list[StaffRoute]:
    found = []
    for context in iter_route_contexts(app.routes):
        path = str(getattr(context, "path", ""))
        if not path.startswith(STAFF_PATHS):
            continue
        dependant = getattr(context, "dependant", None)
        for method in sorted(set(context.methods or ()) - {"HEAD"}):
            if dependant is None:
                found.append(StaffRoute(method, path, (), (), (), ()))
                continue
            calls = list(_calls(dependant))
            permissions = tuple(call.permission for call in calls if hasattr(call, "permission"))
            names = tuple(field.name for field in dependant.path_params)
            query = tuple(name for part in _parts(dependant) for name in (field.name for field in part.query_params))
            body = tuple(field for part in _parts(dependant) for field in part.body_params)
            found.append(StaffRoute(method, path, permissions, names, query, body))
    return found


def _parts(dependant: Any) -> Iterator[Any]:
    yield dependant
    for part in dependant.dependencies:
        yield from _parts(part)


def _calls(dependant: Any) -> Iterator[Any]:
    return (part.call for part in _parts(dependant) if part.call is not None)


def example(kind: Any, name: str, region: str) -> Any:
    """A value of that type; by its name where we know one."""
    origin, arguments = get_origin(kind), get_args(kind)
    if origin is Annotated:
        return example(arguments[0], name, region)
    singular = name.removesuffix("s")
    if origin in (list, tuple, set):
        return [example(arguments[0], singular, region)] if arguments else []
    if origin is dict:
        return {}
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return {
            field: _at_least(example(info.annotation, field, region), info.metadata)
            for field, info in kind.model_fields.items()
            if info.is_required() or field in PARAMETERS or field.removesuffix("s") in PARAMETERS
        }
    if origin is Literal:
        return arguments[0]
    if origin in (Union, UnionType):
        return example(next(part for part in arguments if part is not type(None)), name, region)
    if isinstance(kind, type) and hasattr(kind, "__members__"):
        return next(iter(kind)).value
    if name in PARAMETERS:
        return PARAMETERS[name](region)
    plain = {int: 1, float: 1.0, bool: True, str: "text"}
    return plain.get(kind, "2026-11-22T00:00:00Z")


def _at_least(value: Any, constraints: list[Any]) -> Any:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return max([value, *(least for least in (getattr(c, "ge", None) for c in constraints) if least is not None)])
    return value
