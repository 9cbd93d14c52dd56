"""What a service may refer to, as the rules need it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from content.schema.reference import Department, Operation


@dataclass(frozen=True)
class Known:
    """`icons` None: names of icons cannot be checked here. `today` None: nothing is judged by the day it is, so that
    the same catalogue builds the same next year."""

    templates: frozenset[str] = frozenset()
    media: frozenset[str] = frozenset()
    icons: frozenset[str] | None = None
    operations: dict[str, Operation] = field(default_factory=dict)
    departments: dict[str, Department] = field(default_factory=dict)
    province_codes: frozenset[str] = frozenset()  # the first two digits of division codes
    today: date | None = None
