"""Knowing a job of ours among others: not every printer tells a job's name, and some cut it short."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from drivers.document_printer.ipp_values import Group


def may_be_ours(job_name: str, group: Group) -> bool:
    """False only when the job has a name, and it is another's."""
    names = group.strings("job-name")
    return not names or not names[0] or job_name.startswith(names[0])


def _told_enough(job_name: str, group: Group) -> bool:
    """A shortened name in which three quarters of ours are left."""
    return 4 * len("".join(group.strings("job-name")[:1])) >= 3 * len(job_name)


@dataclass
class JobSearch:
    """`job_name` among the jobs a printer lists. `job_id`: its number, 0 when it was never heard."""

    job_name: str
    job_id: int = 0
    _candidates: dict[int, Group] = field(default_factory=dict)

    def look(self, groups: Iterable[Group]) -> tuple[int, Group] | None:
        """The job for sure: the newest with the whole name, or with our number and no other name."""
        certain: dict[int, Group] = {}
        for group in groups:
            number = group.integer("job-id") or 0
            if self.job_name in group.strings("job-name")[:1]:
                certain[number] = group
            elif may_be_ours(self.job_name, group):
                (certain if number and number == self.job_id else self._candidates)[number] = group
        return (max(certain), certain[max(certain)]) if certain else None

    def best_guess(self) -> tuple[int, Group] | None:
        """When none was certain: the only job it may be, if enough of the name is left."""
        if len(self._candidates) == 1:
            [(number, group)] = self._candidates.items()
            return (number, group) if _told_enough(self.job_name, group) else None
        return None

    @property
    def perhaps(self) -> bool:
        """Some job may be ours, and nobody can tell."""
        return bool(self._candidates)
