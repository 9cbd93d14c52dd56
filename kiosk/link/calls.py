"""What the backend's answers are, and how the parts of its client ask."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TypeVar

from pydantic import BaseModel

M = TypeVar("M", bound=BaseModel)


@dataclass(frozen=True)
class Refusal:
    """The backend understood and said no. `code` is a `ProblemCode` value, or "invalid" for a malformed request."""

    code: str
    detail: str = ""  # which field, for a form that does not fit; never personal data


@dataclass(frozen=True)
class Unreachable:
    """No usable answer. The request may or may not have been carried out."""

    reason: str


Fault = Refusal | Unreachable


class BackendCalls(ABC):
    """Asks one path and reads the answer into a model."""

    @abstractmethod
    async def _call(
        self,
        model: type[M],
        method: str,
        path: str,
        body: BaseModel | None = None,
        *,
        retries: int | None = None,
        timeout_s: float | None = None,
    ) -> M | Fault: ...

    @abstractmethod
    async def _upload(self, model: type[M], path: str, data: bytes) -> M | Fault: ...
