"""`menkou bench`: prints the figures and writes them to build/bench/NAME.json."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer

app = typer.Typer(add_completion=False)


@app.command()
def bench(
    journeys: Annotated[int, typer.Option(min=1, help="How often each journey is walked.")] = 3,
) -> None:
    """Measure what a resident waits for, on the whole house with simulated hardware."""
    from provisioning.bench.walk import bench_walk

    figures = asyncio.run(bench_walk(journeys))
    typer.echo(figures.table())
    typer.echo(f"\n{figures.write()}")
