"""The press: typesetting and sealing in a thread of its own, so that no request waits for another's paper."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, TypeVar

from backend.certificates.check import FileCheck
from backend.certificates.check_process import FileChecker
from backend.certificates.keys import ca_certificate, signer_keys
from backend.certificates.signing import Signer, SpecimenSigner
from backend.certificates.typeset import Seal, SealPlace, Typesetter

T = TypeVar("T")
SignerFactory = Callable[[str, str, str], Signer]  # agency name, its USCC, what is certified


@dataclass(frozen=True)
class Printed:
    """A signed certificate file."""

    pdf: bytes
    pages: int
    sha256: str


class Press:
    """One worker thread with warm compilers. `signer_for` plugs in an agency's own seal service."""

    def __init__(self, var_dir: Path, signer_for: SignerFactory | None = None) -> None:
        self._var_dir = var_dir
        self._signer_for = signer_for or self._specimen_signer
        self._executor = ThreadPoolExecutor(1, thread_name_prefix="press")
        self._checking = ThreadPoolExecutor(1, thread_name_prefix="check")  # uploads never delay an issue
        self._checker = FileChecker()
        self._typesetters: dict[Path, Typesetter] = {}
        self._signers: dict[tuple[str, str, str], tuple[date, Signer]] = {}
        self._place = SealPlace()

    async def certificate(
        self, template: Path, data: dict[str, Any], agency: tuple[str, str], title: str, at: datetime
    ) -> Printed:
        """Typeset and seal. `agency` is (name, USCC). Raises TypesetError."""
        return await self._in_thread(self._executor, lambda: self._certificate(template, data, agency, title, at))

    async def preview(self, template: Path, masked: dict[str, Any], agency_name: str) -> bytes:
        """PNG of the first page with the seal drawn."""
        seal = Seal(seal_name(agency_name), specimen=bool(masked["specimen"]))
        return await self._in_thread(
            self._executor, lambda: self._typesetter(template).picture(template, masked, seal, self._place)
        )

    async def check(self, pdf: bytes) -> FileCheck:
        """Is this one of ours? Opened in a process of its own, with limits."""
        return await self._in_thread(self._checking, lambda: self._checker.check(pdf, ca_certificate(self._var_dir)))

    async def is_specimen(self, agency: tuple[str, str], title: str) -> bool:
        signer = await self._in_thread(self._executor, lambda: self._signer(agency, title))
        return signer.specimen

    def warm_up(self, template: Path) -> None:
        """Load fonts and imports before the first resident comes; does not wait."""
        self._executor.submit(lambda: self._typesetter(template).seal(Seal("门口"), self._place))

    def close(self) -> None:
        self._executor.shutdown(wait=True, cancel_futures=True)
        self._checking.shutdown(wait=True, cancel_futures=True)
        self._checker.close()

    # --- in the worker thread ---------------------------------------------------------------------------------

    def _certificate(
        self, template: Path, data: dict[str, Any], agency: tuple[str, str], title: str, at: datetime
    ) -> Printed:
        typesetter = self._typesetter(template)
        signer = self._signer(agency, title)
        seal = Seal(seal_name(agency[0]), specimen=signer.specimen)
        sheet, pages = typesetter.sheet(template, data, seal, self._place, at)
        picture = typesetter.seal(seal, self._place)
        pdf = signer.sign(sheet, page=pages - 1, box=self._place.box_pt(), seal_pdf=picture)
        return Printed(pdf, pages, hashlib.sha256(pdf).hexdigest())

    def _typesetter(self, template: Path) -> Typesetter:
        directory = template.resolve().parent
        if directory not in self._typesetters:
            self._typesetters[directory] = Typesetter(directory)
        return self._typesetters[directory]

    def _signer(self, agency: tuple[str, str], title: str) -> Signer:
        # Asked for anew every day: keys end and are renewed while we run.
        key, today = (*agency, title), datetime.now(UTC).date()
        made_on, signer = self._signers.get(key, (None, None))
        if signer is None or made_on != today:
            signer = self._signer_for(*key)
            self._signers[key] = (today, signer)
        return signer

    def _specimen_signer(self, agency_name: str, agency_uscc: str, title: str) -> Signer:
        keypair = signer_keys(self._var_dir, seal_name(agency_name), agency_uscc)
        return SpecimenSigner(keypair, reason=f"签发{title}")

    @staticmethod
    async def _in_thread(executor: ThreadPoolExecutor, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(executor, work)


def seal_name(agency_name: str) -> str:
    """The name along the ring: without an added remark in brackets."""
    return agency_name.split("（")[0].split("(")[0].strip()
