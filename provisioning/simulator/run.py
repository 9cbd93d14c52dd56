"""`menkou fleet simulate`: one run from the command line, with a line every few seconds and a table at the end."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
import sys
from pathlib import Path

import msgspec

from backend.contract.enrolment import Ticket
from provisioning.simulator.enrolment import fetch_authority, read_tickets
from provisioning.simulator.identities import Identities
from provisioning.simulator.plan import Plan
from provisioning.simulator.simulation import Simulation, SimulatorFailed
from provisioning.simulator.wire import Target, WireError

_SAY_EVERY_S = 5.0


async def simulate(plan: Plan, kiosks: int, duration_s: float, codes: Path | None, processes: int) -> int:
    """The exit code: 0; 1 if the desk did what it must not; 2 if it could not be tried."""
    try:
        plan = msgspec.structs.replace(plan, address=plan.address or await _address(plan))
        tickets = await prepare(plan, codes)
    except (OSError, ValueError, WireError) as error:
        return _say(str(error))
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    simulation = Simulation(plan, kiosks=kiosks, processes=processes)
    try:
        async with simulation:
            if tickets:
                _say(f"{await simulation.enrol(tickets[:kiosks]):,} kiosks enrolled")
            there = await simulation.load()
            if there == 0:
                return _say("no kiosk has a certificate: give --codes, the file of `menkou fleet codes`")
            if there < kiosks:
                _say(f"only {there:,} kiosks have a certificate")
            await simulation.start()
            await _watch(simulation, duration_s, stop)
    except SimulatorFailed as error:
        return _say(str(error))
    sys.stdout.write(simulation.figures.table() + "\n")
    return 1 if simulation.figures.with_prefix("wrong:") or simulation.figures.with_prefix("bug:") else 0


async def prepare(plan: Plan, codes: Path | None) -> list[Ticket]:
    """Tickets of those who are not enrolled yet; the desk's authority is fetched and kept. Raises ValueError,
    OSError, WireError."""
    tickets = read_tickets(codes) if codes else []
    identities = Identities(Path(plan.state))
    try:
        if tickets and plan.tls:
            target = Target(plan.host, plan.port, plan.address, plan.tls)
            identities.ca_pem = await fetch_authority(target, tickets[0].pin)
        known = set(identities.known())
    finally:
        identities.close()
    return [ticket for ticket in tickets if ticket.kiosk_id not in known]


async def _watch(simulation: Simulation, duration_s: float, stop: asyncio.Event) -> None:
    loop = asyncio.get_running_loop()
    until = loop.time() + duration_s
    before = 0
    while not stop.is_set() and (left := until - loop.time()) > 0:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), min(_SAY_EVERY_S, left))
        now = simulation.figures.counts["acknowledged"]
        beats = simulation.figures.latency("heartbeat")
        _say(
            f"{simulation.open:,} connected, {now:,} acknowledged ({(now - before) / _SAY_EVERY_S:,.0f}/s), "
            f"p50 {beats.at(0.5) * 1e3:.0f} ms, p99 {beats.at(0.99) * 1e3:.0f} ms"
        )
        before = now


async def _address(plan: Plan) -> str:
    found = await asyncio.get_running_loop().getaddrinfo(
        plan.host, plan.port, family=socket.AF_INET, type=socket.SOCK_STREAM
    )
    return str(found[0][4][0])


def _say(text: str) -> int:
    sys.stderr.write(text + "\n")
    return 2
