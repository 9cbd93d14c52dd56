"""The rules content must keep before residents see it, one module a group. Each finding says where and what to do."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from content.lint import (
    branches,
    codes,
    deliveries,
    elements,
    forms,
    guides,
    journeys,
    kinds,
    outputs,
    packages,
    papers,
    texts,
)
from content.lint.fault import Fault, Finding
from content.lint.known import Known
from content.schema.service import Service

__all__ = ["Fault", "Finding", "Known", "lint_service"]

_RULES: tuple[Callable[[Service, Known], Iterator[Finding]], ...] = (
    texts.rules,
    codes.rules,
    elements.rules,
    papers.rules,
    guides.rules,
    branches.rules,
    forms.rules,
    outputs.rules,
    journeys.rules,
    kinds.rules,
    deliveries.rules,
    packages.rules,
)


def lint_service(service: Service, known: Known) -> list[Finding]:
    """Every rule over one service."""
    return [finding for rules in _RULES for finding in rules(service, known)]
