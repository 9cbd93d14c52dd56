"""Certificates of a day for the doors, and the shipped nginx.conf on loopback ports, as no particular user."""

from __future__ import annotations

import getpass
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from backend.fleet.identity.peer import peer_of
from backend.tls import Proxied
from provisioning.deploy.deploy_cli import values_of
from provisioning.deploy.render import render

SECRET = "s" * 40


class Authority:
    """Signs certificates; each is written as NAME.pem and NAME.key."""

    def __init__(self, folder: Path, name: str) -> None:
        self.folder = folder
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.file = folder / f"{name}.pem"
        self.certificate = self._sign(self.name, self.key.public_key(), 1, authority=True)
        self.file.write_bytes(self.certificate.public_bytes(serialization.Encoding.PEM))

    def issue(self, name: str, *, until: datetime | None = None, serial: int | None = None) -> tuple[str, str]:
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        certificate = self._sign(subject, key.public_key(), serial or x509.random_serial_number(), until=until)
        pem, key_file = self.folder / f"{name}.pem", self.folder / f"{name}.key"
        pem.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        key_file.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
        return str(pem), str(key_file)

    def _sign(
        self, subject: x509.Name, key: Any, serial: int, *, authority: bool = False, until: datetime | None = None
    ) -> x509.Certificate:
        now = datetime.now(UTC)
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self.name)
            .public_key(key)
            .serial_number(serial)
            .not_valid_before(now - timedelta(days=2))
            .not_valid_after(until or now + timedelta(days=1))
            .add_extension(x509.BasicConstraints(authority, None), True)
            .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), False)
            .sign(self.key, hashes.SHA256())
        )


@dataclass
class Front:
    """nginx on the loopback, before two echoing processes."""

    folder: Path
    config: Path
    ports: dict[str, int]
    kiosks: Authority
    door: Authority


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("run/1", "run/2", "run/worker-1", "state"):
        (tmp_path / name).mkdir(parents=True)
    return tmp_path


@pytest.fixture
def configured(folder: Path) -> Front:
    ports = dict(zip(("kiosks", "people", "http", "local"), _free_ports(4), strict=True))
    kiosks, door = Authority(folder, "kiosk-authority"), Authority(folder, "door-authority")
    pem, key = door.issue("localhost")
    values = values_of("localhost", "localhost", ports["kiosks"], "postgresql+asyncpg:///x", Path("/opt/menkou"))
    values |= {
        "KIOSK_LISTEN": f"127.0.0.1:{ports['kiosks']}",
        "PEOPLE_LISTEN": f"127.0.0.1:{ports['people']}",
        "HTTP_LISTEN": f"127.0.0.1:{ports['http']}",
        "LOCAL_LISTEN": f"127.0.0.1:{ports['local']}",
        "KIOSK_CERTIFICATE": pem,
        "KIOSK_KEY": key,
        "KIOSK_AUTHORITY": str(kiosks.file),
        "PEOPLE_CERTIFICATE": pem,
        "PEOPLE_KEY": key,
        "SECRET_FILE": str(folder / "secret.conf"),
        "NGINX_USER": getpass.getuser(),
        "PID": str(folder / "nginx.pid"),
        "LOG": str(folder / "error.log"),
        "STATE": str(folder / "state"),
        "RUN": str(folder / "run"),
        "PROXY_SECRET": SECRET,
    }
    (folder / "secret.conf").write_text(render("nginx-secret.conf", values))
    config = folder / "nginx.conf"
    config.write_text(render("nginx.conf", values))
    return Front(folder, config, ports, kiosks, door)


@pytest.fixture
def front(configured: Front) -> Iterator[Front]:
    """Running."""
    with ExitStack() as stack:
        sockets = [configured.folder / "run" / f"{n}" / f"{door}.sock" for n in (1, 2) for door in ("kiosks", "people")]
        stack.enter_context(_echoing([*sockets, configured.folder / "run" / "worker-1" / "worker.sock"]))
        argv = ["/usr/sbin/nginx", "-c", str(configured.config), "-e", str(configured.folder / "error.log")]
        process = subprocess.Popen([*argv, "-g", "daemon off;"], stderr=subprocess.PIPE)
        try:
            for port in configured.ports.values():
                _wait_for(port, process)
            yield configured
        finally:
            process.terminate()
            _, said = process.communicate(timeout=20)
            assert process.returncode == 0, said


@contextmanager
def _echoing(sockets: list[Path]) -> Iterator[None]:
    """A process behind nginx: says what reached it, and who it believes is there."""

    async def believe(scope: Any, receive: Any, send: Any) -> None:
        peer = peer_of(scope)
        body = b""
        while True:
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        said = {
            "peer": [peer.kiosk_id, peer.serial] if peer else None,
            "path": scope["path"],
            "client": scope["client"][0] if scope["client"] else "",
            "scheme": scope["scheme"],
            "size": len(body),
            "headers": {name.decode(): value.decode("latin-1") for name, value in scope["headers"]},
        }
        import json

        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"application/json")]})
        await send({"type": "http.response.body", "body": json.dumps(said).encode()})

    config = uvicorn.Config(
        Proxied(believe, SECRET), log_config=None, access_log=False, lifespan="off", forwarded_allow_ips="*"
    )
    server = uvicorn.Server(config)
    listeners = []
    for path in sockets:
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(str(path))
        listeners.append(listener)
    thread = threading.Thread(target=server.run, kwargs={"sockets": listeners}, daemon=True)
    thread.start()
    yield
    server.should_exit = True
    thread.join(20)


def _free_ports(count: int) -> list[int]:
    with ExitStack() as stack:
        probes = [stack.enter_context(socket.socket()) for _ in range(count)]
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [probe.getsockname()[1] for probe in probes]


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 20
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            assert process.poll() is None, process.stderr and process.stderr.read()
            assert time.monotonic() < deadline
            time.sleep(0.05)
