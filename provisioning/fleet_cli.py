"""`menkou fleet …`: the desk's own commands, and those that play kiosks."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

import typer

from backend.fleet.cli import app
from provisioning.simulator.plan import MISCHIEF

__all__ = ["app"]

_STATE = Path("var/simulator")


@app.command()
def codes(
    out: Annotated[Path, typer.Option(help="Write one menkou://enrol?… a line to this file (0600).")],
    kiosks: Annotated[int, typer.Option(help="At most for so many planned kiosks.", min=1)] = 100_000,
) -> None:
    """Make one-time enrolment codes for all kiosks that were never enrolled: on the desk's machine, in bulk."""
    from backend.fleet.settings import FleetSettings
    from backend.settings import BackendSettings
    from provisioning.simulator.codes import make_codes, write_tickets

    fleet = FleetSettings()
    tickets = asyncio.run(make_codes(BackendSettings(), fleet, kiosks))
    write_tickets(tickets, out)
    print(f"{len(tickets):,} codes in {out}, good for {fleet.code_minutes:g} minutes")


@app.command()
def simulate(
    desk: Annotated[str, typer.Option(help="Where kiosks come in, such as https://127.0.0.1:8143.")],
    kiosks: Annotated[int, typer.Option(help="How many.", min=1, max=200_000)] = 100,
    interval: Annotated[float, typer.Option(help="Seconds between two heartbeats of a kiosk.", min=0.1)] = 60.0,
    rate: Annotated[float, typer.Option(help="Heartbeats a second of all together, instead of an interval.")] = 0.0,
    duration: Annotated[float, typer.Option(help="Seconds.", min=1)] = 60.0,
    arrive: Annotated[float | None, typer.Option(help="The first heartbeats are spread over so many seconds.")] = None,
    honour: Annotated[bool, typer.Option(help="Come when the desk says, not at the interval.")] = False,
    closed: Annotated[bool, typer.Option("--closed", help="Each kiosk as fast as it is answered.")] = False,
    codes: Annotated[Path | None, typer.Option(help="The file of `menkou fleet codes`.")] = None,
    state: Annotated[Path, typer.Option(help="Where keys, certificates and the book are kept.")] = _STATE,
    changes: Annotated[float, typer.Option(help="Share of the heartbeats that tell a change.", min=0, max=1)] = 0.01,
    mischief: Annotated[str, typer.Option(help=f"Shares that misbehave, as replay=1%: {', '.join(MISCHIEF)}.")] = "",
    broken: Annotated[str, typer.Option(help="Share that fails every rollout, such as 3%.")] = "",
    in_window: Annotated[bool, typer.Option("--in-window", help="Switch to a release only in its window.")] = False,
    processes: Annotated[int, typer.Option(help="Of the simulator; 0: as many as needed.", min=0, max=64)] = 0,
    seed: Annotated[int, typer.Option(help="The same seed, the same kiosks misbehave.")] = 1,
) -> None:
    """Play a fleet against a desk, with real enrolment and TLS, and keep a book of what was acknowledged."""
    from provisioning.simulator.plan import Plan, parse_shares
    from provisioning.simulator.run import simulate as run

    url = urlsplit(desk)
    if url.scheme not in ("https", "http") or not url.hostname:
        raise typer.BadParameter("the desk is an address such as https://127.0.0.1:8143", param_hint="--desk")
    try:
        shares = parse_shares(mischief) | (parse_shares(f"broken={broken}") if broken else {})
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--mischief") from None
    every = kiosks / rate if rate > 0 else interval
    plan = Plan(
        host=url.hostname,
        port=url.port or 443,
        address="",
        tls=url.scheme == "https",
        state=str(state),
        book=str(state / "book"),
        loop="closed" if closed else "open",
        interval_s=every,
        honour=honour,
        arrive_s=every if arrive is None else arrive,
        changes=changes,
        mischief=shares,
        hasty=not in_window,
        seed=seed,
    )
    raise typer.Exit(asyncio.run(run(plan, kiosks, duration, codes, processes)))


@app.command()
def compare(
    book: Annotated[Path, typer.Option(help="The simulator's book: a folder or one file.")] = _STATE / "book",
) -> None:
    """Is everything that the desk acknowledged in its database? Run beside the database; exits with 1 if not."""
    from backend.settings import BackendSettings
    from provisioning.simulator.book import read_book
    from provisioning.simulator.compare import compare_with

    try:
        kept = read_book(book)
    except FileNotFoundError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from None
    verdict = asyncio.run(compare_with(kept, BackendSettings().effective_database_url))
    print(verdict.text())
    raise typer.Exit(0 if verdict.good else 1)
