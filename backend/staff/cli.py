"""`menkou staff …`: accounts from the desk's own machine. Passwords are typed or made, never arguments."""

from __future__ import annotations

import asyncio
import getpass
import os
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, TypeVar

import typer
from sqlalchemy.ext.asyncio import AsyncSession

from backend.regions.division import COUNTRY
from backend.settings import BackendSettings
from backend.staff.roles import Grant, Role, Staff

_BADGE_HOURS = 72  # a long weekend: who needs one for longer gets the next

app = typer.Typer(help="Accounts of the people behind the desk.", no_args_is_help=True)

Result = TypeVar("Result")
Deed = Callable[[AsyncSession, Staff, datetime], Awaitable[Result]]

Login = Annotated[str, typer.Argument(help="Whose account.")]
RoleName = Annotated[Role, typer.Argument(help="Which role.")]
Region = Annotated[str, typer.Argument(help="Where: a twelve-digit division code; 000000000000 is everywhere.")]
Prompt = Annotated[bool, typer.Option("--prompt", help="Type a password instead of having one made.")]


@app.command()
def add(
    login: Annotated[str, typer.Argument(help="What the person signs in with.")],
    name: Annotated[str, typer.Argument(help="The person's name.")],
    region: Annotated[str, typer.Option(help="Who looks after the account: a division code.")] = COUNTRY,
    role: Annotated[list[str] | None, typer.Option(help="ROLE:REGION, may be repeated.")] = None,
    oidc: Annotated[str | None, typer.Option(help="E-mail or login at the OIDC provider.")] = None,
    prompt: Prompt = False,
) -> None:
    """Make an account. Its first password must be changed at the first sign-in."""
    from backend.staff import accounts

    grants = [_grant(text) for text in role or []]
    password, hashed = _new_password(login, name, prompt)

    async def deed(session: AsyncSession, staff: Staff, at: datetime) -> None:
        new = accounts.NewMember(login, name, region, hashed, oidc_invite=oidc)
        member = await accounts.add(session, staff, new, at)
        for grant in grants:
            await accounts.grant(session, staff, member.staff_id, grant, at, apart=_production())

    _do(deed)
    _show(login, password, prompt)


@app.command("list")
def show() -> None:
    """All accounts with their roles."""
    from backend.staff import accounts

    async def deed(session: AsyncSession, staff: Staff, at: datetime) -> list[str]:
        lines, first = [], 0
        while members := await accounts.listed(session, staff, first=first):
            grants = await accounts.grants_by_member(session, [member.staff_id for member in members])
            first += len(members)
            for member in members:
                roles = ", ".join(f"{grant.role.value}:{grant.region_code}" for grant in grants[member.staff_id])
                state = "" if member.active else "  (disabled)"
                lines.append(f"{member.login:20} {member.name:12} {roles or '–'}{state}")
        return lines

    for line in _do(deed):
        print(line)


@app.command()
def disable(login: Login) -> None:
    """Let somebody in no longer: sessions end, tokens are revoked."""
    _set_active(login, False)


@app.command()
def enable(login: Login) -> None:
    """Let somebody in again."""
    _set_active(login, True)


@app.command("reset-password")
def reset_password(login: Login, prompt: Prompt = False) -> None:
    """Give somebody a new first password; it lifts a lock, too."""
    from backend.staff import accounts

    password, hashed = _new_password(login, "", prompt)

    async def deed(session: AsyncSession, staff: Staff, at: datetime) -> None:
        await accounts.reset_password(session, staff, await _id_of(session, login), hashed, at)

    _do(deed)
    _show(login, password, prompt)


@app.command("reset-second-factor")
def reset_second_factor(login: Login) -> None:
    """Take an authenticator away that is lost. In the console this needs two people; here it needs this machine."""
    from backend.staff import accounts
    from backend.staff.audit import record

    async def deed(session: AsyncSession, staff: Staff, at: datetime) -> None:
        member = await accounts.visible(session, staff, await _id_of(session, login))
        await accounts.forget_second_factor(session, member)
        subject = f"staff:{member.staff_id}"
        await record(session, staff.staff_id, "staff.reset-second-factor", subject, at, region_code=member.region_code)

    _do(deed)
    print(f"{login} signs in with the password alone until a new authenticator is set up")


@app.command()
def grant(login: Login, role: RoleName, region: Region) -> None:
    """Give somebody a role in a region and everything below it."""
    from backend.staff import accounts

    async def deed(session: AsyncSession, staff: Staff, at: datetime) -> None:
        staff_id = await _id_of(session, login)
        await accounts.grant(session, staff, staff_id, Grant(role, region), at, apart=_production())

    _do(deed)
    print(f"{login} is {role.value} in {region}")


@app.command("revoke-role")
def revoke_role(login: Login, role: RoleName, region: Region) -> None:
    """Take a role away."""
    from backend.staff import accounts

    async def deed(session: AsyncSession, staff: Staff, at: datetime) -> None:
        await accounts.revoke(session, staff, await _id_of(session, login), Grant(role, region), at)

    _do(deed)
    print(f"{login} is not {role.value} in {region} any more")


@app.command()
def badge(
    login: Login,
    hours: Annotated[
        int | None, typer.Option(help="How long it is good for; a shift if left out.", min=1, max=_BADGE_HOURS)
    ] = None,
    svg: Annotated[Path | None, typer.Option(help="Write the QR code to this file instead of showing it.")] = None,
) -> None:
    """Make a helper's badge for a technician or operator; an older one of that person ends."""
    import segno

    from backend.assistance import badges
    from backend.assistance.settings import AssistanceSettings
    from backend.identity.crypto import open_vault

    lasts = timedelta(hours=hours or AssistanceSettings().badge_hours)
    vault = open_vault(BackendSettings().var_dir)

    async def deed(session: AsyncSession, staff: Staff, at: datetime) -> str:
        return await badges.make(session, vault, staff.staff_id, await _id_of(session, login), lasts, at)

    text = _do(deed)
    code = segno.make(text, error="m", micro=False)
    if svg is None:
        code.terminal(compact=True)
        print(text)
    else:
        # Whoever reads it can be that helper: nobody else's, also where the file was there before.
        svg.unlink(missing_ok=True)
        with os.fdopen(os.open(svg, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            code.save(file, kind="svg", scale=8)
        print(f"badge of {login} written to {svg}, good for {lasts}")


def _set_active(login: str, active: bool) -> None:
    from backend.staff import accounts

    async def deed(session: AsyncSession, staff: Staff, at: datetime) -> None:
        await accounts.set_active(session, staff, await _id_of(session, login), active, at)

    _do(deed)
    print(f"{login} is {'let in again' if active else 'not let in any more'}")


async def _id_of(session: AsyncSession, login: str) -> str:
    from sqlalchemy import select

    from backend.staff.errors import not_found
    from backend.staff.models import StaffMember

    found = await session.scalar(select(StaffMember.staff_id).where(StaffMember.login == login.strip().lower()))
    if found is None:
        raise not_found()
    return found


def _production() -> bool:
    return BackendSettings().environment == "production"


def _grant(text: str) -> Grant:
    role, _, region = text.partition(":")
    try:
        return Grant(Role(role), region)
    except ValueError:
        raise typer.BadParameter(f"ROLE:REGION with one of {', '.join(Role)}") from None


def _new_password(login: str, name: str, prompt: bool) -> tuple[str, str]:
    """The password and its hash."""
    from backend.staff.errors import StaffError
    from backend.staff.passwords import Passwords, check_rules, make_password

    password = typer.prompt("Password", hide_input=True, confirmation_prompt=True) if prompt else make_password()
    if prompt:
        try:
            check_rules(password, login, name)
        except StaffError as error:
            raise typer.BadParameter(error.en) from None
    passwords = Passwords()
    try:
        return password, asyncio.run(passwords.hash(password))
    finally:
        passwords.close()


def _show(login: str, password: str, prompt: bool) -> None:
    if prompt:
        print(f"{login} can sign in with that password")
    else:
        print(f"{login} can sign in; first password (72 hours, to be changed): {password}")


def _do(deed: Deed[Result]) -> Result:
    from backend.staff.errors import StaffError

    try:
        return asyncio.run(_in_database(deed))
    except StaffError as error:
        typer.echo(error.en, err=True)
        raise typer.Exit(1) from None


async def _in_database(deed: Deed[Result]) -> Result:
    from backend.db.engine import make_engine, make_sessions, writing
    from backend.db.migrate import migrate
    from backend.staff import accounts

    settings = BackendSettings()
    settings.var_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    engine = make_engine(settings.effective_database_url)
    try:
        if settings.environment == "embedded":
            await migrate(engine)
        async with writing(make_sessions(engine)) as session:
            result = await deed(session, accounts.command_line(getpass.getuser()), datetime.now(UTC))
            await session.commit()
        return result
    finally:
        await engine.dispose()
