"""`menkou demo`: exit code 0 only if everything was checked."""

from __future__ import annotations

import asyncio
import json
import shutil
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

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
from provisioning.demo.services.open_hours import pack_without_hours
from provisioning.demo.services.plans import BY_NAME, Plan, chosen
from provisioning.demo.services.walks import Walks
from provisioning.demo.visit import Visit
from provisioning.ports import Ports
from provisioning.process import ChildFailed
from provisioning.stack import Stack

app = typer.Typer(add_completion=False)

CONTENT = Path("build/content")

EXPECTED = (CheckFailed, NotSeen, ChildFailed, CabinetRefusedError, TimeoutError, httpx.HTTPError)


@app.command()
def demo(
    out: Annotated[Path, typer.Option(help="Folder for what the walk leaves; emptied first.")] = Path("build/demo"),
    fault: Annotated[str | None, typer.Option(help='Walk this fault instead of both journeys; "all": each.')] = None,
    faults: Annotated[bool, typer.Option("--faults", help="List the faults.")] = False,
    services: Annotated[bool, typer.Option("--services", help="Walk a service of every kind instead.")] = False,
    walk: Annotated[list[str] | None, typer.Option(help="With --services: only these walks (they are named).")] = None,
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
    if unknown := [name for name in walk or [] if name not in BY_NAME]:
        typer.echo(f"unknown walk {unknown[0]!r}; there are {', '.join(BY_NAME)}", err=True)
        raise typer.Exit(2)
    if services or walk:
        if not _try(out, f"services {' '.join(walk or [])}".strip(), lambda: _services(out, chosen(walk or ()), speed)):
            raise typer.Exit(1)
        return
    names = list(FAULTS) if fault == "all" else [fault]

    def try_fault(name: str | None) -> bool:
        folder = out / str(name) if fault == "all" else out
        return _try(folder, name or "both journeys", lambda: _demo(folder, name, speed))

    failed = [name for name in names if not try_fault(name)]
    if failed:
        if fault == "all":
            typer.echo(f"{len(failed)} of {len(names)} failed: {', '.join(map(str, failed))}", err=True)
        raise typer.Exit(1)


def _try(out: Path, what: str, walk: Callable[[], Coroutine[Any, Any, None]]) -> bool:
    if out.exists():
        shutil.rmtree(out)
    (out / "screenshots").mkdir(parents=True)
    try:
        asyncio.run(walk())
    except EXPECTED as error:
        typer.echo(f"FAILED: {what}: {error}", err=True)
        return False
    return True


async def _demo(out: Path, fault: str | None, speed: float) -> None:
    timeline = Timeline()
    environment = dict(FAULTS[fault].environment) if fault else {}
    async with _house(out, timeline, speed, environment=environment) as stack:
        await _walk(stack, out, fault, timeline)
    seconds = time.monotonic() - timeline.started
    typer.echo(f"ok: {fault or 'both journeys'} in {seconds:.1f} s, in {out}")


async def _services(out: Path, plans: Sequence[Plan], speed: float) -> None:
    timeline = Timeline()
    with tempfile.TemporaryDirectory(prefix="menkou-pack-") as folder:
        pack = await asyncio.to_thread(pack_without_hours, Path(folder))
        typer.echo("  the catalogue of these walks has no hours of service: they pass on Sundays and at night too")
        async with _house(out, timeline, speed, content_dir=pack) as stack:
            require(stack.display is not None, "the stack has no display")
            with CabinetClient(stack.cabinet_url) as cabinet:
                walks = Walks(stack, cabinet, out, timeline)
                for plan in plans:
                    since = time.monotonic()
                    screens = await walks.walk(plan)
                    typer.echo(f"  {plan.name:18}{plan.service:36}{screens:3} screens{time.monotonic() - since:7.1f} s")
                visit = Visit(stack, walks.robot(out), cabinet, out, timeline)
                check_books(visit)
                typer.echo(f"  ledger and journal agree; no personal data in {check_no_personal_data(visit)} files")
    typer.echo(f"ok: {len(plans)} services in {time.monotonic() - timeline.started:.1f} s, in {out}")


@asynccontextmanager
async def _house(
    out: Path,
    timeline: Timeline,
    speed: float,
    *,
    environment: Mapping[str, str] | None = None,
    content_dir: Path = CONTENT,
) -> AsyncIterator[Stack]:
    # A unix socket's path is short: the stack works in a temporary folder; its logs are kept beside the results.
    with tempfile.TemporaryDirectory(prefix="menkou-demo-") as folder:
        stack = Stack(
            Path(folder),
            ports=Ports.free(),
            headless=True,
            speed=speed,
            content_dir=content_dir,
            environment=environment or {},
            keep_alive=False,
        )
        lend_signing_ca(stack.backend_dir)
        since = time.monotonic()
        try:
            async with stack:
                timeline.note("everything started", since)
                yield stack
        finally:
            if stack.log_dir.exists():
                shutil.copytree(stack.log_dir, out / "log", dirs_exist_ok=True)
            (out / "timeline.json").write_text(
                json.dumps([asdict(moment) for moment in timeline.moments], ensure_ascii=False, indent=1), "utf-8"
            )


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
