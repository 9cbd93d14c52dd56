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
    with. Services are those of the signed packs once there are any: what a signed pack has taken out must not come
    back because the software still brings it. The rest is looked up in that order.
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

    def service(self, service_id: str, journey: str | None = None, version: int | None = None) -> Service:
        """The service in this version where it is served, else in the newest; Refused(SERVICE_UNKNOWN) if it is not
        offered, or is of another kind of journey."""
        found = [service for pack in self._signed or self.packs if (service := _read(pack, service_id)) is not None]
        if not found:
            raise Refused(ProblemCode.SERVICE_UNKNOWN)
        service = found[0]
        if version is not None and version != service.version:
            # A terminal that has not left the software's own pack yet has that pack's version.
            own = [_read(self._own, service_id)] if self._signed and self._own is not None else []
            service = next((one for one in (*found, *own) if one is not None and one.version == version), service)
        if journey is not None and service.journey != journey:
            raise Refused(ProblemCode.SERVICE_UNKNOWN)
        return service

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


def _read(pack: Pack, service_id: str) -> Service | None:
    try:
        return pack.services.get(service_id)
    except PackError as error:
        log.error("service_unreadable", service=service_id, reason=str(error))
        return None
