"""The backend's settings: environment variables `MENKOU_BACKEND_*`, defaults for the embedded demonstration."""

from __future__ import annotations

from pathlib import Path

from pydantic import SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class BackendSettings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="MENKOU_BACKEND_")

    environment: str = "embedded"  # "embedded" | "production"
    var_dir: Path = Path("var/backend")  # database, keys, certificates' files
    sandbox_dir: Path = Path("var/sandbox")  # embedded only: where the stand-in gateway leaves its public key
    database_url: str = ""  # empty: SQLite in var_dir
    content_dir: Path = Path("build/content")  # the compiled pack of `menkou content build`
    public_url: str = "http://127.0.0.1:8100"  # where residents and gateways reach this backend
    host: str = "127.0.0.1"
    port: int = 8100
    site: str = "青口社区便民服务站"

    exchange_url: str = "http://127.0.0.1:8110/exchange"  # the departments' data exchange
    exchange_key: SecretStr = SecretStr("sandbox-exchange-key")  # HMAC key shared with the exchange

    alipay_gateway: str = "http://127.0.0.1:8110/alipay/gateway.do"
    alipay_app_id: str = "2021000000000000"
    alipay_seller_id: str = "2088000000000000"
    alipay_merchant_key: Path | None = None  # PEM; embedded: made in var_dir at first start
    alipay_public_key: Path | None = None  # PEM of the gateway; embedded: read from the sandbox's var_dir
    gateway_timeout_s: float = 6.0
    payment_expiry_s: int = 180
    bill_ttl_s: int = 900  # how long a looked-up bill may be paid
    sweep_interval_s: float = 2.0

    @property
    def effective_database_url(self) -> str:
        return self.database_url or f"sqlite+aiosqlite:///{self.var_dir / 'menkou.sqlite3'}"
