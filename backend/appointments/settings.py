"""Rules for bookings: environment variables `MENKOU_APPOINTMENTS_*`. Every hall has its own [to be confirmed]."""

from __future__ import annotations

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class AppointmentSettings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="MENKOU_APPOINTMENTS_", hide_input_in_errors=True)

    open_each: int = Field(1, ge=0)  # a person's bookings of one matter that are still to come; 0: any number
    early_min: int = Field(15, ge=0)  # a ticket taken so long before the booked time already goes first
    late_min: int = Field(15, ge=0)  # after that the booking has lapsed: in turn like everybody
    # Off unless residents really check in with their booking number: whoever goes straight to a window looks absent.
    missed_most: int = Field(0, ge=0)  # bookings missed in `missed_days`, from which on none is made; 0: no such rule
    missed_days: int = Field(365, ge=1)
    missed_pause_days: int = Field(30, ge=1)  # since the last one missed
    keep_days: int = Field(30, ge=1)  # after its day a booking's person and phone are forgotten
