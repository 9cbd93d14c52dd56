"""What staff routes ask for: who is it, may they, and which rows may they see.

Every route of `/api/staff` and `/console` declares its permission with `needs(...)`; a test walks all routes and
refuses one without. A kiosk, site or region outside the person's regions is answered 404, as if it did not exist.

    @router.get("/kiosks/{kiosk_id}")
    async def show(kiosk_id: str, staff: Annotated[Staff, needs(Permission.VIEW)], session: DbSession) -> ...:
        kiosk = await visible_kiosk(session, staff, Permission.VIEW, kiosk_id)
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Protocol, TypeVar

from fastapi import Depends, HTTPException, Request
from sqlalchemy import ColumnElement, or_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from backend.fleet.models import Kiosk, Site
from backend.staff.roles import Permission, Staff

STAFF_API = "/api/staff/v1"

Row = TypeVar("Row", Kiosk, Site)


class Gate(Protocol):
    """Finds out who is asking; `app.state.gate`, set where the app is put together. None: nobody we know."""

    async def staff_of(self, request: Request) -> Staff | None: ...


async def current_staff(request: Request) -> Staff:
    """401 for strangers (below /console that leads to the sign-in page)."""
    gate: Gate = request.app.state.gate
    staff = await gate.staff_of(request)
    if staff is None:
        raise sign_in_first()
    return staff


def sign_in_first() -> HTTPException:
    """What a stranger is answered."""
    return HTTPException(401, "sign in first", headers={"WWW-Authenticate": 'Bearer realm="menkou"'})


def needs(permission: Permission | None) -> Any:
    """The dependency of a route: staff with `permission` somewhere (403 otherwise); None: any staff member."""
    return Depends(permission_check(permission))


def permission_check(permission: Permission | None) -> Callable[[Request], Awaitable[Staff]]:
    async def check(request: Request) -> Staff:
        staff = await current_staff(request)
        if permission is not None and not staff.may_anywhere(permission):
            raise HTTPException(403, f"needs the permission {permission.value}")
        return staff

    check.permission = permission  # type: ignore[attr-defined]  # read by the test that walks all routes
    return check


def within(column: InstrumentedAttribute[str], staff: Staff, permission: Permission) -> ColumnElement[bool]:
    """The WHERE that keeps a query inside the person's regions."""
    return or_(False, *(column.between(span.low, span.high) for span in staff.spans(permission)))


async def visible_kiosk(session: AsyncSession, staff: Staff, permission: Permission, kiosk_id: str) -> Kiosk:
    """404 if there is none, or none for this person."""
    kiosk = await session.get(Kiosk, kiosk_id)
    if kiosk is None or not staff.may(Permission.VIEW, kiosk.region_code):
        raise HTTPException(404, "no such kiosk")
    return _allowed(kiosk, staff, permission)


async def visible_site(session: AsyncSession, staff: Staff, permission: Permission, site_id: str) -> Site:
    """404 if there is none, or none for this person."""
    site = await session.get(Site, site_id)
    if site is None or not staff.may(Permission.VIEW, site.region_code):
        raise HTTPException(404, "no such site")
    return _allowed(site, staff, permission)


def in_region(staff: Staff, permission: Permission, region_code: str) -> None:
    """404 for a region out of sight, 403 for one the person may look at only."""
    if not staff.may(Permission.VIEW, region_code):
        raise HTTPException(404, "no such region")
    if not staff.may(permission, region_code):
        raise HTTPException(403, f"needs the permission {permission.value} there")


def _allowed(row: Row, staff: Staff, permission: Permission) -> Row:
    if not staff.may(permission, row.region_code):
        raise HTTPException(403, f"needs the permission {permission.value} there")
    return row
