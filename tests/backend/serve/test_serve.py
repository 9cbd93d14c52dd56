"""The server's two doors: settings that do not fit, certificates made and renewed, stopping."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import ssl
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from cryptography import x509

from backend.db.engine import writing
from backend.fleet.identity import authority as authority_module
from backend.fleet.identity.authority import FOLDER, open_authority, server_files
from backend.fleet.settings import FleetSettings
from backend.settings import BackendSettings, SettingsError
from tests.backend.app.test_settings import PRODUCTION
from tests.backend.fleet.identity.doors import HELLO, House


def test_the_authority_is_made_once_and_for_us_alone(tmp_path: Path) -> None:
    settings = BackendSettings(var_dir=tmp_path)
    first = open_authority(FleetSettings(), settings)
    assert open_authority(FleetSettings(), settings).chain_pem == first.chain_pem
    assert {path.name: oct(path.stat().st_mode & 0o777) for path in (tmp_path / FOLDER).iterdir()} == {
        "ca.key": "0o600",
        "ca.pem": "0o600",
        "lock": "0o600",
    }
    assert "PRIVATE" not in repr(first)


def test_several_processes_make_one_authority(tmp_path: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from backend.settings import BackendSettings;"
        "from backend.fleet.settings import FleetSettings;"
        "from backend.fleet.identity.authority import open_authority;"
        "print(open_authority(FleetSettings(), BackendSettings(var_dir=Path(sys.argv[1]))).pin)"
    )
    argv = [sys.executable, "-c", program, str(tmp_path)]
    started = [subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    pins = {process.communicate(timeout=60)[0] for process in started}
    assert len(pins) == 1
    assert len(pins.pop()) == 65


def test_its_own_certificate_is_renewed_in_time_and_for_new_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings, fleet = BackendSettings(var_dir=tmp_path), FleetSettings()
    authority = open_authority(fleet, settings)
    first = server_files(authority, fleet, settings)[0].read_text()
    assert server_files(authority, fleet, settings)[0].read_text() == first
    named = FleetSettings(kiosk_names="desk.example, 10.1.2.3")
    second = server_files(authority, named, settings)[0].read_text()
    names = x509.load_pem_x509_certificate(second.encode()).extensions.get_extension_for_class(
        x509.SubjectAlternativeName
    )
    assert names.value.get_values_for_type(x509.DNSName) == ["desk.example"]

    class Later(datetime):
        @classmethod
        def now(cls, tz: object = None) -> datetime:  # type: ignore[override]
            return datetime.now(UTC) + timedelta(days=121)

    monkeypatch.setattr(authority_module, "datetime", Later)
    assert server_files(authority, named, settings)[0].read_text() != second


def test_a_production_needs_an_authority_of_its_own(tmp_path: Path) -> None:
    production = BackendSettings(**PRODUCTION, var_dir=tmp_path)
    with pytest.raises(SettingsError, match="MENKOU_FLEET_AUTHORITY_KEY is not set") as caught:
        FleetSettings().check_production(production)
    assert "MENKOU_FLEET_KIOSK_URL" in str(caught.value)
    open_authority(FleetSettings(), BackendSettings(var_dir=tmp_path))
    files = {"authority_certificate": tmp_path / FOLDER / "ca.pem", "authority_key": tmp_path / FOLDER / "ca.key"}
    fit = FleetSettings(**files, kiosk_url="https://desk.example")  # type: ignore[arg-type]
    assert open_authority(fit, production).chain
    with pytest.raises(SettingsError, match="PROXY_SECRET"):
        FleetSettings(**files, kiosk_url="https://d.example", proxy_secret="short").check_production(production)  # type: ignore[arg-type]


def test_files_that_do_not_belong_together(tmp_path: Path) -> None:
    for name in ("one", "two"):
        open_authority(FleetSettings(), BackendSettings(var_dir=tmp_path / name))
    certificate, key = tmp_path / "one" / FOLDER / "ca.pem", tmp_path / "two" / FOLDER / "ca.key"
    for wrong in ((certificate, key), (key, certificate), (tmp_path / "none", key)):
        fleet = FleetSettings(authority_certificate=wrong[0], authority_key=wrong[1])
        with pytest.raises(SettingsError):
            open_authority(fleet, BackendSettings())


async def test_a_production_takes_no_tokens(door: House) -> None:
    """The bearer token of the demonstration opens nothing there, not even a right one."""
    from fastapi import Request

    from backend.deps import current_kiosk
    from backend.devices.service import issue_token
    from backend.fleet.wire import FleetRefused

    async with writing(door.sessions) as session:
        token = await issue_token(session, "K-9", "somewhere")
    async with httpx.AsyncClient(base_url=f"http://{door.doors.people}") as client:
        assert (await client.get(HELLO, headers={"authorization": f"Bearer {token}"})).status_code == 200

    class App:
        class state:  # noqa: N801
            sessions = door.sessions
            settings = BackendSettings(**PRODUCTION)

    headers = [(b"authorization", f"Bearer {token}".encode())]
    with pytest.raises(FleetRefused, match="no-certificate"):
        await current_kiosk(Request({"type": "http", "headers": headers, "app": App()}))


async def test_connections_are_kept_longer_than_a_heartbeat(door: House) -> None:
    assert door.fleet.keep_alive_s > 300


def test_it_stops_when_told_and_says_when_a_port_is_taken(tmp_path: Path, pack: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        environment = {
            **os.environ,
            "MENKOU_BACKEND_VAR_DIR": str(tmp_path),
            "MENKOU_BACKEND_CONTENT_DIR": str(pack),
            "MENKOU_BACKEND_PORT": "0",
            "MENKOU_FLEET_KIOSK_PORT": str(port),
        }
        argv = [sys.executable, "-c", "from backend.cli import app; app()", "serve"]
        done = subprocess.run(argv, env=environment, stderr=subprocess.PIPE, text=True, timeout=60, check=False)
        assert done.returncode == 1
        assert f"cannot listen on 127.0.0.1:{port}" in done.stderr.splitlines()[-1]
    environment["MENKOU_FLEET_KIOSK_PORT"] = "0"
    process = subprocess.Popen(argv, env=environment, stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    for line in process.stderr:
        if '"event": "listening"' in line:
            break
    process.send_signal(signal.SIGTERM)
    rest = process.communicate(timeout=60)[1]
    assert process.returncode == 0, rest


async def test_a_held_connection_does_not_hold_the_server_up(door: House) -> None:
    """It is closed when the fixture ends; a half-made handshake is not waited for either."""
    host, _, port = door.doors.kiosks.partition(":")
    _, silent = await asyncio.open_connection(host, int(port))
    machine = await door.enrolled("K-1")
    tls = machine.context(door.authority.desk_ca_pem)
    reader, writer = await asyncio.open_connection(host, int(port), ssl=tls, server_hostname="127.0.0.1")
    writer.write(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
    assert b"200 OK" in await reader.readline()
    assert isinstance(writer.get_extra_info("ssl_object"), ssl.SSLObject)
    silent.close()
