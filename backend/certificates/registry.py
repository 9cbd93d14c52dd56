"""Which mapping makes a service's certificate."""

from __future__ import annotations

from typing import Any

from backend.certificates.declared import Declared
from backend.certificates.enrolment import SocialInsuranceEnrolment
from backend.certificates.mapping import Mapping
from backend.contract.kiosk_api import ProblemCode
from backend.problems import Refused
from content.schema.service import Service

# By operation: those whose template has data of its own. Any other service declares a `record` and needs no code.
_ENROLMENT = SocialInsuranceEnrolment()
MAPPINGS: dict[str, Mapping] = {"social-insurance.enrolment": _ENROLMENT}


def mapping_of(service: Service) -> Mapping:
    """Refused(SERVICE_UNKNOWN) if nobody has said how the service's answer becomes a certificate."""
    if service.record is not None:
        return Declared(service.record)
    mapping = MAPPINGS.get(service.operation or "")
    if mapping is None:
        raise Refused(ProblemCode.SERVICE_UNKNOWN, f"no certificate mapping for {service.operation}")
    return mapping


def mapping_for(content: dict[str, Any]) -> Mapping:
    """Who can mask a content that was made before, whatever has become of its service since."""
    return Declared() if "entries" in content else _ENROLMENT
