"""The content pack as the backend uses it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import structlog

from backend.contract.kiosk_api import ProblemCode
from backend.problems import Refused
from content.load import Pack, PackError, load_pack
from content.schema.service import Service

log = structlog.get_logger()


class Catalogue:
    """The services this backend answers for. Without a pack it is empty and `problem` says why.

    Several packs at once: the newest signed one, those terminals have not left yet, and the one the software came
    with. What a terminal asks for is looked up in that order.
    """

    def __init__(self, pack: Pack | None, problem: str = "") -> None:
        self._own = pack
        self._signed: list[Pack] = []
        self.problem = problem

    @classmethod
    def load(cls, directory: Path) -> Catalogue:
        try:
            return cls(load_pack(directory))
        except PackError as error:
            log.error("content_pack_unusable", reason=str(error))
            return cls(None, str(error))

    def use(self, signed: Sequence[Pack]) -> None:
        """From now on answer with these, the newest first."""
        self._signed = list(signed)
        if signed:
            self.problem = ""

    @property
    def packs(self) -> list[Pack]:
        return self._signed + ([self._own] if self._own is not None else [])

    @property
    def pack(self) -> Pack | None:
        """The newest."""
        return next(iter(self.packs), None)

    @property
    def version(self) -> str:
        return self.pack.version if self.pack else ""

    def service(self, service_id: str, journey: str | None = None) -> Service:
        """The service, or Refused(SERVICE_UNKNOWN) if it is not offered or is of another kind of journey."""
        for pack in self.packs:
            try:
                service = pack.services.get(service_id)
            except PackError as error:
                log.error("service_unreadable", service=service_id, reason=str(error))
                continue
            if service is not None:
                if journey is not None and service.journey != journey:
                    break
                return service
        raise Refused(ProblemCode.SERVICE_UNKNOWN)

    def told(self, operation: str, form: dict[str, str]) -> dict[str, str]:
        """What of a form a department is told: the operation's own params, and nothing it does not ask for."""
        declared = next((found for pack in self.packs if (found := pack.operations.get(operation))), None)
        return form if declared is None else {name: form[name] for name in declared.params if name in form}

    def template(self, name: str) -> Path:
        """The Typst file of a certificate template."""
        path = next((found for pack in self.packs if (found := pack.templates.get(name))), None)
        if path is None:
            raise Refused(ProblemCode.SERVICE_UNKNOWN, f"no template {name}")
        return path
