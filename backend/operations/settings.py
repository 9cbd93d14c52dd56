"""How the desk is watched: environment variables `MENKOU_OPERATIONS_*` and `MENKOU_TELEMETRY_*`."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class OperationsSettings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="MENKOU_OPERATIONS_", hide_input_in_errors=True)

    metrics_token: SecretStr = SecretStr("")  # who sends it may read /metrics from elsewhere than the loopback
    worker_socket: Path | None = None  # where the worker answers /healthz, /readyz, /metrics; None: nowhere
    worker_port: int = Field(0, ge=0, le=65535)  # the same on the loopback; 0: not
    min_free_mib: int = Field(256, ge=0)  # less in the var dir, and the desk says it is not ready


class TelemetrySettings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="MENKOU_TELEMETRY_", hide_input_in_errors=True)

    endpoint: str = ""  # OTLP over HTTP, e.g. http://127.0.0.1:4318/v1/traces; empty: nothing is traced or sent
    share: float = Field(0.01, ge=0, le=1)  # of the requests
    token: SecretStr = SecretStr("")  # sent as a bearer token
    service_name: str = "menkou-backend"
