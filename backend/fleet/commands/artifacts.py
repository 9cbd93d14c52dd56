"""Log bundles and screenshots: from the kiosk into a file, from there to staff, deleted after a while."""

from __future__ import annotations

import asyncio
import hashlib
import os
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import BinaryIO
from uuid import uuid4

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from backend.contract.fleet_api import MAX_FILE, CommandKind, CommandState, FleetProblem
from backend.db.engine import Sessions, writing
from backend.fleet.commands.kinds import WITH_FILE
from backend.fleet.commands.leases import AckRefused
from backend.fleet.commands.models import Artifact, Command

KEPT = timedelta(days=14)
_BEGINNINGS = {CommandKind.LOG_BUNDLE: b"PK\x03\x04", CommandKind.SCREENSHOT: b"\x89PNG\r\n\x1a\n"}
_STALE_S = 3600  # a half-received file of a process that died


class TooLarge(Exception):
    """More than MAX_FILE bytes."""


@dataclass(frozen=True)
class Received:
    artifact_id: str
    size: int
    sha256: str
    beginning: bytes


class ArtifactStore:
    """The folder. Files are written under another name and renamed when whole."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, artifact_id: str) -> Path:
        return self.folder / artifact_id

    async def receive(self, chunks: AsyncIterator[bytes]) -> Received:
        """Raises TooLarge, OSError (disk full); nothing stays behind then."""
        artifact_id = uuid4().hex
        part = self.folder / f"{artifact_id}.part"
        digest, size, beginning = hashlib.sha256(), 0, b""
        file = await asyncio.to_thread(self._open, part)
        try:
            async for chunk in chunks:
                size += len(chunk)
                if size > MAX_FILE:
                    raise TooLarge
                beginning = (beginning + chunk[:8])[:8] if len(beginning) < 8 else beginning
                digest.update(chunk)
                await asyncio.to_thread(file.write, chunk)
            await asyncio.to_thread(self._close, file, part, self.path(artifact_id))
        except BaseException:
            file.close()
            part.unlink(missing_ok=True)
            raise
        return Received(artifact_id, size, digest.hexdigest(), beginning)

    def _open(self, part: Path) -> BinaryIO:
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        return os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")

    @staticmethod
    def _close(file: BinaryIO, part: Path, whole: Path) -> None:
        file.flush()
        os.fsync(file.fileno())
        file.close()
        part.rename(whole)

    def remove(self, artifact_id: str) -> None:
        self.path(artifact_id).unlink(missing_ok=True)


async def expects_file(session: AsyncSession, kiosk_id: str, command_id: str, at: datetime) -> Command:
    """The command this file answers. Raises AckRefused unless this kiosk holds it and it asks for a file."""
    command = await session.get(Command, command_id)
    if command is None:
        raise AckRefused(FleetProblem.NOT_FOUND, "no such command")
    if command.kiosk_id != kiosk_id:
        raise AckRefused(FleetProblem.WRONG_KIOSK, "the command is another kiosk's")
    if command.kind not in WITH_FILE:
        raise AckRefused(FleetProblem.INVALID, "this command asks for no file")
    if command.state != CommandState.LEASED or at >= command.expires_at:
        raise AckRefused(FleetProblem.CONFLICT, "the command is not handed out, finished or expired")
    return command


async def keep(
    sessions: Sessions, store: ArtifactStore, kiosk_id: str, command_id: str, received: Received, at: datetime
) -> None:
    """Enter a received file; one sent again replaces the one before. Raises AckRefused; the file is gone then."""
    replaced: str | None = None
    try:
        async with writing(sessions) as session:
            command = await expects_file(session, kiosk_id, command_id, at)
            kind = CommandKind(command.kind)
            if not received.beginning.startswith(_BEGINNINGS[kind]):
                raise AckRefused(FleetProblem.INVALID, f"not {WITH_FILE[kind]}")
            before = await session.scalar(select(Artifact).where(Artifact.command_id == command_id).with_for_update())
            if before is not None:
                replaced = before.artifact_id
                await session.delete(before)
                await session.flush()
            session.add(
                Artifact(
                    artifact_id=received.artifact_id,
                    command_id=command_id,
                    kiosk_id=kiosk_id,
                    region_code=command.region_code,
                    kind=kind.value,
                    size=received.size,
                    sha256=received.sha256,
                    created_at=at,
                )
            )
            await session.commit()
    except BaseException:
        await asyncio.to_thread(store.remove, received.artifact_id)
        raise
    if replaced is not None:
        await asyncio.to_thread(store.remove, replaced)


async def retire(sessions: Sessions, store: ArtifactStore, at: datetime) -> int:
    """The job "artifacts": delete what is older than KEPT, and files nobody has entered. Returns how many rows."""
    async with writing(sessions) as session:
        old = (
            await session.scalars(
                delete(Artifact).where(Artifact.created_at < at - KEPT).returning(Artifact.artifact_id)
            )
        ).all()
        await session.commit()
        known = set((await session.scalars(select(Artifact.artifact_id))).all())
    await asyncio.to_thread(_tidy, store, known, at.timestamp())
    return len(old)


def _tidy(store: ArtifactStore, known: set[str], now: float) -> None:
    if not store.folder.is_dir():
        return
    for file in store.folder.iterdir():
        if file.name not in known and file.stat().st_mtime < now - _STALE_S:
            file.unlink(missing_ok=True)
