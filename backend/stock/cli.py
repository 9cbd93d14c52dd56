"""`menkou stock …`: blanks put into a kiosk, and what is left of them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Annotated, TypeVar

import typer
from sqlalchemy.ext.asyncio import AsyncSession

from backend.command_line import actor, in_database

app = typer.Typer(help="Counted special paper in the kiosks.", no_args_is_help=True)

Result = TypeVar("Result")
KioskName = Annotated[str, typer.Argument(help="The kiosk's name, e.g. kiosk-0001.")]
Stock = Annotated[str, typer.Argument(help="Which paper, as the service's content names it, e.g. business-licence.")]
First = Annotated[str, typer.Argument(help="The number on the first sheet.")]
Last = Annotated[str, typer.Argument(help="The number on the last sheet.")]


@app.command()
def load(kiosk: KioskName, stock: Stock, first: First, last: Last) -> None:
    """Put blanks into a kiosk; they are taken in the order of their numbers."""
    from backend.stock import loading

    number = _do(lambda session: loading.load(session, actor(), kiosk, stock, first, last, datetime.now(UTC)))
    print(f"{number} blanks of {stock} put into {kiosk}")


@app.command()
def withdraw(kiosk: KioskName, stock: Stock, first: First, last: Last) -> None:
    """Take unused blanks out of a kiosk."""
    from backend.stock import loading

    number = _do(lambda session: loading.withdraw(session, actor(), kiosk, stock, first, last, datetime.now(UTC)))
    print(f"{number} blanks of {stock} taken out of {kiosk}")


@app.command()
def show(kiosk: KioskName) -> None:
    """What lies in a kiosk, by paper and state."""
    from sqlalchemy import func, select

    from backend.stock.models import StockBlank

    async def deed(session: AsyncSession) -> list[tuple[str, str, int, str, str]]:
        rows = await session.execute(
            select(
                StockBlank.stock,
                StockBlank.state,
                func.count(),
                func.min(StockBlank.serial),
                func.max(StockBlank.serial),
            )
            .where(StockBlank.kiosk_id == kiosk)
            .group_by(StockBlank.stock, StockBlank.state)
            .order_by(StockBlank.stock, StockBlank.state)
        )
        return [(stock, state, number, low, high) for stock, state, number, low, high in rows]

    for stock, state, number, low, high in _do(deed):
        print(f"{stock:24} {state:10} {number:6}  {low} … {high}")


def _do(deed: Callable[[AsyncSession], Awaitable[Result]]) -> Result:
    from backend.stock.loading import StockError

    try:
        return in_database(deed)
    except StockError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from None
