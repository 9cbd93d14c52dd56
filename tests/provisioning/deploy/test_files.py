"""The other shipped files: systemd takes the units, PostgreSQL its settings, and no setting has a name of its own."""

from __future__ import annotations

import re
import shutil
import stat
import subprocess
from pathlib import Path

import pytest
import yaml
from pydantic_settings import BaseSettings
from typer.testing import CliRunner

from backend.db.settings import DatabaseSettings
from backend.fleet.settings import FleetSettings
from backend.operations.settings import OperationsSettings
from backend.settings import BackendSettings
from provisioning.deploy.deploy_cli import PLACES, app, values_of, write_files
from provisioning.deploy.render import FILES, Unfilled, placeholders, render
from tests.postgres import Cluster

UNITS = [name for name in PLACES if "systemd" in PLACES[name]]


@pytest.fixture
def written(tmp_path: Path) -> Path:
    """The files as on a machine whose program lies in a folder of the test."""
    program = tmp_path / "program"
    (program / ".venv" / "bin").mkdir(parents=True)
    command = program / ".venv" / "bin" / "menkou"
    command.write_text("#!/bin/sh\n")
    command.chmod(0o755)
    write_files(tmp_path / "out", values_of("desk.invalid", "kiosks.invalid", 8143, "postgresql+asyncpg:///x", program))
    return tmp_path / "out"


def test_the_command_writes_every_file_once(tmp_path: Path) -> None:
    argv = ["--out", str(tmp_path), "--people", "desk.invalid", "--kiosks", "kiosks.invalid"]
    assert CliRunner().invoke(app, argv).exit_code == 0
    texts = {place: (tmp_path / place).read_text() for place in PLACES.values()}
    assert not any(re.search(r"@[A-Z_]+@", text) for text in texts.values())
    secret = re.search(r"MENKOU_FLEET_PROXY_SECRET=(\S{40,})", texts["etc/menkou/backend.env"])
    assert secret is not None
    assert secret[1] in texts["etc/nginx/menkou-secret.conf"]
    for place in ("etc/menkou/backend.env", "etc/nginx/menkou-secret.conf"):
        assert stat.S_IMODE((tmp_path / place).stat().st_mode) == 0o600
    again = CliRunner().invoke(app, argv)
    assert "were there already" in again.output
    assert (tmp_path / "etc/menkou/backend.env").read_text() == texts["etc/menkou/backend.env"]
    assert CliRunner().invoke(app, [*argv[:3], "desk; evil", *argv[4:]]).exit_code != 0


def test_every_shipped_file_is_written_or_said_to_be_filled_in_by_hand() -> None:
    assert {path.name for path in FILES.iterdir()} == {*PLACES, "patroni.yml"}
    with pytest.raises(Unfilled, match="NODE"):
        render("patroni.yml", {})
    with pytest.raises(Unfilled, match="more than one line"):
        render("nginx-secret.conf", {"PROXY_SECRET": "a\nb"})


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed")
@pytest.mark.parametrize("name", UNITS)
def test_systemd_takes_the_units(written: Path, name: str) -> None:
    folder = written / "etc/systemd/system"
    target = str(folder / name.replace("@.", "@1."))
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", "--recursive-errors=no", target],
        env={"SYSTEMD_UNIT_PATH": f"{folder}:", "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    assert name.split("@")[0] not in done.stderr


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed")
@pytest.mark.parametrize("name", [name for name in UNITS if name.endswith(".service")])
def test_the_services_are_locked_in(written: Path, name: str) -> None:
    """systemd's own score of what a service could do to the machine: 0 nothing, 10 everything."""
    unit = written / "etc/systemd/system" / name.replace("@.", "@1.")
    if not unit.exists():
        shutil.copy(unit.with_name(name), unit)
    done = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", "--threshold=20", "--no-pager", str(unit)],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("name", [name for name in UNITS if name.endswith(".service")])
def test_the_services_run_commands_that_are_there(written: Path, name: str) -> None:
    from backend.cli import app as backend

    command = re.search(r"^ExecStart=\S+/menkou backend (\S+)(.*)$", (written / PLACES[name]).read_text(), re.MULTILINE)
    assert command is not None
    shown = CliRunner().invoke(backend, [command[1], "--help"])
    assert shown.exit_code == 0
    for option in re.findall(r"--[a-z]+", command[2]):
        assert option in shown.output


def test_the_settings_exist(written: Path) -> None:
    known: set[str] = set()
    kinds: tuple[type[BaseSettings], ...] = (BackendSettings, FleetSettings, DatabaseSettings, OperationsSettings)
    for kind in kinds:
        known |= {str(kind.model_config["env_prefix"]) + name.upper() for name in kind.model_fields}
    for place in PLACES.values():
        named = set(re.findall(r"\bMENKOU_[A-Z_]+[A-Z]\b", (written / place).read_text()))
        assert named - {"MENKOU_DATABASE"} <= known, place


def test_postgresql_takes_its_settings(written: Path) -> None:
    lines = (written / PLACES["postgresql.conf"]).read_text().splitlines()
    wanted = dict(line.split("#")[0].split(" = ") for line in lines if line and not line.startswith("#"))
    assert wanted["synchronous_commit"].strip() == "on"
    cluster = Cluster(*(f"{name.strip()}={value.strip()}" for name, value in wanted.items()))
    try:
        for name in ("synchronous_commit", "fsync", "full_page_writes"):
            assert cluster.sql(f"SHOW {name}") == "on"
        assert cluster.sql("SHOW log_parameter_max_length_on_error") == "0"
    finally:
        cluster.remove()


def test_patroni_promises_what_it_says() -> None:
    found = yaml.safe_load(render("patroni.yml", dict.fromkeys(placeholders("patroni.yml"), "1")))
    dcs = found["bootstrap"]["dcs"]
    assert dcs["synchronous_mode"] is True
    assert dcs["postgresql"]["parameters"]["synchronous_commit"] == "on"
    assert dcs["ttl"] >= dcs["loop_wait"] + 2 * dcs["retry_timeout"], "Patroni's own rule"
    assert dcs["ttl"] + dcs["loop_wait"] <= 25, "and the takeover within 30 s"
