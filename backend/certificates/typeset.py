"""Typesetting with Typst: JSON in, PDF/A-4 or a picture out. One warm compiler, used from one worker thread."""

from __future__ import annotations

import io
import json
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import typst
from pyhanko.pdf_utils.reader import PdfFileReader

PREVIEW_WIDTH_PX = 1000
_A4_WIDTH_IN = 210 / 25.4
_SEAL = "seal.typ"


class TypesetError(Exception):
    """A template does not compile. The message carries no data of the certificate."""


@dataclass(frozen=True)
class SealPlace:
    """The seal's square on the last page, millimetres from the top left corner."""

    x: float = 130.0
    y: float = 180.0
    size: float = 42.0  # the diameter of a county bureau's seal

    def box_pt(self) -> tuple[int, int, int, int]:
        """Left, bottom, right, top in PDF points on A4 portrait."""
        point = 72 / 25.4
        left, top = self.x * point, (297 - self.y) * point
        return round(left), round(top - self.size * point), round(left + self.size * point), round(top)


@dataclass(frozen=True)
class Seal:
    """What the round seal says."""

    name: str  # along the ring
    line: str = "电子印章"
    specimen: bool = True


class Typesetter:
    """A reused compiler over one directory of templates. Not for use from two threads at a time."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory.resolve()
        self._compiler = typst.Compiler(root=str(self._directory))

    def sheet(
        self, template: Path, data: dict[str, Any], seal: Seal, place: SealPlace, at: datetime
    ) -> tuple[bytes, int]:
        """The certificate as PDF/A-4 without its seal, which the signature brings, and the number of its pages."""
        filled = _with_seal(data, seal, place, drawn=False)
        pdf = self._compile(template, filled, format="pdf", timestamp=at.replace(microsecond=0))
        return pdf, int(PdfFileReader(io.BytesIO(pdf)).root["/Pages"]["/Count"])

    def picture(self, template: Path, data: dict[str, Any], seal: Seal, place: SealPlace) -> bytes:
        """The first page as PNG, `PREVIEW_WIDTH_PX` wide, with the seal drawn. `data` is masked by the caller."""
        filled = _with_seal(data, seal, place, drawn=True)
        return self._compile(template, filled, format="png", ppi=PREVIEW_WIDTH_PX / _A4_WIDTH_IN)

    def seal(self, seal: Seal, place: SealPlace) -> bytes:
        """The seal alone as a PDF page of its own size."""
        inputs = {"seal": json.dumps({**asdict(seal), "size": place.size}, ensure_ascii=False)}
        return self._run(self._directory / _SEAL, sys_inputs=inputs, format="pdf")

    def _compile(self, template: Path, data: dict[str, Any], **options: Any) -> bytes:
        if options["format"] == "pdf":
            options["pdf_standards"] = ["a-4"]
        return self._run(template.resolve(), sys_inputs={"data": json.dumps(data, ensure_ascii=False)}, **options)

    def _run(self, template: Path, **options: Any) -> bytes:
        try:
            pages = self._compiler.compile(str(template), **options)
        except typst.TypstError as error:
            # Typst quotes the source line, never the data; still only the first line is passed on.
            raise TypesetError(f"{template.name}: {str(error).splitlines()[0][:200]}") from None
        return bytes(pages[0] if isinstance(pages, list) else pages or b"")


def _with_seal(data: dict[str, Any], seal: Seal, place: SealPlace, *, drawn: bool) -> dict[str, Any]:
    return {**data, "seal": {**asdict(seal), **asdict(place), "drawn": drawn}}
