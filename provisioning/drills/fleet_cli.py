"""`make drill-fleet`: kill -9 under load. PostgreSQL, API processes and the worker die at random moments while kiosks
send heartbeats and staff give commands; at the end the simulator's book is compared with the database.

Exit code 1 if anything that was acknowledged is missing, or a command ran twice.
"""

from __future__ import annotations

import asyncio
import random
import signal
import sys
import time
from typing import Annotated

import typer

from provisioning.bench.fleet_house import House
from provisioning.bench.fleet_load import Wanted, enrol, plan_for, until_back
from provisioning.bench.fleet_report import Report, ms
from provisioning.drills.fleet_kills import Kills, Staff, missing_commands
from provisioning.process import ChildFailed
from provisioning.simulator.book import read_book
from provisioning.simulator.compare import compare_with
from provisioning.simulator.simulation import Simulation, SimulatorFailed

app = typer.Typer(add_completion=False)

_CALM_S = 20.0  # at the end: everybody gets through


@app.command()
def drill(
    minutes: Annotated[float, typer.Option(help="Of killing.", min=0.2, max=120)] = 3.0,
    kiosks: Annotated[int, typer.Option(help="How many.", min=50, max=15_000)] = 1500,
    interval: Annotated[float, typer.Option(help="Seconds between a kiosk's heartbeats.", min=1)] = 5.0,
    seed: Annotated[int, typer.Option(help="Of the dice; 0: another one each time.")] = 0,
) -> None:
    """Kill and compare."""
    seed = seed or random.randrange(1, 1_000_000)  # noqa: S311 - no secret
    try:
        good = asyncio.run(_interruptible(minutes * 60, Wanted(kiosks, 0, interval, enrol=100), seed))
    except (asyncio.CancelledError, KeyboardInterrupt):
        _say("interrupted; everything is stopped")
        raise typer.Exit(130) from None
    except (ChildFailed, SimulatorFailed, RuntimeError, OSError, TimeoutError) as error:
        _say(f"{type(error).__name__}: {error}\nlogs are in build/bench/fleet-logs")
        raise typer.Exit(2) from None
    raise typer.Exit(0 if good else 1)


async def _interruptible(seconds: float, wanted: Wanted, seed: int) -> bool:
    task = asyncio.ensure_future(_drill(seconds, wanted, seed))
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, task.cancel)
    return await task


async def _drill(seconds: float, wanted: Wanted, seed: int) -> bool:
    dice = random.Random(seed)  # noqa: S311 - no secret
    _say(f"{wanted.kiosks:,} kiosks, {wanted.rate:,.0f} heartbeats/s, {seconds:.0f} s of kills, seed {seed}")
    async with House("nginx", wanted.kiosks) as house:
        await house.seed(min(1.0, wanted.kiosks / 57_705 * 1.05 + 0.002))
        await house.open()
        await enrol(house, wanted, Report("drill"))
        log = house.folder / "simulator.log"
        plan = plan_for(house, wanted)
        async with Simulation(plan, kiosks=wanted.kiosks, log=log) as simulation:
            await simulation.load()
            await simulation.change(changes=0.05)
            await simulation.start()
            await until_back(simulation, wanted.kiosks, 120)
            kills, staff = Kills(house, dice), Staff(house, random.Random(seed + 1))  # noqa: S311
            end = time.monotonic() + seconds
            kiosk_ids = await _names(house)
            await asyncio.gather(kills.until(end), staff.until(end, kiosk_ids))
            _say("no more kills; waiting until everybody is through")
            await asyncio.sleep(_CALM_S + wanted.interval_s)
            figures = simulation.figures
        verdict = await compare_with(read_book(house.simulator_dir / "book"), house.database_url)
        lost = await missing_commands(house, staff.given)
        house.keep_logs()
    beats = figures.latency("heartbeat")
    print(f"killed: {', '.join(f'{name} {count} times' for name, count in sorted(kills.done.items()))}")
    print(f"workers killed while holding a lease: {kills.with_lease}")
    for name, times in sorted(kills.away_s.items()):
        print(f"  {name} back after {min(times):.1f} to {max(times):.1f} s")
    print(f"heartbeats: p50 {ms(beats.at(0.5))}, p99 {ms(beats.at(0.99))}, worst {ms(beats.worst_s)}")
    print(f"commands given {len(staff.given):,}, of which missing {len(lost)}; refused to staff {dict(staff.faults)}")
    print(figures.table())
    print(verdict.text())
    bugs = figures.with_prefix("bug:")
    if bugs:
        print(f"the simulator itself failed: {bugs}")
    return verdict.good and not lost and not bugs


async def _names(house: House) -> list[str]:
    from provisioning.simulator.identities import Identities

    identities = Identities(house.simulator_dir)
    try:
        return identities.known()
    finally:
        identities.close()


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    app()
