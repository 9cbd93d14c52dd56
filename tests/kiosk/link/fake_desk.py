"""A desk written from the contract alone: real TLS with client certificates, a few lines of HTTP, and a memory.

It does what the contract says and, where a test wants it, goes wrong: loses answers, refuses, lies.
"""

from __future__ import annotations

import asyncio
import ipaddress
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from backend.contract.enrolment import Ticket, authority_mac, code_sha256, lookup_of, new_code
from backend.contract.fleet_api import (
    FLEET_PREFIX,
    AuthorityReply,
    CommandAck,
    CommandOrder,
    Enrolled,
    EnrolRequest,
    Heartbeat,
    HeartbeatReply,
    Orders,
    Problem,
    RenewRequest,
    RolloutOrder,
    RolloutReport,
    Settings,
)

KIOSK = "K-990101001001"


class Authority:
    def __init__(self, name: str = "Test authority") -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        self.validity: tuple[datetime, datetime] | None = None  # of what is issued to kiosks, if not the usual one
        self.certificate = self._build(self.name, self.key.public_key(), ca=True)

    @property
    def pem(self) -> str:
        return self.certificate.public_bytes(serialization.Encoding.PEM).decode()

    @property
    def der(self) -> bytes:
        return self.certificate.public_bytes(serialization.Encoding.DER)

    @property
    def pin(self) -> str:
        return sha256(self.der).hexdigest()

    def issue(self, name: str, public_key: Any, server: bool = False) -> x509.Certificate:
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        return self._build(subject, public_key, ca=False, server=server)

    def _build(self, subject: x509.Name, public_key: Any, *, ca: bool, server: bool = False) -> x509.Certificate:
        now = datetime.now(UTC)
        begins, ends = (not ca and not server and self.validity) or (now - timedelta(hours=1), now + timedelta(days=30))
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self.name)
            .public_key(public_key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(begins)
            .not_valid_after(ends)
            .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        )
        if server:
            names = [x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
            builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
        return builder.sign(self.key, hashes.SHA256())


@dataclass
class Answer:
    status: int
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)


def refusal(status: int, code: str, retry_after: str | None = None) -> Answer:
    headers = {"Retry-After": retry_after} if retry_after is not None else {}
    return Answer(status, msgspec.json.encode(Problem(code=code)), headers)


class FakeDesk:
    """Use as `async with FakeDesk(tmp_path) as desk`. `before(method, path)`: an answer instead of the right one;
    `after(method, path)`: True loses the answer, after all has been done."""

    def __init__(self, folder: Path, authority: Authority | None = None) -> None:
        self.folder = folder
        self.authority = authority or Authority()
        self.code = new_code()
        self.epoch = 0
        self.used_by: dict[str, bytes] = {}  # code: public key
        self.serials: list[int] = []
        self.heartbeats: list[Heartbeat] = []
        self.commands: list[CommandOrder] = []
        self.urgent: list[CommandOrder] = []
        self.acks: list[tuple[str, CommandAck]] = []
        self.files: dict[str, bytes] = {}
        self.settings = Settings(revision=0, values={})
        self.polls = True
        self.rollout: RolloutOrder | None = None
        self.reports: list[RolloutReport] = []
        self.payload = b""
        self.ranges: list[str] = []
        self.asked: list[str] = []
        self.peers: list[int | None] = []
        self.renew = False
        self.offset = timedelta(0)
        self.before: Callable[[str, str], Answer | None] = lambda method, path: None
        self.after: Callable[[str, str], bool] = lambda method, path: False
        self.url = ""
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()

    @property
    def now(self) -> datetime:
        return datetime.now(UTC) + self.offset

    def ticket(self, **other: Any) -> str:
        facts: dict[str, Any] = {"url": self.url, "kiosk_id": KIOSK, "code": self.code, "pin": self.authority.pin}
        return Ticket(expires_at=self.now + timedelta(hours=1), **(facts | other)).as_uri()

    def order(self, command_id: str, kind: str, seconds: float = 60, **arguments: Any) -> CommandOrder:
        expires_at = self.now + timedelta(seconds=seconds)
        return CommandOrder(
            command_id=command_id, kind=kind, arguments=arguments, expires_at=expires_at, epoch=self.epoch
        )

    def acks_of(self, command_id: str) -> list[CommandAck]:
        return [ack for known, ack in self.acks if known == command_id]

    async def __aenter__(self) -> FakeDesk:
        self.folder.mkdir(parents=True, exist_ok=True)
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = self.authority.issue("desk", key.public_key(), server=True)
        (self.folder / "server.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        (self.folder / "server.key").write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.folder / "server.pem", self.folder / "server.key")
        context.load_verify_locations(cadata=self.authority.pem)
        context.verify_mode = ssl.CERT_OPTIONAL
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=context)
        self.url = f"https://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(self, *error: object) -> None:
        assert self._server is not None
        self._server.close()
        for writer in list(self._writers):
            writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        try:
            while line := await reader.readline():
                method, target, _ = line.decode().split()
                headers: dict[str, str] = {}
                while (header := (await reader.readline()).decode().strip()) != "":
                    name, _, value = header.partition(":")
                    headers[name.lower()] = value.strip()
                body = await reader.readexactly(int(headers.get("content-length", 0)))
                peer = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
                answer = await self._answer(method, target, headers, body, peer)
                if answer is None:
                    writer.transport.abort()
                    return
                lines = [f"HTTP/1.1 {answer.status} Said", f"Content-Length: {len(answer.body)}"]
                lines += [f"{name}: {value}" for name, value in answer.headers.items()]
                writer.write(("\r\n".join(lines) + "\r\n\r\n").encode() + answer.body)
                await writer.drain()
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            self._writers.discard(writer)
            writer.transport.abort()

    async def _answer(
        self, method: str, target: str, headers: dict[str, str], body: bytes, peer: bytes | None
    ) -> Answer | None:
        parts = urlsplit(target)
        path = unquote(parts.path.removeprefix(FLEET_PREFIX))
        self.asked.append(f"{method} {path}")
        serial = x509.load_der_x509_certificate(peer).serial_number if peer else None
        self.peers.append(serial)
        answer = self.before(method, path)
        if answer is None:
            if path not in ("/authority", "/enrol"):
                if serial is None:
                    return refusal(401, "no-certificate")
                if serial not in self.serials:
                    return refusal(403, "unknown-identity")
            answer = await self._right(method, path, parse_qs(parts.query), headers, body)
        return None if self.after(method, path) else answer

    async def _right(
        self, method: str, path: str, query: dict[str, list[str]], headers: dict[str, str], body: bytes
    ) -> Answer:
        said = _json
        if path == "/authority":
            lookup = query.get("code", [""])[0]
            mac = authority_mac(code_sha256(self.code), self.authority.der) if lookup == lookup_of(self.code) else ""
            return said(AuthorityReply(ca_pem=self.authority.pem, sha256=self.authority.pin, mac=mac))
        if path == "/enrol":
            return self._enrol(msgspec.json.decode(body, type=EnrolRequest))
        if path == "/renew":
            return said(self._certified(msgspec.json.decode(body, type=RenewRequest).csr_pem))
        if path == "/heartbeat":
            heartbeat = msgspec.json.decode(body, type=Heartbeat)
            if self.heartbeats and heartbeat.seq < self.heartbeats[-1].seq:
                return refusal(409, "sequence")
            self.heartbeats.append(heartbeat)
            return said(
                HeartbeatReply(
                    now=self.now,
                    interval_s=0,  # as often as the kiosk is willing to
                    settings=self.settings.revision,
                    commands=list(self.commands),
                    rollout=self.rollout,
                    renew=self.renew,
                    poll=self.polls,
                )
            )
        if path == "/wait":
            for _ in range(10):
                if self.urgent:
                    orders, self.urgent = self.urgent, []
                    return said(Orders(commands=orders))
                await asyncio.sleep(0.05)
            return said(Orders())
        if path == "/settings":
            return said(self.settings)
        if path.startswith("/commands/"):
            _, _, command_id, what = path.split("/")
            if what == "file":
                self.files[command_id] = body
            else:
                self.acks.append((command_id, msgspec.json.decode(body, type=CommandAck)))
            return Answer(204)
        if path.startswith("/rollouts/"):
            self.reports.append(msgspec.json.decode(body, type=RolloutReport))
            return Answer(204)
        if path.startswith("/releases/"):
            asked = headers.get("range", "")
            self.ranges.append(asked)
            if asked:
                start = int(asked.removeprefix("bytes=").rstrip("-"))
                return Answer(206, self.payload[start:])
            return Answer(200, self.payload)
        return refusal(404, "not-found")

    def _enrol(self, asked: EnrolRequest) -> Answer:
        key = x509.load_pem_x509_csr(asked.csr_pem.encode()).public_key()
        der = key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
        if asked.code != self.code or self.used_by.setdefault(asked.code, der) != der:
            return refusal(403, "enrolment-code-invalid")
        self.epoch = max(1, self.epoch)
        return _json(self._certified(asked.csr_pem))

    def _certified(self, csr_pem: str) -> Enrolled:
        key = x509.load_pem_x509_csr(csr_pem.encode()).public_key()
        certificate = self.authority.issue(KIOSK, key)
        self.serials.append(certificate.serial_number)
        return Enrolled(
            kiosk_id=KIOSK,
            site_id="S-1",
            site_zh="样本服务站",
            site_en="Sample Service Point",
            region_code="990101001001",
            certificate_pem=certificate.public_bytes(serialization.Encoding.PEM).decode(),
            ca_pem=self.authority.pem,
            not_after=self.authority.validity[1] if self.authority.validity else self.now + timedelta(days=30),
            renew_after=self.now + timedelta(days=20),
            heartbeat_s=5,
            epoch=self.epoch,
        )


def _json(value: msgspec.Struct) -> Answer:
    return Answer(200, msgspec.json.encode(value), {"Content-Type": "application/json"})
