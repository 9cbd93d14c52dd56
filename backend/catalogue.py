"""The content pack as the backend uses it."""

from __future__ import annotations

from pathlib import Path

import structlog

from backend.contract.kiosk_api import ProblemCode
from backend.problems import Refused
from content.load import Pack, PackError, load_pack
from content.schema.service import Service

log = structlog.get_logger()


class Catalogue:
    """The services this backend answers for. Without a pack it is empty and `problem` says why."""

    def __init__(self, pack: Pack | None, problem: str = "") -> None:
        self.pack = pack
        self.problem = problem

    @classmethod
    def load(cls, directory: Path) -> Catalogue:
        try:
            return cls(load_pack(directory))
        except PackError as error:
            log.error("content_pack_unusable", reason=str(error))
            return cls(None, str(error))

    @property
    def version(self) -> str:
        return self.pack.version if self.pack else ""

    def service(self, service_id: str, journey: str | None = None) -> Service:
        """The service, or Refused(SERVICE_UNKNOWN) if it is not offered or is of another kind of journey."""
        try:
            service = self.pack.services.get(service_id) if self.pack else None
        except PackError as error:
            log.error("service_unreadable", service=service_id, reason=str(error))
            service = None
        if service is None or (journey is not None and service.journey != journey):
            raise Refused(ProblemCode.SERVICE_UNKNOWN)
        return service

    def told(self, operation: str, form: dict[str, str]) -> dict[str, str]:
        """What of a form a department is told: the operation's own params, and nothing it does not ask for."""
        declared = self.pack.operations.get(operation) if self.pack else None
        return form if declared is None else {name: form[name] for name in declared.params if name in form}

    def template(self, name: str) -> Path:
        """The Typst file of a certificate template."""
        path = self.pack.templates.get(name) if self.pack else None
        if path is None:
            raise Refused(ProblemCode.SERVICE_UNKNOWN, f"no template {name}")
        return path
