"""/api/staff/v1/me"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel

from backend.staff.access import STAFF_API, needs
from backend.staff.roles import Grant, Permission, Staff

router = APIRouter(prefix=STAFF_API, tags=["staff"])


class GrantBody(BaseModel):
    role: str
    region_code: str

    @classmethod
    def of(cls, grant: Grant) -> GrantBody:
        return cls(role=grant.role.value, region_code=grant.region_code)


class MeBody(BaseModel):
    staff_id: str
    name: str
    via: str
    grants: list[GrantBody]
    permissions: list[str]


@router.get("/me")
async def me(staff: Annotated[Staff, needs(None)]) -> MeBody:
    """Who is asking, and what they may do somewhere."""
    return MeBody(
        staff_id=staff.staff_id,
        name=staff.name,
        via=staff.via,
        grants=[GrantBody.of(grant) for grant in staff.grants],
        permissions=[permission.value for permission in Permission if staff.may_anywhere(permission)],
    )
