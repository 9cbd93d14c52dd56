"""The settings of staff accounts: environment variables `MENKOU_STAFF_*`."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal

from pydantic import SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class StaffSettings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="MENKOU_STAFF_", hide_input_in_errors=True)

    second_factor: bool = False  # ask for one in the embedded demonstration too; production always does
    first_account: bool = True  # embedded: make the account "admin" where there is none
    idle_min: int = 30
    absolute_h: int = 12

    oidc_issuer: str = ""  # empty: no sign-in through a provider
    oidc_client_id: str = ""
    oidc_client_secret: SecretStr = SecretStr("")  # empty: a public client, PKCE only
    oidc_name: str = "OpenID Connect"  # on the button
    oidc_scope: str = "openid profile email"
    oidc_second_factor: Literal["ours", "provider"] = "ours"
    oidc_login_claim: str = "sub"  # what an invitation may name: unique there, and not for people to change
    oidc_groups_claim: str = "groups"
    oidc_group_grants: str = ""  # GROUP=ROLE:REGION, separated by commas

    @property
    def idle(self) -> timedelta:
        return timedelta(minutes=self.idle_min)

    @property
    def absolute(self) -> timedelta:
        return timedelta(hours=self.absolute_h)
