"""What people are asked to hand in: nothing the government issued itself, and only where somebody takes it."""

from __future__ import annotations

from collections.abc import Iterator

from content.lint.fault import Finding, fault
from content.lint.issued_papers import issued
from content.lint.known import Known
from content.schema.elements import Material
from content.schema.service import Kind, Service

# Journeys that take or list papers; in the others nobody would see them.
_TAKES = (Kind.APPLICATION, Kind.PACKAGE, Kind.GUIDANCE)


def rules(service: Service, known: Known) -> Iterator[Finding]:
    groups = [("materials", service.materials)]
    for index, part in enumerate(service.package.parts if service.package else []):
        groups.append((f"package.parts.{index}.materials", part.materials))
    for place, materials in groups:
        for index, material in enumerate(materials):
            yield from _asked(service, material, f"{place}.{index}")


def _asked(service: Service, material: Material, here: str) -> Iterator[Finding]:
    if material.source == "government" or material.collect == "none":
        return
    if service.journey not in _TAKES:
        yield fault(
            f"{here}.collect",
            "这种流程不收材料；请改为 none，或换流程",
            f"must be none: a {service.journey.value} journey takes no papers",
        )
    # The original is shown where a law wants it (to be handed back, to be written into): `basis` names that.
    if material.basis is None and (found := issued(material.name.zh)) is not None:
        name, record = found
        yield fault(
            f"{here}.source",
            f"“{name}”是政府部门核发的（{record}）；请改为 government 并写 fetched_by 或 replaced_by，"
            "依法必须验看原件的写明 basis",
            f"{name!r} is issued by the government: make it government, with fetched_by or replaced_by; where a law "
            "wants the original to be shown, name it in basis",
        )
