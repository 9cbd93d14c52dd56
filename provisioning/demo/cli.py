"""`menkou demo`: exit code 0 only if everything was checked."""

from __future__ import annotations

import asyncio
import json
import shutil
import tempfile
import time
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import httpx
import typer

from drivers.virtual.cabinet.client import CabinetClient, CabinetRefusedError
from provisioning.demo.checks import (
    CheckFailed,
    check_books,
    check_no_personal_data,
    check_signature,
    check_signature_offline,
    check_slip,
    fetch_certificate,
    journal_of,
    lend_signing_ca,
    require,
)
from provisioning.demo.faults import FAULTS, run_fault
from provisioning.demo.robot import NotSeen, Robot, Timeline
from provisioning.demo.visit import Visit
from provisioning.ports import Ports
from provisioning.process import ChildFailed
from provisioning.stack import Stack

app = typer.Typer(add_completion=False)


EXPECTED = (CheckFailed, NotSeen, ChildFailed, CabinetRefusedError, TimeoutError, httpx.HTTPError)


@app.command()
def demo(
    out: Annotated[Path, typer.Option(help="Folder for what the walk leaves; emptied first.")] = Path("build/demo"),
    fault: Annotated[str | None, typer.Option(help='Walk this fault instead of both journeys; "all": each.')] = None,
    faults: Annotated[bool, typer.Option("--faults", help="List the faults.")] = False,
    speed: Annotated[float, typer.Option(help="How fast the simulated mechanics move.")] = 1.0,
) -> None:
    """Walk both journeys by touches on the real screen against the virtual cabinet, headless, and check them."""
    if faults:
        for name, entry in FAULTS.items():
            typer.echo(f"{name:24}{entry.help}")
        return
    if fault is not None and fault not in (*FAULTS, "all"):
        typer.echo(f"unknown fault {fault!r}; `menkou demo --faults` lists them", err=True)
        raise typer.Exit(2)
    names = list(FAULTS) if fault == "all" else [fault]
    failed = [name for name in names if not _try(out / str(name) if fault == "all" else out, name, speed)]
    if failed:
        if fault == "all":
            typer.echo(f"{len(failed)} of {len(names)} failed: {', '.join(map(str, failed))}", err=True)
        raise typer.Exit(1)


def _try(out: Path, fault: str | None, speed: float) -> bool:
    if out.exists():
        shutil.rmtree(out)
    (out / "screenshots").mkdir(parents=True)
    try:
        asyncio.run(_demo(out, fault, speed))
    except EXPECTED as error:
        typer.echo(f"FAILED: {fault or 'both journeys'}: {error}", err=True)
        return False
    return True


async def _demo(out: Path, fault: str | None, speed: float) -> None:
    timeline = Timeline()
    # A unix socket's path is short: the stack works in a temporary folder; its logs are kept beside the results.
    with tempfile.TemporaryDirectory(prefix="menkou-demo-") as folder:
        environment = dict(FAULTS[fault].environment) if fault else {}
        stack = Stack(
            Path(folder), ports=Ports.free(), headless=True, speed=speed, environment=environment, keep_alive=False
        )
        lend_signing_ca(stack.backend_dir)
        since = time.monotonic()
        try:
            async with stack:
                timeline.note("everything started", since)
                await _walk(stack, out, fault, timeline)
        finally:
            if stack.log_dir.exists():
                shutil.copytree(stack.log_dir, out / "log", dirs_exist_ok=True)
            (out / "timeline.json").write_text(
                json.dumps([asdict(moment) for moment in timeline.moments], ensure_ascii=False, indent=1), "utf-8"
            )
    seconds = time.monotonic() - timeline.started
    typer.echo(f"ok: {fault or 'both journeys'} in {seconds:.1f} s, in {out}")


async def _walk(stack: Stack, out: Path, fault: str | None, timeline: Timeline) -> None:
    require(stack.display is not None, "the stack has no display")
    robot = Robot(stack.inspect_socket, str(stack.display), (out / "screenshots").resolve(), timeline)
    with CabinetClient(stack.cabinet_url) as cabinet:
        visit = Visit(stack, robot, cabinet, out, timeline)
        if fault is not None:
            try:
                await run_fault(visit, fault)
            except NotSeen:
                await robot.screenshot("unexpected")
                raise
            await _keep_paper(visit)
        else:
            await _both_journeys(visit)
        files = check_no_personal_data(visit)
        typer.echo(f"  no personal data in {files} files")


async def _both_journeys(visit: Visit) -> None:
    try:
        since = time.monotonic()
        await visit.certificate()
        visit.timeline.note("journey: proof of social insurance", since)
        since = time.monotonic()
        await visit.water()
        visit.timeline.note("journey: water bill", since)
    except NotSeen:
        await visit.robot.screenshot("unexpected")
        raise

    await _keep_paper(visit)
    certificate, spool, slip = (visit.out / name for name in ("certificate.pdf", "spool.pdf", "receipt.bin"))
    require(certificate.exists() and spool.exists() and slip.exists(), "paper is missing")
    require(spool.read_bytes() == certificate.read_bytes(), "what was printed is not the certificate")
    await check_signature(visit, certificate)
    check_signature_offline(certificate)
    typer.echo("  certificate valid (page, `menkou verify`, pdfsig), altered copy refused, spool equals certificate")
    check_slip(slip.read_bytes())
    check_books(visit)
    for kind in ("certificate", "payment"):
        outcomes = [row.outcome for row in journal_of(visit, kind)]
        require(outcomes == ["done"], f"the journal's {kind} ended as {outcomes}")
    typer.echo("  receipt shows the amount, ledger and journal agree")


async def _keep_paper(visit: Visit) -> None:
    """What came out of the printers, and the certificate as the backend has it, into the results' folder."""
    sheets = [sheet for sheet in await visit.hand(visit.cabinet.sheets) if sheet["state"] == "printed"]
    require(len(sheets) <= 1, f"{len(sheets)} sheets came out of the A4 printer")
    if sheets:
        (visit.out / "spool.pdf").write_bytes(await visit.hand(visit.cabinet.sheet_pdf, sheets[0]["id"]))
        (visit.out / "certificate.pdf").write_bytes(await fetch_certificate(visit))
    if (await visit.hand(visit.cabinet.state))["receipt_printer"]["slips"]:
        (visit.out / "receipt.bin").write_bytes(await visit.hand(visit.cabinet.slip_bytes))
        (visit.out / "receipt.png").write_bytes(await visit.hand(visit.cabinet.slip_png))
