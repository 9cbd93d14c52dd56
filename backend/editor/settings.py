"""`MENKOU_EDITOR_*`."""

from __future__ import annotations

from pathlib import Path

from pydantic_settings import BaseSettings, SettingsConfigDict

from content.build import CATALOGUE
from content.cli import KNOWN_ICONS


class EditorSettings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="MENKOU_EDITOR_")

    catalogue: Path = CATALOGUE  # what the store begins with; departments, operations, templates and media for good
    icons: Path | None = KNOWN_ICONS  # names of the icon font; not checked without it
