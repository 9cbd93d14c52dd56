"""How this package joins the app."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

import httpx
from fastapi import APIRouter, FastAPI
from sqlalchemy import delete

from backend.db.engine import writing
from backend.identity.runtime import vault_of
from backend.operations.jobs import Jobs, Lease
from backend.settings import BackendSettings
from backend.staff import (
    account_pages,
    approval_list,
    approvals,
    audit_list,
    me_api,
    member_api,
    member_pages,
    oidc_pages,
    sign_in_pages,
)
from backend.staff.door import Door
from backend.staff.first_account import ensure_first_account
from backend.staff.gate import AccountGate
from backend.staff.models import OidcFlow
from backend.staff.oidc import Provider
from backend.staff.oidc_accounts import parse_group_grants
from backend.staff.passwords import Passwords
from backend.staff.sessions import clear_ended
from backend.staff.settings import StaffSettings

ROUTERS: tuple[APIRouter, ...] = (
    sign_in_pages.router,
    oidc_pages.router,
    account_pages.router,
    me_api.router,
    member_api.router,
    member_pages.router,
    approval_list.api,
    approval_list.pages,
    audit_list.api,
    audit_list.pages,
)

CLEAR_EVERY_S = 60.0


@asynccontextmanager
async def opened(app: FastAPI, settings: BackendSettings, jobs: Jobs) -> AsyncIterator[None]:
    """While the app runs. `app.state.sessions` is there; jobs are added here and started afterwards."""
    passwords = getattr(app.state, "passwords", None) or Passwords()  # tests bring cheap ones
    production = settings.environment == "production"
    own: StaffSettings = getattr(app.state, "staff_settings", None) or StaffSettings()  # tests bring theirs
    door = Door(app.state.sessions, own, vault_of(app), passwords, production=production)
    app.state.door = door
    app.state.gate = AccountGate(door)
    jobs.add("staff.clear", CLEAR_EVERY_S, partial(_clear, door))
    if own.first_account and not production:
        await ensure_first_account(door, settings.var_dir)
    app.state.oidc_groups = parse_group_grants(own.oidc_group_grants)
    async with httpx.AsyncClient(follow_redirects=False) as client:
        app.state.oidc = _provider(own, client)
        try:
            yield
        finally:
            passwords.close()


def _provider(own: StaffSettings, client: httpx.AsyncClient) -> Provider | None:
    if not own.oidc_issuer:
        return None
    secret = own.oidc_client_secret.get_secret_value()
    return Provider(
        client,
        own.oidc_issuer,
        own.oidc_client_id,
        secret,
        scope=own.oidc_scope,
        groups_claim=own.oidc_groups_claim,
        login_claim=own.oidc_login_claim,
    )


async def _clear(door: Door, lease: Lease) -> None:
    """Sessions and sign-ins that have ended go; deeds nobody agreed to in time are closed."""
    at = door.clock()
    async with writing(door.sessions) as session:
        await clear_ended(session, at, door.settings.idle)
        await session.execute(delete(OidcFlow).where(OidcFlow.expires_at <= at))
        await approvals.expire(session, at)
        await session.commit()
