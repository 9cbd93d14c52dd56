"""Materials, fees and limits: what a resident has to bring, to pay, and to wait."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from pydantic import BaseModel

from content.lint.durations import longer, said
from content.lint.fault import Finding, fault, note
from content.lint.known import Known
from content.schema.elements import Material
from content.schema.service import Kind, Service
from content.schema.text import Text


def rules(service: Service, known: Known) -> Iterator[Finding]:
    yield from _materials(service.materials, "materials", known)
    for index, part in enumerate(service.package.parts if service.package else []):
        yield from _materials(part.materials, f"package.parts.{index}.materials", known)
    yield from _fees(service)
    yield from _limits(service)
    for index, confirm in enumerate(service.to_confirm):
        if not _stands(service, confirm.place):
            yield fault(
                f"to_confirm.{index}.place",
                f"本文件里没有“{confirm.place}”；请写出值所在之处，如 fees.0.amount_fen",
                f"{confirm.place!r} is not in this file; say where the value stands, e.g. fees.0.amount_fen",
            )
        yield note(
            f"to_confirm.{index}", f"待机关确认：{confirm.note}", f"to be confirmed by the agency: {confirm.note}"
        )


def _materials(materials: list[Material], place: str, known: Known) -> Iterator[Finding]:
    for name, count in Counter(material.id for material in materials).items():
        if count > 1:
            yield fault(
                place,
                f"编号“{name}”用了 {count} 次；请改成不同的",
                f"the id {name!r} is used {count} times; make them differ",
            )
    for index, material in enumerate(materials):
        here = f"{place}.{index}"
        if material.source == "government":
            if material.collect != "none":
                yield fault(
                    f"{here}.collect",
                    "政府部门核发的材料不得要求提交；请改为 none",
                    "must be none: what the government itself issues is not asked for",
                )
            if material.fetched_by is None and material.replaced_by is None:
                yield fault(
                    here,
                    "政府核发的不得要求提交；请写 fetched_by 或 replaced_by",
                    "is issued by the government: it must not be asked for; say which operation fetches it (fetched_by)"
                    " or which e-certificate replaces it (replaced_by)",
                )
        if material.sample is not None and material.sample not in known.media:
            yield fault(
                f"{here}.sample",
                f"content/media 里没有“{material.sample}”",
                f"{material.sample!r} is not in content/media; add it",
            )


def _fees(service: Service) -> Iterator[Finding]:
    for index, fee in enumerate(service.fees):
        if fee.basis is not None or fee.amount_fen == 0:
            continue
        place = f"fees.{index}"
        told = any(_about_fee(confirm.place, index) for confirm in service.to_confirm)
        if not told:
            yield fault(
                f"{place}.basis",
                "收费没有依据；请写明依据，不确定的列入 to_confirm",
                "is missing: nobody charges without a basis; name it, or list it under to_confirm if it is not certain",
            )
        else:
            yield note(f"{place}.basis", "收费依据没有写", "no basis is given for this fee")


def _stands(service: Service, place: str) -> bool:
    """Whether there is such a place in the file; one that may be written and is not, too."""
    here: object = service
    for step in _steps(place):
        if isinstance(here, BaseModel) and step in type(here).model_fields:
            here = getattr(here, step)
        elif isinstance(here, dict) and step in here:
            here = here[step]
        elif isinstance(here, Text) and step in ("zh", "en"):
            here = getattr(here, step)
        elif isinstance(here, list) and step.isascii() and step.isdigit() and int(step[:6]) < len(here):
            here = here[int(step[:6])]
        else:
            return False
    return True


def _steps(place: str) -> list[str]:
    return place.replace("[", ".").replace("]", "").split(".")


def _about_fee(place: str, index: int) -> bool:
    steps = _steps(place)
    return steps[0] == "fees" and (len(steps) == 1 or not steps[1].isdigit() or int(steps[1]) == index)


def _limits(service: Service) -> Iterator[Finding]:
    limits = service.limits
    if limits is None:
        if service.journey is Kind.APPLICATION:
            yield fault(
                "limits", "没有办理时限；请写承诺时限", "is missing; say how long it takes (promised, and statutory)"
            )
        return
    if limits.statutory is not None and longer(limits.promised, limits.statutory):
        yield fault(
            "limits.promised",
            f"承诺 {said(limits.promised)[0]} 长于法定 {said(limits.statutory)[0]}；请缩短",
            f"{said(limits.promised)[1]} are longer than the statutory {said(limits.statutory)[1]}; shorten it",
        )
