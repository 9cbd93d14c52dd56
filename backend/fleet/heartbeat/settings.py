"""Settings of the hot path: environment variables `MENKOU_HEARTBEAT_*`.

How often kiosks come is the fleet's own setting, MENKOU_FLEET_HEARTBEAT_S.
"""

from __future__ import annotations

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class HeartbeatSettings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="MENKOU_HEARTBEAT_", hide_input_in_errors=True)

    gather_ms: float = Field(40, ge=0, le=1000)  # how long a batch is waited for, while it is small
    batch: int = Field(500, ge=1, le=5000)  # heartbeats of one statement
    queue: int = Field(20_000, ge=1)  # waiting heartbeats; above that callers are sent away with 503
    body_s: float = Field(10.0, gt=0)  # a body that takes longer is cut off
    database_s: float = Field(8.0, gt=0)  # patience with one batch
    clock_s: int = Field(120, ge=5)  # a kiosk's clock may be off by so much
    storage_low_mb: int = Field(500, ge=0)
    polls_up_to: int = Field(5_000, ge=0)  # enrolled kiosks, up to which each may hold a long poll
    interface_stuck_s: int = Field(300, ge=10)  # since the screen last drew
