"""The camera over the tray where residents lay their papers, as journeys see it."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Protocol

from kiosk.screens import PreviewSource


@dataclass(frozen=True, eq=False)
class PaperPicture:
    """One page. `jpeg` is what is kept; `png` is smaller and for the screen."""

    jpeg: bytes = field(repr=False)
    png: bytes = field(repr=False)


class PaperCamera(Protocol):
    @property
    def preview(self) -> PreviewSource:
        """What lies under the camera now; nothing outside `looking`."""

    async def ready(self) -> bool:
        """Is the camera there? Does not take a picture."""

    def looking(self) -> AbstractAsyncContextManager[None]:
        """The camera is on inside, off afterwards, and pictures of it are overwritten."""

    async def take(self) -> PaperPicture | None:
        """The page as it lies there, inside `looking`; None: there was no picture (camera gone, too dark)."""
