"""How applications are kept: environment variables `MENKOU_CASES_*`."""

from __future__ import annotations

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class CasesSettings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="MENKOU_CASES_", hide_input_in_errors=True)

    draft_days: int = Field(7, ge=1, le=90)  # a saved draft can be gone on with
    drafts_per_person: int = Field(5, ge=1, le=50)  # beyond that the oldest goes
    scan_hours: int = Field(24, ge=1, le=168)  # a scan waits for its case
    scans_per_kiosk: int = Field(200, ge=1)  # waiting at the same time
    scan_disk_floor_mib: int = Field(512, ge=0)  # with less room on the disk no scan is taken
    serials_per_kiosk: int = Field(1000, ge=1)  # case numbers of one task and day, of ten thousand
    content_days: int = Field(90, ge=1)  # what was applied for, since the last department has taken or refused it
    deferral_working_days: int = Field(15, ge=1)  # what was promised to be handed in later (容缺) is due
    prefill_timeout_s: float = Field(4.0, gt=0, le=30)  # a department that takes longer is done without
    instant_timeout_s: float = Field(5.0, gt=0, le=30)  # the resident waits for a decision on the spot
    handover_s: float = Field(5.0, gt=0)  # how often what is due is handed over
    handover_timeout_s: float = Field(10.0, gt=0, le=120)
    tries_per_case: int = Field(5, ge=1)  # wrong codes for one number in `tries_minutes`
    tries_per_kiosk: int = Field(30, ge=1)
    tries_minutes: int = Field(15, ge=1)
