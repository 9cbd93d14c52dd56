"""Behind nginx: Unix sockets, and nginx's word for who the kiosk is. With the real nginx where it is installed."""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from backend.db.engine import make_engine, make_sessions
from backend.fleet.identity.authority import open_authority, server_files
from backend.fleet.identity.peer import peer_of
from backend.fleet.settings import FleetSettings
from backend.serve import listening
from backend.tls import Proxied
from tests.backend.fleet.identity.doors import HELLO, House, settings_of
from tests.backend.house import migrated_sqlite

SECRET = "s" * 40
TOLD = {
    "X-Client-Verify": "SUCCESS",
    "X-Client-Subject": "CN=K-1",
    "X-Client-Serial": "0A1B",
    "X-Client-Until": "Nov 22 09:31:14 2099 GMT",
}


async def _seen(headers: list[tuple[str, str]], secret: str = "") -> tuple[int, Any, list[bytes]]:
    """Status, peer, and the names of the headers that were handed on."""
    seen: dict[str, Any] = {}
    sent: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        seen.update(scope)
        await send({"type": "http.response.start", "status": 200, "headers": []})

    async def send(message: Any) -> None:
        sent.append(message)

    raw = [(name.lower().encode(), value.encode()) for name, value in headers]
    await Proxied(app, secret)({"type": "http", "path": "/", "headers": raw}, None, send)  # type: ignore[arg-type]
    return sent[0]["status"], peer_of(seen), [name for name, _ in seen.get("headers", [])]


async def test_what_nginx_says_is_believed_and_taken_out() -> None:
    status, peer, names = await _seen([*TOLD.items(), ("Accept", "*/*")])
    assert (status, peer.kiosk_id, peer.serial, names) == (200, "K-1", "a1b", [b"accept"])


@pytest.mark.parametrize(
    "change",
    [
        {"X-Client-Verify": "NONE"},
        {"X-Client-Verify": "FAILED:certificate has expired"},
        {"X-Client-Verify": ""},
        {"X-Client-Subject": ""},
        {"X-Client-Subject": "CN=K-1,CN=K-2"},
        {"X-Client-Subject": "CN=K-1,O=somebody"},
        {"X-Client-Serial": "not hex"},
        {"X-Client-Until": "Nov 22 09:31:14 2001 GMT"},
        {"X-Client-Until": ""},
    ],
)
async def test_anything_else_is_nobody(change: dict[str, str]) -> None:
    status, peer, _ = await _seen(list({**TOLD, **change}.items()))
    assert (status, peer) == (200, None)


async def test_the_secret_must_be_there() -> None:
    for given in ([], [("X-Menkou-Proxy", "wrong")], [("X-Menkou-Proxy", SECRET)] * 2):
        assert (await _seen([*TOLD.items(), *given], SECRET))[0] == 403
    assert (await _seen([*TOLD.items(), ("X-Menkou-Proxy", SECRET)], SECRET))[0] == 200
    assert (await _seen([*TOLD.items(), ("X-Client-Subject", "CN=K-2")]))[0] == 403  # twice: not from our nginx


@asynccontextmanager
async def _behind(
    folder: Path, pack: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[tuple[House, FleetSettings]]:
    shutil.copy(migrated_sqlite(), folder / "menkou.sqlite3")
    database = f"sqlite+aiosqlite:///{folder / 'menkou.sqlite3'}"
    settings = settings_of(folder, database, pack)
    fleet = FleetSettings(proxied=True, socket_dir=folder / "s")
    engine = make_engine(database)
    async with listening(settings, fleet) as doors:
        yield House(doors, make_sessions(engine), open_authority(fleet, settings), fleet, folder), fleet
    await engine.dispose()


async def test_sockets_of_their_own(tmp_path: Path, pack: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with _behind(tmp_path, pack, monkeypatch) as (house, _):
        for door in (house.doors.people, house.doors.kiosks):
            assert Path(door).stat().st_mode & 0o777 == 0o660
        transport = httpx.AsyncHTTPTransport(uds=house.doors.kiosks)
        async with httpx.AsyncClient(transport=transport, base_url="http://desk") as nginx:
            reply = await nginx.get(HELLO, headers=TOLD)
            assert (reply.status_code, reply.json()["code"]) == (403, "unknown-identity")
            assert (await nginx.get("/console/")).status_code == 404


@pytest.mark.skipif(shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin") is None, reason="nginx is missing")
async def test_through_nginx(tmp_path: Path, pack: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A kiosk with its certificate, one without, and one that writes the headers itself."""
    async with _behind(tmp_path, pack, monkeypatch) as (house, fleet):
        with _nginx(tmp_path, house, fleet) as port:
            outside = House(
                type(house.doors)(house.doors.people, f"127.0.0.1:{port}"),
                house.sessions,
                house.authority,
                fleet,
                tmp_path,
            )
            await _answers(outside)
            machine = await outside.enrolled("K-1")
            other = await outside.enrolled("K-2")
            assert (await outside.hello(machine)).json()["kiosk_id"] == "K-1"
            spoofed = {**TOLD, "X-Client-Serial": _serial(machine.given)}
            async with outside.client(other) as client:
                assert (await client.get(HELLO, headers=spoofed)).json()["kiosk_id"] == "K-2"
            async with outside.client() as client:
                assert (await client.get(HELLO, headers=spoofed)).status_code == 401
            await outside.revoke("K-1")
            assert (await outside.hello(machine)).status_code == 403


def _serial(given: dict[str, Any]) -> str:
    from cryptography import x509

    return f"{x509.load_pem_x509_certificate(given['certificate_pem'].encode()).serial_number:X}"


class _nginx:  # noqa: N801 - used as a function
    """nginx in a folder of its own, as whoever runs the tests."""

    def __init__(self, folder: Path, house: House, fleet: FleetSettings) -> None:
        self.folder = folder / "nginx"
        self.folder.mkdir()
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port: int = probe.getsockname()[1]
        certificate, key = server_files(house.authority, fleet, settings_of(folder, "", folder))
        (self.folder / "ca.pem").write_text(house.authority.chain_pem)
        user = "user root;" if os.geteuid() == 0 else ""
        (self.folder / "nginx.conf").write_text(f"""
daemon off; pid {self.folder}/pid; error_log {self.folder}/error.log; {user} worker_processes 1;
events {{ worker_connections 64; }}
http {{
  access_log off; client_body_temp_path {self.folder}/b; proxy_temp_path {self.folder}/p;
  fastcgi_temp_path {self.folder}/f; uwsgi_temp_path {self.folder}/u; scgi_temp_path {self.folder}/s;
  server {{
    listen 127.0.0.1:{self.port} ssl;
    ssl_certificate {certificate}; ssl_certificate_key {key};
    ssl_protocols TLSv1.2 TLSv1.3; ssl_session_tickets off; ssl_session_cache off;
    ssl_client_certificate {self.folder}/ca.pem; ssl_verify_client optional;
    location / {{
      proxy_pass http://unix:{house.doors.kiosks}:; proxy_http_version 1.1; proxy_set_header Connection "";
      proxy_set_header X-Client-Verify $ssl_client_verify;
      proxy_set_header X-Client-Subject $ssl_client_s_dn;
      proxy_set_header X-Client-Serial $ssl_client_serial;
      proxy_set_header X-Client-Until $ssl_client_v_end;
    }}
  }}
}}
""")

    def __enter__(self) -> int:
        program = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")
        assert program is not None
        self.process = subprocess.Popen(
            [
                program,
                "-p",
                str(self.folder),
                "-c",
                str(self.folder / "nginx.conf"),
                "-e",
                str(self.folder / "error.log"),
            ]
        )
        return self.port

    def __exit__(self, *_: object) -> None:
        self.process.terminate()
        self.process.wait(20)


async def _answers(house: House) -> None:
    for _ in range(100):
        try:
            async with house.client() as client:
                if (await client.get("/healthz")).status_code == 200:
                    return
        except httpx.ConnectError:
            await asyncio.sleep(0.05)
    raise AssertionError("nginx does not answer")
