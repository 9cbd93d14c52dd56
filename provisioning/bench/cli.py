"""`menkou bench`: prints the figures and writes them to build/bench/NAME.json."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer

app = typer.Typer(add_completion=False)


@app.command()
def bench(
    journeys: Annotated[int, typer.Option(min=1, help="How often each journey is walked.")] = 3,
    drivers: Annotated[bool, typer.Option("--drivers", help="The drivers' own time instead of the journeys.")] = False,
) -> None:
    """Measure what a resident waits for, on the whole house with simulated hardware."""
    import logging

    import structlog

    from provisioning.bench.drivers import bench_drivers, verdicts
    from provisioning.bench.walk import bench_walk

    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))

    figures = asyncio.run(bench_drivers() if drivers else bench_walk(journeys))
    typer.echo(figures.table())
    typer.echo(f"\n{figures.write()}")
    if drivers and (missed := verdicts(figures)):
        typer.echo("over budget: " + "; ".join(missed), err=True)
        raise typer.Exit(1)
