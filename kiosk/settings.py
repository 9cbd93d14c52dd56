"""The kiosk's settings: environment variables `MENKOU_KIOSK_*`."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class KioskSettings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="MENKOU_KIOSK_")

    var_dir: Path = Path("var/kiosk")  # the journal and the kiosk's identity live here
    devices_file: Path = Path("var/cabinet/devices.toml")
    content_dir: Path = Path("build/content")  # the pack that came with the software; newer ones live in var_dir
    content_root: Path | None = None  # TUF root metadata: whose signatures content needs; empty: the enrolment's
    backend_url: str = ""  # https; empty: where the kiosk was enrolled

    site: str = "青口社区便民服务站"
    site_en: str = "Qingkou Community Service Point"
    terminal: str = "QK-0107"
    division: str = Field("519999", pattern=r"^\d{0,12}$")  # where it stands; what is not offered there says so
    start_service: str = ""  # opened by itself at the start, for a preview
    staff_phone: str = "0000-12345"  # shown when a resident calls staff; configuration of the site

    width: int = 1080
    height: int = 1920
    fullscreen: bool = False
    watchdog: Path | None = None  # the kernel's, where systemd does not own it
    inspect_socket: Path | None = None  # for the demo program and benchmarks only

    # Screen and sound, where the cabinet can set them
    dim_after_s: float = Field(300.0, ge=0)  # of rest on the home screen; 0: never
    dim_percent: int = Field(30, ge=1, le=100)
    volume: int = Field(60, ge=0, le=100)  # percent, at the start of every session

    # The fleet's desk
    first_heartbeat_s: float = Field(30.0, ge=0)  # after a start the first one comes at random within so long
    wait_s: int = Field(240, ge=0, le=300)  # how long one question for urgent commands stays open; 0: none are asked
    restarts_an_hour: int = Field(3, ge=1)  # the desk may order so many
    opens_at: str = Field("00:00", pattern=r"^([01]\d|2[0-3]):[0-5]\d$")  # Beijing time
    closes_at: str = Field("24:00", pattern=r"^(([01]\d|2[0-3]):[0-5]\d|24:00)$")

    # Identity
    face_enabled: bool = True
    face_threshold: float = 0.5  # distance; engine-specific
    face_band: float = 0.05  # threshold ± band is borderline: refused by face, offered the other way
    face_timeout_s: float = 25.0
    face_attempts: int = 2  # refusals before only the other ways are offered
    card_timeout_s: float = 60.0

    # Times a resident is given, in seconds; large type (长辈模式) multiplies them, see PatientStage
    idle_scale: float = 1.0
    more_time_s: float = 30.0
    goodbye_s: float = 6.0
    rate_s: float = 20.0
    print_hold_s: float = 180.0  # a stopped printer is waited for this long, then the certificate is voided
    payment_poll_s: float = 1.0
    booking_patience_s: float = 15.0  # paid, but the company has not booked it yet
    recovery_patience_s: float = 8.0  # at start and after a session, before the home screen comes anyway
