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
    import logging

    import structlog

    from provisioning.bench.walk import bench_walk

    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))

    figures = asyncio.run(bench_walk(journeys))
    typer.echo(figures.table())
    typer.echo(f"\n{figures.write()}")
