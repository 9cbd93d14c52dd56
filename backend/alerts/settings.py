"""Settings of the alerts: environment variables `MENKOU_ALERTS_*`."""

from __future__ import annotations

from pydantic import SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class AlertsSettings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="MENKOU_ALERTS_", hide_input_in_errors=True)

    round_s: float = 5.0  # between two looks at what happened
    scan_s: float = 60.0  # between two looks at all heartbeats' measurements
    sweep_s: float = 300.0  # between two looks at everything

    group_window_s: float = 300.0  # what belongs together happens within
    group_township: int = 6  # this many at once make one group, by level of the region
    group_county: int = 12
    group_city: int = 40
    group_province: int = 120

    quiet_hours: str = "22:00-07:00"  # China's time; warnings wait until its end, errors never; empty: none
    fallback_email: str = ""  # who is told when nobody is on duty
    fallback_webhook: str = ""
    fallback_phone: str = ""
    keep_days: int = 400  # cleared alerts, with their history and messages

    smtp_host: str = ""  # empty: no e-mail
    smtp_port: int = 465
    smtp_tls: str = "implicit"  # "implicit", "starttls" or "none"
    smtp_user: str = ""
    smtp_password: SecretStr = SecretStr("")
    smtp_from: str = "menkou@localhost"
    webhook_key: SecretStr = SecretStr("")  # HMAC-SHA256 over time and body; empty: no webhooks
    webhook_private_hosts: str = ""  # names of receivers inside the house, by comma; others must be public https
    channel_timeout_s: float = 10.0
    outbox_s: float = 5.0
    outbox_attempts: int = 12  # with pauses from 5 s to 30 min; then given up, which is shown

    def group_at(self, level: int) -> int:
        """How many troubles at once make a group in a region of `level` (regions.division.Level)."""
        if level <= 1:
            return self.group_province
        return {2: self.group_city, 3: self.group_county}.get(level, self.group_township)
