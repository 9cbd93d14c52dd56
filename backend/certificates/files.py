"""The certificates' PDFs on disk: encrypted, one file each, readable by their owner only."""

from __future__ import annotations

import asyncio
import os
import secrets
import time
from pathlib import Path

import structlog
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from backend.certificates.models import Certificate
from backend.db.engine import Sessions
from backend.identity.crypto import Vault

log = structlog.get_logger()

FILES = "certificates"  # under var_dir; 0700
_SUFFIX = ".pdf.enc"
_UNDER_WAY_S = 3600.0  # a file so young may belong to an issue that is not committed yet


class CertificateFiles:
    def __init__(self, var_dir: Path, vault: Vault) -> None:
        self._directory = var_dir / FILES
        self._vault = vault

    def write(self, certificate_id: str, pdf: bytes) -> None:
        """On disk when this returns, and never half-written."""
        path = self._path(certificate_id)
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        scratch = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
        descriptor = os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(self._vault.encrypt(pdf, _context(certificate_id)))
            file.flush()
            os.fsync(file.fileno())
        scratch.replace(path)

    def read(self, certificate_id: str) -> bytes:
        """The PDF. Raises OSError, and ValueError for a file that was altered."""
        return self._vault.decrypt(self._path(certificate_id).read_bytes(), _context(certificate_id))

    def remove(self, certificate_id: str) -> None:
        self._path(certificate_id).unlink(missing_ok=True)

    def _path(self, certificate_id: str) -> Path:
        return self._directory / f"{certificate_id}{_SUFFIX}"


async def sweep_orphans(var_dir: Path, sessions: Sessions) -> int:
    """Remove what a power cut left between writing a file and its row; the number removed.

    A database that knows no certificate at all proves nothing against the files: it may be the wrong one.
    """
    candidates = await asyncio.to_thread(_settled_files, var_dir / FILES)
    orphans: list[Path] = []
    try:
        async with sessions() as session:
            if not candidates or await session.scalar(select(Certificate.id).limit(1)) is None:
                return 0
            for begin in range(0, len(candidates), 500):
                # Scratch files of an interrupted write have more after the suffix: never referenced.
                some = {path.name.removesuffix(_SUFFIX): path for path in candidates[begin : begin + 500]}
                known = set(await session.scalars(select(Certificate.id).where(Certificate.id.in_(some))))
                orphans += [path for certificate_id, path in some.items() if certificate_id not in known]
    except SQLAlchemyError as error:
        log.warning("orphans_not_swept", error=type(error).__name__)
        return 0
    if not orphans:
        return 0
    for path in orphans:
        await asyncio.to_thread(path.unlink, missing_ok=True)
    log.info("orphans_swept", files=len(orphans))
    return len(orphans)


def _settled_files(directory: Path) -> list[Path]:
    before = time.time() - _UNDER_WAY_S
    if not directory.is_dir():
        return []
    return [path for path in directory.iterdir() if _SUFFIX in path.name and path.stat().st_mtime < before]


def _context(certificate_id: str) -> str:
    return f"certificate-file/{certificate_id}"
