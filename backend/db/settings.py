"""How the database is spoken to: environment variables `MENKOU_DATABASE_*`. Only PostgreSQL heeds them."""

from __future__ import annotations

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class DatabaseSettings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="MENKOU_DATABASE_", hide_input_in_errors=True)

    # Per process. Processes × (pool + overflow) must stay below max_connections with some to spare for a person.
    pool_size: int = Field(10, ge=1)
    pool_overflow: int = Field(5, ge=0)
    pool_timeout_s: float = Field(10.0, gt=0)  # how long a request waits for a connection
    pool_recycle_s: int = Field(1800, ge=1)  # a connection older than this is replaced: after a switch back, too
    connect_timeout_s: float = Field(3.0, gt=0)  # per host
    statement_timeout_s: float = Field(30.0, gt=0)
    lock_timeout_s: float = Field(10.0, gt=0)
    idle_in_transaction_s: float = Field(60.0, gt=0)
    application_name: str = "menkou"  # in pg_stat_activity
