"""What staff may do, and where. System, security and audit administration are kept apart (GB/T 22239 level 3)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from backend.regions.division import Span, level_of, span_of


class Permission(StrEnum):
    VIEW = "view"  # kiosks, sites, events, reports
    OPERATE = "operate"  # commands that disturb nobody for long
    ENROL = "enrol"  # sites, kiosks, enrolment codes, revocation, quarantine
    CONFIGURE = "configure"  # settings
    ALERTS = "alerts"  # acknowledge alerts, duty rosters, rules
    WORK = "work"  # work orders
    EDIT = "edit"  # drafts of services
    RELEASE = "release"  # publish services, make and steer rollouts
    APPROVE = "approve"  # be the second pair of eyes
    STAFF = "staff"  # accounts and roles
    AUDIT = "audit"  # read the audit log


class Role(StrEnum):
    VIEWER = "viewer"
    TECHNICIAN = "technician"
    OPERATOR = "operator"
    EDITOR = "editor"
    PUBLISHER = "publisher"
    SYSTEM_ADMIN = "system-admin"
    SECURITY_ADMIN = "security-admin"
    AUDITOR = "auditor"


_P = Permission
PERMISSIONS: dict[Role, frozenset[Permission]] = {
    Role.VIEWER: frozenset({_P.VIEW}),
    Role.TECHNICIAN: frozenset({_P.VIEW, _P.WORK, _P.OPERATE}),
    Role.OPERATOR: frozenset({_P.VIEW, _P.OPERATE, _P.ALERTS, _P.WORK}),
    Role.EDITOR: frozenset({_P.VIEW, _P.EDIT}),
    Role.PUBLISHER: frozenset({_P.VIEW, _P.RELEASE}),
    Role.SYSTEM_ADMIN: frozenset(
        {_P.VIEW, _P.OPERATE, _P.ENROL, _P.CONFIGURE, _P.ALERTS, _P.WORK, _P.RELEASE, _P.APPROVE}
    ),
    Role.SECURITY_ADMIN: frozenset({_P.VIEW, _P.STAFF, _P.APPROVE}),
    Role.AUDITOR: frozenset({_P.VIEW, _P.AUDIT}),
}


@dataclass(frozen=True)
class Grant:
    """A role in a region and everything below it."""

    role: Role
    region_code: str


@dataclass(frozen=True)
class Staff:
    """Who is asking. `via`: "session", "token" or "command-line"."""

    staff_id: str
    name: str
    grants: tuple[Grant, ...]
    via: str = "session"

    def spans(self, permission: Permission) -> tuple[Span, ...]:
        """Where this person may do it; regions inside others are left out."""
        regions = {grant.region_code for grant in self.grants if permission in PERMISSIONS[grant.role]}
        spans = sorted((span_of(code) for code in regions), key=lambda span: (span.low, -int(span.high)))
        kept: list[Span] = []
        for span in spans:
            if not (kept and span.low in kept[-1]):
                kept.append(span)
        return tuple(kept)

    def may(self, permission: Permission, region_code: str) -> bool:
        return any(region_code in span for span in self.spans(permission))

    def may_anywhere(self, permission: Permission) -> bool:
        return bool(self.spans(permission))

    @property
    def home(self) -> str:
        """The widest region this person has anything to do with: where their map opens."""
        return min((grant.region_code for grant in self.grants), key=lambda code: (level_of(code), code), default="")
