"""The parts of the fleet's measurement that play kiosks: steady, closed loop, storm, memory."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from pathlib import Path

import msgspec

from provisioning.bench.fleet_house import House
from provisioning.bench.fleet_issue import issue
from provisioning.bench.fleet_report import Report, ms
from provisioning.bench.processes import Cost, cost, cpu_s
from provisioning.ports import HOST
from provisioning.simulator.book import Kept, read_book
from provisioning.simulator.compare import compare_with
from provisioning.simulator.enrolment import fetch_authority
from provisioning.simulator.figures import Figures
from provisioning.simulator.identities import Identities
from provisioning.simulator.plan import Plan
from provisioning.simulator.simulation import Simulation
from provisioning.simulator.wire import Target

FLEET = 57_705
_CLOSED_CONNECTIONS = 256
_SETTLE_S = 5.0
_NEW_PER_S = 200  # connections, before the steady load


@dataclass(frozen=True)
class Wanted:
    kiosks: int
    steady_s: float
    interval_s: float = 60.0
    closed_s: float = 15.0
    arrive_s: float = 120.0  # of the storm
    enrol: int = 1000  # over the wire

    @property
    def rate(self) -> float:
        return self.kiosks / self.interval_s


@dataclass
class Costs:
    server: Cost
    postgres: Cost
    simulator_s: float
    at: float

    @classmethod
    def now(cls, house: House, simulation: Simulation | None = None) -> Costs:
        return cls(
            cost(house.server_pids()),
            cost([house.postgres.pid()]),
            simulation.cpu_s if simulation else 0.0,
            time.monotonic(),
        )


def plan_for(house: House, wanted: Wanted) -> Plan:
    return Plan(
        host=HOST,
        port=house.kiosk_port,
        address=HOST,
        state=str(house.simulator_dir),
        book=str(house.simulator_dir / "book"),
        interval_s=wanted.interval_s,
        honour=False,  # the load is what was asked for, whatever pace the desk would like
        arrive_s=wanted.interval_s,
    )


async def enrol(house: House, wanted: Wanted, report: Report) -> None:
    """Real enrolment of `wanted.enrol` kiosks, the rest beside the database. Raises RuntimeError when somebody was
    not let in."""
    tickets = await house.codes(min(wanted.enrol, wanted.kiosks))
    identities = Identities(house.simulator_dir)
    identities.ca_pem = await fetch_authority(Target(HOST, house.kiosk_port, HOST), tickets[0].pin)
    identities.close()
    async with Simulation(plan_for(house, wanted), kiosks=wanted.kiosks, log=house.folder / "simulator.log") as all_:
        began, before = time.monotonic(), cpu_s(house.server_pids())
        enrolled = await all_.enrol(tickets)
        took = time.monotonic() - began
        used = (cpu_s(house.server_pids()) - before) / max(1, enrolled)
        figures = all_.figures
    if enrolled != len(tickets):
        raise RuntimeError(f"{len(tickets) - enrolled:,} of {len(tickets):,} were not enrolled: {figures.counts}")
    latency = figures.latency("enrol")
    measured = f"{enrolled:,} in {took:.0f} s ({enrolled / took:.0f}/s), p95 {ms(latency.at(0.95))}"
    issued = await issue(house, wanted.kiosks - enrolled)
    if enrolled + issued != wanted.kiosks:
        raise RuntimeError(f"only {enrolled + issued:,} kiosks were entered")
    report.add("enrolment, code → certificate", measured, note=f"{used * 1e3:.1f} ms of the server's processor each")


async def steady(house: House, simulation: Simulation, wanted: Wanted, report: Report) -> None:
    """All kiosks connected, each at its own time."""
    # The simulator's own handshakes cost more than the desk's: faster than this it would measure itself.
    arrive_s = max(wanted.interval_s, simulation.kiosks / _NEW_PER_S)
    await simulation.change(arrive_s=arrive_s)
    await simulation.start()
    await until_back(simulation, simulation.kiosks, 2 * arrive_s + 180)
    await asyncio.sleep(_SETTLE_S)
    simulation.figures = Figures()
    before = Costs.now(house, simulation)
    await asyncio.sleep(wanted.steady_s)
    after, figures = Costs.now(house, simulation), simulation.figures
    wall = after.at - before.at
    beats = figures.latency("heartbeat")
    server, postgres = (
        (after.server.cpu_s - before.server.cpu_s) / wall,
        (after.postgres.cpu_s - before.postgres.cpu_s) / wall,
    )
    full = wanted.kiosks >= FLEET and wanted.steady_s >= 600
    what = f"{simulation.kiosks:,} kiosks, one heartbeat each {wanted.interval_s:g} s, {wanted.steady_s:.0f} s"
    bad = {**figures.with_prefix("wrong"), **figures.with_prefix("broken"), **figures.with_prefix("bug")}
    bad |= figures.with_prefix("refused") | figures.with_prefix("later") | figures.with_prefix("gone")
    report.add(
        f"{what}: rate",
        f"{beats.count / wall:,.0f}/s",
        f"{wanted.rate:,.0f}/s",
        beats.count / wall > 0.98 * wanted.rate,
    )
    report.add("… refused, broken, lost", str(sum(bad.values())), "0", not bad, ", ".join(bad))
    note = "" if full else "shorter or smaller than the budget's"
    measured = f"p50 {ms(beats.at(0.5))}, p95 {ms(beats.at(0.95))}, p99 {ms(beats.at(0.99))}"
    report.add("… latency from when it was due", measured, "p99 ≤ 250 ms", beats.at(0.99) <= 0.25, note)
    # A smaller fleet says nothing: the desk's background work is the same for every size.
    like_the_budget = beats.count / wall > 900
    report.add(
        "… server + PostgreSQL, cores",
        f"{server + postgres:.2f} ({server:.2f} + {postgres:.2f})",
        "≤ 0.5 at 962/s",
        server + postgres <= 0.5 if like_the_budget else None,
        f"{(server + postgres) / max(1, beats.count) * wall * 1e6:.0f} µs each; simulator "
        f"{(after.simulator_s - before.simulator_s) / wall:.2f}",
    )
    report.values["steady"] = {
        "per_s": beats.count / wall,
        "p99_s": beats.at(0.99),
        "server_cores": server,
        "postgres_cores": postgres,
        "counts": dict(figures.counts),
    }


def memory(house: House, simulation: Simulation, idle: Costs, report: Report) -> None:
    """With all connections held, after the steady load."""
    held = Costs.now(house, simulation)
    mib = 1 << 20
    grown = (held.server.memory - idle.server.memory) / max(1, simulation.open)
    whole = idle.server.memory + grown * FLEET
    extrapolated = "" if simulation.open >= FLEET else " (extrapolated)"
    report.add(
        f"memory of {simulation.open:,} held connections",
        f"{grown * simulation.open / mib:,.0f} MiB ({grown / 1024:.1f} KiB each)",
        "≤ 1536 MiB for 57,705",
        grown * FLEET <= 1536 * mib,
        f"for 57,705: {grown * FLEET / mib:,.0f} MiB{extrapolated}; most open files of one process "
        f"{held.server.open_files:,}",
    )
    report.add(
        "… with all processes of the desk and nginx",
        f"{held.server.memory / mib:,.0f} MiB",
        "–",
        None,
        f"for 57,705: {whole / mib:,.0f} MiB{extrapolated}; before they came {idle.server.memory / mib:,.0f}; "
        f"PostgreSQL besides {held.postgres.memory / mib:,.0f}",
    )
    report.values["memory"] = {"server": held.server.memory, "idle": idle.server.memory, "open": simulation.open}


async def storm(simulation: Simulation, wanted: Wanted, report: Report) -> None:
    """The power fails in the whole province, and comes back."""
    await simulation.cut()
    await asyncio.sleep(3)
    await simulation.change(arrive_s=wanted.arrive_s)
    simulation.figures = Figures()
    began = time.monotonic()
    await simulation.start()
    limit = max(300.0, 2.5 * wanted.arrive_s)
    took: float | None = None
    try:
        await until_back(simulation, simulation.kiosks, limit + 60)
        took = time.monotonic() - began
    except TimeoutError:
        pass
    figures = simulation.figures
    fives = sum(figures.with_prefix("later:5").values()) + sum(figures.with_prefix("wrong:status 5").values())
    what = f"power back in {wanted.arrive_s:g} s, {simulation.kiosks:,} kiosks: all heard"
    measured = f"after {took:.0f} s" if took else f"{simulation.back:,} after {limit:.0f} s"
    connects = figures.latency("connect")
    note = f"first connection p50 {ms(connects.at(0.5))}, p99 {ms(connects.at(0.99))}"
    report.add(what, measured, "within 5 min", took is not None and took <= 300, note)
    broken = figures.with_prefix("broken")
    report.add("… answers with 5xx", str(fives), "0", fives == 0, f"connections that broke: {sum(broken.values())}")
    report.values["storm"] = {"s": took, "counts": dict(figures.counts)}
    await simulation.change(arrive_s=wanted.interval_s)


async def closed_loop(house: House, wanted: Wanted, report: Report) -> None:
    """As fast as it answers: the desk, and an app that does nothing behind the same door."""
    rates = {}
    await house.open_noop()
    try:
        for name, port in (("no-op", house.noop_port), ("desk", house.kiosk_port)):
            rates[name] = await _closed(house, wanted, port, name)
    finally:
        await house.close_noop()
    (noop, _), (desk, note) = rates["no-op"], rates["desk"]
    ratio = desk / noop if noop else 0.0
    report.add("heartbeats, closed loop, durable", f"{desk:,.0f}/s", "≥ 3,000/s", desk >= 3000, note)
    report.add("… ÷ no-op raw ASGI, same door, same run", f"{ratio:.2f}", "≥ 0.5", ratio >= 0.5, f"no-op {noop:,.0f}/s")
    report.values["closed"] = {"desk_per_s": desk, "noop_per_s": noop}


async def _closed(house: House, wanted: Wanted, port: int, name: str) -> tuple[float, str]:
    book = str(house.simulator_dir / "book") if name == "desk" else ""
    plan = msgspec.structs.replace(plan_for(house, wanted), port=port, loop="closed", book=book, arrive_s=1.0)
    count = min(_CLOSED_CONNECTIONS, wanted.kiosks)
    async with Simulation(plan, kiosks=count, log=house.folder / "simulator.log") as simulation:
        await simulation.load()
        await simulation.start()
        await until_back(simulation, count, 60)
        await asyncio.sleep(2)
        simulation.figures = Figures()
        before = Costs.now(house, simulation)
        await asyncio.sleep(wanted.closed_s)
        figures, after = simulation.figures, Costs.now(house, simulation)
    wall = after.at - before.at
    beats = figures.latency("heartbeat")
    used = (after.server.cpu_s - before.server.cpu_s, after.postgres.cpu_s - before.postgres.cpu_s)
    server, postgres = (seconds / max(1, beats.count) * 1e6 for seconds in used)
    each = f"{server:.0f} + {postgres:.0f} µs of server + PostgreSQL"
    note = f"{count} connections, p50 {ms(beats.at(0.5))}, p99 {ms(beats.at(0.99))}; {each}"
    return beats.count / wall, note


async def compared(house: House, report: Report) -> None:
    kept: Kept = read_book(Path(house.simulator_dir / "book"))
    verdict = await compare_with(kept, house.database_url)
    lost = {what: len(cases) for what, cases in verdict.losses.items()}
    report.add("acknowledged and not in the database", str(sum(lost.values())), "0", verdict.good, str(lost or ""))
    report.values["compare"] = {"looked_at": verdict.looked_at, "lost": lost}


async def until_back(simulation: Simulation, count: int, within_s: float) -> None:
    """Until so many kiosks were answered. Raises TimeoutError."""
    until = time.monotonic() + within_s
    while simulation.back < count:
        if time.monotonic() > until:
            raise TimeoutError(f"only {simulation.back:,} of {count:,} kiosks were answered within {within_s:.0f} s")
        await asyncio.sleep(0.5)
