"""Rules for helpers: environment variables `MENKOU_ASSISTANCE_*`."""

from __future__ import annotations

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class AssistanceSettings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="MENKOU_ASSISTANCE_", hide_input_in_errors=True)

    badge_hours: int = Field(12, ge=1, le=24 * 31)  # a helper's badge, from when it is made: a shift
    help_min: int = Field(30, ge=1, le=240)  # how long one showing of it joins a helper to a terminal
