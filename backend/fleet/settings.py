"""The fleet's settings: environment variables `MENKOU_FLEET_*`, defaults for the embedded demonstration."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from backend.settings import BackendSettings, SettingsError

_MIN_SECRET = 32  # characters


class FleetSettings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="MENKOU_FLEET_", hide_input_in_errors=True)

    # Where kiosks come in
    kiosk_host: str = "127.0.0.1"
    kiosk_port: int = Field(default=8143, ge=0, le=65535)
    kiosk_url: str = ""  # how kiosks reach us, printed on enrolment sheets; empty: https://KIOSK_HOST:KIOSK_PORT
    kiosk_names: str = "localhost,127.0.0.1"  # in our own server certificate: names and addresses
    keep_alive_s: int = Field(default=330, ge=10)  # above the heartbeat and the longest poll, or each connects anew
    # Behind nginx: Unix sockets instead of ports
    proxied: bool = False
    socket_dir: Path = Path("/run/menkou")  # people.sock and kiosks.sock
    proxy_secret: SecretStr = SecretStr("")  # if set, the proxy must send it as X-Menkou-Proxy

    # Who signs the kiosks' certificates
    authority_certificate: Path | None = None  # PEM: the issuing certificate, then those above it up to the root
    authority_key: Path | None = None  # PEM of its key
    server_certificate: Path | None = None  # PEM with its chain; for the kiosks' listener without a proxy
    server_key: Path | None = None
    server_authority: Path | None = None  # PEM: whom kiosks trust as the desk; None: the root of ours
    certificate_days: float = Field(default=90, gt=0, le=825)
    code_minutes: float = Field(default=60, gt=0, le=24 * 60)
    heartbeat_s: int = Field(default=60, ge=5, le=3600)

    @property
    def effective_kiosk_url(self) -> str:
        return (self.kiosk_url or f"https://{self.kiosk_host}:{self.kiosk_port}").rstrip("/")

    @property
    def names(self) -> list[str]:
        return [name.strip() for name in self.kiosk_names.split(",") if name.strip()]

    def check_production(self, backend: BackendSettings) -> None:
        """Raises SettingsError where a production would run on an authority it made itself."""
        if backend.environment != "production":
            return
        wanted = ["authority_certificate", "authority_key", "kiosk_url"]
        faults = [f"MENKOU_FLEET_{name.upper()} is not set" for name in wanted if not getattr(self, name)]
        if (self.server_certificate is None) != (self.server_key is None):
            faults.append("MENKOU_FLEET_SERVER_CERTIFICATE and MENKOU_FLEET_SERVER_KEY belong together")
        if self.kiosk_url and not self.kiosk_url.startswith("https://"):
            faults.append("MENKOU_FLEET_KIOSK_URL must be https")
        if 0 < len(self.proxy_secret.get_secret_value()) < _MIN_SECRET:
            faults.append(f"MENKOU_FLEET_PROXY_SECRET must have {_MIN_SECRET} characters or more")
        if faults:
            raise SettingsError("not fit for production: " + "; ".join(faults))
