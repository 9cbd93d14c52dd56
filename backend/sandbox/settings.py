"""The sandbox's settings: environment variables `MENKOU_SANDBOX_*`."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class SandboxSettings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="MENKOU_SANDBOX_")

    environment: Literal["embedded", "production"] = "embedded"  # it refuses to start in the latter
    host: str = "127.0.0.1"
    port: int = 8110
    var_dir: Path = Path("var/sandbox")  # its keys and its trades
    merchant_public_key: Path = Path("var/backend/alipay_merchant_public.pem")

    exchange_key: SecretStr = SecretStr("sandbox-exchange-key")
    app_id: str = "2021000000000000"
    seller_id: str = "2088000000000000"
    minute_s: float = 60.0  # a gateway minute (expiry of trades) in real seconds
    notify_minute_s: float = 1.0  # the same for the pauses between notifications, faster so that they can be seen
