"""How complaints are kept: environment variables `MENKOU_FEEDBACK_*`."""

from __future__ import annotations

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class FeedbackSettings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="MENKOU_FEEDBACK_", hide_input_in_errors=True)

    # Working days until a complaint is answered. No national number: five here and there, other places say fifteen.
    answer_days: int = Field(5, ge=1, le=60)
    keep_days: int = Field(365, ge=1)  # after that words and phone are forgotten; the counts stay
