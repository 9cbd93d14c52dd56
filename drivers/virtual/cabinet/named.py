"""A button of the page and of the API: the id that is sent, and what stands on it."""

from __future__ import annotations

from pydantic import BaseModel


class Named(BaseModel):
    """`on` is a condition on the state ("id_reader.card=li") under which the button shows as pressed.

    A pressed button that has an `undo` sends that instead, and says so.
    """

    id: str
    label_zh: str
    label_en: str
    on: str = ""
    undo: str = ""
    undo_zh: str = ""
    undo_en: str = ""
