"""Expressions that SQLite and PostgreSQL spell differently."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, TypeVar

from sqlalchemy import Float
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

T = TypeVar("T")

AT_ONCE = 2000  # rows of one statement


class SecondsBetween(FunctionElement[float]):
    """`SecondsBetween(a, b)`: a - b in seconds."""

    name = "seconds_between"
    type = Float()
    inherit_cache = True


@compiles(SecondsBetween, "postgresql")
def _postgresql(element: Any, compiler: Any, **options: Any) -> str:
    first, second = (compiler.process(clause, **options) for clause in element.clauses)
    return f"extract(epoch from ({first} - {second}))"


@compiles(SecondsBetween, "sqlite")
def _sqlite(element: Any, compiler: Any, **options: Any) -> str:
    first, second = (compiler.process(clause, **options) for clause in element.clauses)
    return f"((julianday({first}) - julianday({second})) * 86400.0)"


async def insert_new(session: AsyncSession, table: Any, rows: list[dict[str, Any]]) -> None:
    """Insert; a row whose unique key is there already is left out."""
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    for some in pages(rows, AT_ONCE):
        await session.execute(insert(table).on_conflict_do_nothing(), some)


def pages(things: Iterable[T], size: int) -> Iterator[list[T]]:
    """Lists of at most `size`."""
    page: list[T] = []
    for thing in things:
        page.append(thing)
        if len(page) == size:
            yield page
            page = []
    if page:
        yield page
