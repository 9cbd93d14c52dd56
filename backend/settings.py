"""The backend's settings: environment variables `MENKOU_BACKEND_*`, defaults for the embedded demonstration."""

from __future__ import annotations

from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

# What the demonstration may default to, and a production must have said for itself.
_DEMONSTRATION = ("exchange_key", "exchange_url", "alipay_gateway", "alipay_app_id", "alipay_seller_id")
_HTTPS = ("public_url", "alipay_gateway")
# The sandbox signs electronic business licences with a key that everybody knows.
_SANDBOX_LICENCE_KEY = "m9E1y8HrS4lZ7aaZ_3u1hybigcPw7L8s4broyQocKy4"


class SettingsError(Exception):
    """The settings do not fit the environment; the message names the variables, never a value."""


class BackendSettings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="MENKOU_BACKEND_", hide_input_in_errors=True)

    environment: Literal["embedded", "production"] = "embedded"
    var_dir: Path = Path("var/backend")  # database, keys, certificates' files
    sandbox_dir: Path = Path("var/sandbox")  # embedded only: where the stand-in gateway leaves its public key
    database_url: str = ""  # empty: SQLite in var_dir
    content_dir: Path = Path("build/content")  # the compiled pack of `menkou content build`
    content_keep_days: int = Field(30, ge=1)  # a signed pack is answered for so long after a newer one
    public_url: str = "http://127.0.0.1:8100"  # where residents and gateways reach this backend
    host: str = "127.0.0.1"
    port: int = 8100
    site: str = "青口社区便民服务站"

    exchange_url: str = "http://127.0.0.1:8110/exchange"  # the departments' data exchange
    exchange_key: SecretStr = SecretStr("sandbox-exchange-key")  # HMAC key shared with the exchange

    licence_key: str = ""  # Ed25519, base64url: the registry's, for electronic business licences; none: refused

    alipay_gateway: str = "http://127.0.0.1:8110/alipay/gateway.do"
    alipay_app_id: str = "2021000000000000"
    alipay_seller_id: str = "2088000000000000"
    alipay_merchant_key: Path | None = None  # PEM; embedded: made in var_dir at first start
    alipay_public_key: Path | None = None  # PEM of the gateway; embedded: read from the sandbox's var_dir
    gateway_timeout_s: float = 6.0
    payment_expiry_s: int = 180
    bill_ttl_s: int = 900  # how long a looked-up bill may be paid
    sweep_interval_s: float = 2.0
    jobs: bool = True  # run the background jobs in this process too; False where `menkou backend worker` does

    @property
    def effective_database_url(self) -> str:
        return self.database_url or f"sqlite+aiosqlite:///{self.var_dir / 'menkou.sqlite3'}"

    @property
    def effective_licence_key(self) -> str:
        """Embedded, the sandbox's licences are believed."""
        return self.licence_key or (_SANDBOX_LICENCE_KEY if self.environment == "embedded" else "")

    def check_production(self) -> None:
        """Raises SettingsError where a production would run on the demonstration's keys, accounts or addresses."""
        if self.environment != "production":
            return
        fields = type(self).model_fields
        faults = [
            f"{_variable(name)} still has the demonstration's value"
            for name in _DEMONSTRATION
            if getattr(self, name) in (fields[name].default, "", SecretStr(""))
        ]
        if self.licence_key == _SANDBOX_LICENCE_KEY:
            faults.append(f"{_variable('licence_key')} is the sandbox's key")
        faults += [
            f"{_variable(name)} must be https" for name in _HTTPS if urlsplit(getattr(self, name)).scheme != "https"
        ]
        if faults:
            raise SettingsError("not fit for production: " + "; ".join(faults))


def _variable(field: str) -> str:
    return f"MENKOU_BACKEND_{field.upper()}"
