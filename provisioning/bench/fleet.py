"""`make bench-fleet`: the desk under a province's load, and the table of what it must hold.

Everything runs on this machine: PostgreSQL (durable), the desk and the simulator share its processors, which is part
of the budget. Ctrl-C ends it and removes what it made.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sys
from collections.abc import Awaitable
from typing import Annotated

import typer

from provisioning.bench.fleet_house import House, Shape
from provisioning.bench.fleet_load import (
    FLEET,
    Costs,
    Wanted,
    closed_loop,
    compared,
    enrol,
    memory,
    plan_for,
    steady,
    storm,
)
from provisioning.bench.fleet_people import alert, console, sink
from provisioning.bench.fleet_report import Report
from provisioning.process import ChildFailed
from provisioning.simulator.simulation import Simulation, SimulatorFailed

app = typer.Typer(add_completion=False)

PARTS = ("steady", "memory", "console", "alert", "storm", "closed")


@app.command()
def bench(
    quick: Annotated[bool, typer.Option("--quick", help="2,000 kiosks for half a minute.")] = False,
    kiosks: Annotated[int, typer.Option(help="How many.", min=10, max=FLEET)] = FLEET,
    minutes: Annotated[float, typer.Option(help="Of the steady load.", min=0.1)] = 10.0,
    interval: Annotated[float, typer.Option(help="Seconds between a kiosk's heartbeats.", min=1)] = 60.0,
    shape: Annotated[str, typer.Option(help="embedded (up to 18,000 kiosks) or nginx.")] = "nginx",
    enrolled: Annotated[int, typer.Option("--enrol", help="So many over the wire; the rest beside it.", min=1)] = 1000,
    parts: Annotated[str, typer.Option(help="Which, by comma.")] = ",".join(PARTS),
) -> None:
    """Measure the fleet's desk; figures also in build/bench/fleet.json. Exits with 1 if a budget is missed."""
    if shape not in ("embedded", "nginx"):
        raise typer.BadParameter("embedded or nginx", param_hint="--shape")
    wanted = Wanted(kiosks, minutes * 60, interval, enrol=enrolled)
    if quick:
        wanted = Wanted(min(kiosks, 2000), 30, min(interval, 10), closed_s=8, arrive_s=15, enrol=min(enrolled, 200))
    if shape == "embedded" and wanted.kiosks > 18_000:
        raise typer.BadParameter("one process holds 18,000 connections at most here; use --shape nginx")
    chosen = tuple(part for part in parts.split(",") if part)
    if unknown := set(chosen) - set(PARTS):
        raise typer.BadParameter(f"there is no part {', '.join(sorted(unknown))}", param_hint="--parts")
    try:
        report = asyncio.run(_interruptible(_bench(wanted, shape, chosen)))  # type: ignore[arg-type]
    except (asyncio.CancelledError, KeyboardInterrupt):
        print("interrupted; everything is stopped", file=sys.stderr)
        raise typer.Exit(130) from None
    except (ChildFailed, SimulatorFailed, RuntimeError, OSError) as error:
        print(f"{error}\nlogs are in build/bench/fleet-logs", file=sys.stderr)
        raise typer.Exit(2) from None
    print(report.table())
    print(f"\n{report.write()}")
    raise typer.Exit(1 if report.missed else 0)


async def _interruptible(work: Awaitable[Report]) -> Report:
    task = asyncio.ensure_future(work)
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, task.cancel)
    return await task


async def _bench(wanted: Wanted, shape: Shape, parts: tuple[str, ...]) -> Report:
    doors = "one process, its own TLS" if shape == "embedded" else "nginx as shipped, 2 API processes, one worker"
    report = Report(f"{wanted.kiosks:,} kiosks; {doors}; PostgreSQL with fsync; simulator on the same machine")
    async with sink() as to, House(shape, wanted.kiosks, environment=to.environment()) as house:
        # The whole province is entered, however many of its kiosks come: pages and statements meet all rows.
        say(f"{await house.seed(1.0):,} kiosks entered")
        await house.open()
        say("enrolling")
        await enrol(house, wanted, report)
        last(report)
        if "closed" in parts:
            say("closed loop")
            await closed_loop(house, wanted, report)
            last(report, 2)
        log = house.folder / "simulator.log"
        async with Simulation(plan_for(house, wanted), kiosks=wanted.kiosks, log=log) as simulation:
            await simulation.load()
            idle = Costs.now(house)  # everything has been used once, nobody is connected
            if "steady" in parts:
                say(f"steady load, {wanted.steady_s:.0f} s")
                await steady(house, simulation, wanted, report)
                last(report, 4)
            else:
                await simulation.start()
                await asyncio.sleep(wanted.interval_s + 5)
            if "memory" in parts:
                memory(house, simulation, idle, report)
                last(report)
            kiosk_id = "K-990101001001"
            if "console" in parts:
                say("console")
                await console(house, kiosk_id, f"while {wanted.rate:.0f} heartbeats/s come in", report)
            if "alert" in parts:
                say("a kiosk falls silent")
                await alert(simulation, to, kiosk_id, report)
            if "storm" in parts:
                say("the power fails and comes back")
                await storm(simulation, wanted, report)
                last(report, 2)
        await compared(house, report)
        with contextlib.suppress(OSError):
            report.values["logs"] = {path.name: path.stat().st_size for path in house.folder.glob("*.log")}
    return report


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def last(report: Report, count: int = 1) -> None:
    for row in report.rows[-count:]:
        say(f"  {row.what}: {row.measured}  {row.note}")


if __name__ == "__main__":
    app()
