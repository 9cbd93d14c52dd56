"""What the kiosk asks of any A4 printer."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from drivers.device import Device


class JobState(StrEnum):
    """IPP job-state (RFC 8011 §5.3.7), as far as a client must tell them apart."""

    PENDING = "pending"
    PROCESSING = "processing"
    STOPPED = "stopped"  # processing-stopped, or processing with a hard printer-state-reason: a person must act
    COMPLETED = "completed"
    CANCELED = "canceled"
    ABORTED = "aborted"
    UNKNOWN = "unknown"  # the printer cannot be asked, or no longer knows the job


FINAL_STATES = frozenset({JobState.COMPLETED, JobState.CANCELED, JobState.ABORTED})


@dataclass(frozen=True)
class PrintJob:
    """A job the printer has accepted."""

    job_id: int
    job_name: str


@dataclass(frozen=True)
class JobProgress:
    """One look at a job; `reasons` are printer-state and job-state keywords without severity suffix.

    `sheets_done`: sheets that are out; 0 only from a printer that is known to count them, None: nobody can tell."""

    state: JobState
    sheets_done: int | None = None
    reasons: frozenset[str] = frozenset()


class Tray(StrEnum):
    """Where the sheet comes from."""

    PLAIN = "plain"
    SPECIAL = "special"  # counted stock: licences, certificates on security paper


class SubmitFault(StrEnum):
    OFFLINE = "offline"
    BUSY = "busy"
    FORMAT_NOT_SUPPORTED = "format-not-supported"
    NOT_ACCEPTING = "not-accepting"
    NO_MEDIA = "no-media"  # the special stock is used up, or this printer has none
    REJECTED = "rejected"
    UNKNOWN = "unknown"  # it broke after bytes were sent: the job may exist; ask `find_job`


class DocumentPrinter(Device, Protocol):
    async def submit(
        self, document: bytes, job_name: str, mime_type: str = "application/pdf", *, tray: Tray = Tray.PLAIN
    ) -> PrintJob | SubmitFault:
        """Print-Job: A4, one side, one copy, no scaling. `job_name` must be unique: it finds the job again. A PDF is
        turned into what the printer takes. Special stock is never replaced by plain paper."""

    def follow(self, job: PrintJob) -> AsyncIterator[JobProgress]:
        """Every change of the job until it is final, or UNKNOWN once the printer stays silent too long."""

    async def find_job(self, job_name: str) -> tuple[PrintJob, JobProgress] | None:
        """Look the job up by its name among current and finished jobs (Get-Jobs). None only when the printer answered
        and knows no such job; when it cannot be asked, or does not tell which job is ours, the job has id 0 and is
        UNKNOWN: nothing follows from that."""

    async def cancel(self, job: PrintJob) -> JobProgress:
        """Cancel-Job; then the state it ended in."""
