"""`menkou fleet …`: what the desk's own machine can do with sites and kiosks."""

from __future__ import annotations

import asyncio
import getpass
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Annotated, TypeVar

import typer
from sqlalchemy import make_url
from sqlalchemy.ext.asyncio import AsyncSession

from backend.fleet.identity import desk
from backend.settings import BackendSettings, SettingsError

T = TypeVar("T")

app = typer.Typer(help="Sites and kiosks: enter, enrol, revoke, simulate.", no_args_is_help=True)


@app.command()
def seed(
    share: Annotated[float, typer.Option(help="Of the invented province's 57,705 sites.", min=0.0001, max=1)] = 1.0,
) -> None:
    """Fill an empty desk with an invented province: regions, sites and planned kiosks."""
    from backend.fleet.seed import SeededAlready

    try:
        print(f"{asyncio.run(_seed(BackendSettings(), share)):,} kiosks entered")
    except SeededAlready as error:
        raise _failed(f"{error}.") from None


@app.command("add-site")
def add_site(
    site_id: Annotated[str, typer.Argument(help="Its number, such as S-990101.")],
    region: Annotated[str, typer.Option(help="Division code, twelve digits.")],
    name_zh: Annotated[str, typer.Option(help="Its name in Chinese.")],
    name_en: Annotated[str, typer.Option(help="Its name in English; left out: the Chinese one.")] = "",
    address: Annotated[str, typer.Option(help="Its address.")] = "",
    hours: Annotated[int, typer.Option(help="Hours a day the kiosk is promised to serve.", min=1, max=24)] = 24,
) -> None:
    """Enter a place where kiosks will stand."""
    site = desk.NewSite(
        site_id=site_id,
        region_code=region,
        name_zh=name_zh,
        name_en=name_en or name_zh,
        address_zh=address,
        promise_hours=hours,
    )
    _run(lambda session, at: desk.add_site(session, _operator(), site, at))
    print(f"site {site_id} entered")


@app.command("add-kiosk")
def add_kiosk(
    kiosk_id: Annotated[str, typer.Argument(help="Its name, such as K-0001.")],
    site: Annotated[str, typer.Option(help="The site's number.")],
    model: Annotated[str, typer.Option(help="Of the machine.")] = "",
    serial_number: Annotated[str, typer.Option(help="Of the machine.")] = "",
) -> None:
    """Enter a kiosk; `code` then enrols it."""
    kiosk = desk.NewKiosk(kiosk_id=kiosk_id, site_id=site, model=model, serial_number=serial_number)
    _run(lambda session, at: desk.add_kiosk(session, _operator(), kiosk, at))
    print(f"kiosk {kiosk_id} entered")


@app.command()
def code(
    kiosk_id: Annotated[str, typer.Argument(help="The kiosk's name.")],
    uri: Annotated[bool, typer.Option(help="Print the QR code's content only, for scripts.")] = False,
) -> None:
    """Make a one-time enrolment code. It is shown once; an older one of that kiosk is void."""
    from backend.contract.enrolment import grouped
    from backend.fleet.identity.authority import open_authority
    from backend.fleet.settings import FleetSettings

    fleet = FleetSettings()
    try:
        authority = open_authority(fleet, BackendSettings())
    except SettingsError as error:
        raise _failed(str(error)) from None
    ticket = _run(lambda session, at: desk.make_code(session, authority, fleet, _operator(), kiosk_id, at))
    if uri:
        print(ticket.as_uri())
        return
    print(f"kiosk    {ticket.kiosk_id}")
    print(f"desk     {ticket.url}")
    print(f"code     {grouped(ticket.code)}")
    print(f"until    {ticket.expires_at:%Y-%m-%d %H:%M} UTC")
    print(f"QR code  {ticket.as_uri()}")


@app.command("list")
def list_kiosks(
    region: Annotated[str, typer.Option(help="In this division only.")] = "0" * 12,
    identity: Annotated[str, typer.Option(help="planned, enrolled, quarantined, revoked or retired.")] = "",
    limit: Annotated[int, typer.Option(help="At most so many.", min=1)] = 100,
) -> None:
    """Kiosks and their identities."""
    rows, total = _run(lambda session, at: desk.kiosks(session, region, identity, limit))
    if not total:
        where = make_url(BackendSettings().effective_database_url).render_as_string(hide_password=True)
        typer.echo(f"no such kiosk in {where}", err=True)
    for kiosk in rows:
        until = f"{kiosk.certificate_until:%Y-%m-%d}" if kiosk.certificate_until else "-"
        print(f"{kiosk.kiosk_id:24} {kiosk.region_code} {kiosk.identity:12} epoch {kiosk.epoch:<4} until {until}")
    if total > len(rows):
        typer.echo(f"{len(rows):,} of {total:,}; more with --limit {total}", err=True)


@app.command()
def revoke(
    kiosk_id: Annotated[str, typer.Argument(help="The kiosk's name.")],
    reason: Annotated[str, typer.Option(help="Why; it is in the audit log.")],
) -> None:
    """Let a kiosk in no longer, at once: lost or stolen. On the desk's machine nobody else has to agree."""
    if not _run(lambda session, at: desk.revoke_now(session, _operator(), kiosk_id, reason, at)):
        raise _failed(f"{kiosk_id} is not in force anyway")
    print(f"{kiosk_id} is not let in any more")


def _operator() -> str:
    return f"command-line:{getpass.getuser()}"


def _failed(text: str) -> typer.Exit:
    typer.echo(text, err=True)
    return typer.Exit(1)


def _run(work: Callable[[AsyncSession, datetime], Awaitable[T]]) -> T:
    """`work` in one transaction on the desk's database. Exits with a word where it is refused."""
    try:
        return asyncio.run(_in_database(work))
    except desk.NotPossible as error:
        raise _failed(str(error)) from None


async def _in_database(work: Callable[[AsyncSession, datetime], Awaitable[T]]) -> T:
    from backend.db.engine import make_engine, make_sessions, writing
    from backend.db.migrate import migrate

    settings = BackendSettings()
    settings.var_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    engine = make_engine(settings.effective_database_url)
    try:
        if settings.environment == "embedded":
            await migrate(engine)
        async with writing(make_sessions(engine)) as session:
            done = await work(session, datetime.now(UTC))
            await session.commit()
        return done
    finally:
        await engine.dispose()


async def _seed(settings: BackendSettings, share: float) -> int:
    from backend.db.engine import make_engine, make_sessions, writing
    from backend.db.migrate import migrate
    from backend.fleet.seed import seed_province
    from backend.staff.audit import record

    settings.var_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    engine = make_engine(settings.effective_database_url)
    try:
        await migrate(engine)
        async with writing(make_sessions(engine)) as session:
            made = await seed_province(session, share)
            detail = {"kiosks": made, "share": share}
            await record(session, _operator(), "fleet.seed", "fleet", datetime.now(UTC), detail=detail)
            await session.commit()
        return made
    finally:
        await engine.dispose()
