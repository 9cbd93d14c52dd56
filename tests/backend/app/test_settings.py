"""A production does not run on the demonstration's keys and addresses; every setting is written down."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError
from pydantic_settings import BaseSettings
from typer.testing import CliRunner

from backend.alerts.settings import AlertsSettings
from backend.app import create_app
from backend.appointments.settings import AppointmentSettings
from backend.assistance.settings import AssistanceSettings
from backend.cases.settings import CasesSettings
from backend.cli import app
from backend.db.settings import DatabaseSettings
from backend.feedback.settings import FeedbackSettings
from backend.fleet.heartbeat.settings import HeartbeatSettings
from backend.fleet.settings import FleetSettings
from backend.operations.settings import OperationsSettings, TelemetrySettings
from backend.sandbox.settings import SandboxSettings
from backend.settings import BackendSettings, SettingsError
from backend.staff.settings import StaffSettings
from kiosk.settings import KioskSettings

REFERENCE = Path(__file__).parents[3] / "docs" / "reference" / "settings.md"
PRODUCTION: dict[str, Any] = {
    "environment": "production",
    "exchange_key": "a key of their own",
    "exchange_url": "https://exchange.invalid",
    "alipay_app_id": "2026000000000001",
    "alipay_seller_id": "2088000000000001",
    "alipay_gateway": "https://gateway.invalid/gateway.do",
    "public_url": "https://menkou.invalid",
}


def test_a_production_of_its_own_is_fit() -> None:
    BackendSettings(**PRODUCTION).check_production()
    BackendSettings().check_production()  # the demonstration may be one


@pytest.mark.parametrize("name", [name for name in PRODUCTION if name != "environment"])
def test_a_production_names_what_it_has_left_out(name: str, tmp_path: Path) -> None:
    settings = BackendSettings(**{key: value for key, value in PRODUCTION.items() if key != name}, var_dir=tmp_path)
    with pytest.raises(SettingsError, match=f"MENKOU_BACKEND_{name.upper()} ") as caught:
        create_app(settings)
    assert str(caught.value).count("MENKOU_") == 1 + (name == "alipay_gateway")  # the default is not https either
    assert "sandbox-exchange-key" not in str(caught.value)


@pytest.mark.parametrize("name", ["public_url", "alipay_gateway"])
@pytest.mark.parametrize("value", ["http://menkou.invalid", "menkou.invalid", ""])
def test_a_production_speaks_https(name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=f"MENKOU_BACKEND_{name.upper()} must be https"):
        BackendSettings(**{**PRODUCTION, name: value}).check_production()


def test_the_command_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("MENKOU_BACKEND_ENVIRONMENT", "production")
    monkeypatch.setenv("MENKOU_BACKEND_VAR_DIR", str(tmp_path))
    result = CliRunner().invoke(app, ["serve"])
    assert result.exit_code == 1
    assert "MENKOU_BACKEND_EXCHANGE_KEY" in result.output


@pytest.mark.parametrize("settings", [BackendSettings, SandboxSettings])
def test_no_third_environment(settings: type[BackendSettings | SandboxSettings]) -> None:
    with pytest.raises(ValidationError, match="environment"):
        settings(environment="prod")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "settings",
    [
        BackendSettings,
        FleetSettings,
        HeartbeatSettings,
        SandboxSettings,
        KioskSettings,
        DatabaseSettings,
        OperationsSettings,
        TelemetrySettings,
        StaffSettings,
        AlertsSettings,
        CasesSettings,
        AppointmentSettings,
        FeedbackSettings,
        AssistanceSettings,
    ],
)
def test_the_reference_names_every_setting_with_its_default(settings: type[BaseSettings]) -> None:
    prefix = settings.model_config["env_prefix"]
    rows = dict(re.findall(rf"^\| `({prefix}\w+)` \| (.*?) \|", REFERENCE.read_text("utf-8"), re.MULTILINE))
    wanted = {}
    for name, field in settings.model_fields.items():
        default = getattr(field.default, "get_secret_value", lambda field=field: field.default)()
        text = str(default).lower() if isinstance(default, bool) else str(default)
        wanted[f"{prefix}{name.upper()}"] = "–" if default in (None, "") else f"`{text}`"
    assert rows == wanted
