"""The real server on the loopback, and machines that knock at its door."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import httpx
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from sqlalchemy import update

from backend.contract.enrolment import Ticket
from backend.db.engine import Sessions, writing
from backend.fleet.identity import endings
from backend.fleet.identity.authority import Authority, open_authority
from backend.fleet.identity.enrolment import make_code
from backend.fleet.identity.models import KioskCertificate
from backend.fleet.models import Kiosk, Site
from backend.fleet.register import add_kiosk
from backend.fleet.settings import FleetSettings
from backend.serve import Doors, listening
from backend.settings import BackendSettings

REGION = "990101001001"
ENROL, RENEW, HELLO = "/fleet/v1/enrol", "/fleet/v1/renew", "/api/kiosk/v1/hello"


def csr_pem(key: Any, name: str = "whatever it says") -> str:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    request = x509.CertificateSigningRequestBuilder().subject_name(subject).sign(key, hashes.SHA256())
    return request.public_bytes(Encoding.PEM).decode()


@dataclass
class Machine:
    """A kiosk's key and what it was given."""

    folder: Path
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    given: dict[str, Any] = field(default_factory=dict)

    def csr(self) -> str:
        return csr_pem(self.key)

    def context(self, ca_pem: str, certificate_pem: str | None = None) -> ssl.SSLContext:
        """TLS as this machine would speak it, with its certificate if it has one."""
        context = ssl.create_default_context(cadata=ca_pem)
        certificate = certificate_pem or self.given.get("certificate_pem")
        if certificate:
            file = self.folder / f"{id(self)}.pem"
            key = self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
            file.write_text(key + certificate)
            context.load_cert_chain(file)
        return context


@dataclass
class House:
    """The server, its database, and its authority."""

    doors: Doors
    sessions: Sessions
    authority: Authority
    fleet: FleetSettings
    folder: Path

    @property
    def url(self) -> str:
        return f"https://{self.doors.kiosks}"

    def machine(self) -> Machine:
        return Machine(self.folder)

    @asynccontextmanager
    async def client(self, machine: Machine | None = None, **context: Any) -> AsyncIterator[httpx.AsyncClient]:
        """Connections of a machine; None: of somebody without a certificate."""
        machine = machine or self.machine()
        tls = machine.context(self.authority.desk_ca_pem, **context)
        async with httpx.AsyncClient(base_url=self.url, verify=tls, trust_env=False, timeout=20) as client:
            yield client

    async def enter(self, kiosk_id: str) -> None:
        """A planned kiosk at a site of its own."""
        async with writing(self.sessions) as session:
            now = datetime.now(UTC)
            site = Site(
                site_id=f"S-{kiosk_id}", region_code=REGION, name_zh="示范站", name_en="Sample Point", created_at=now
            )
            session.add(site)
            await session.flush()
            await add_kiosk(session, kiosk_id, site, now)
            await session.commit()

    async def ticket(self, kiosk_id: str, at: datetime | None = None) -> Ticket:
        async with writing(self.sessions) as session:
            kiosk = await session.get_one(Kiosk, kiosk_id)
            at = at or datetime.now(UTC)
            ticket = await make_code(session, self.authority, self.fleet, kiosk, "system", at)
            await session.commit()
        return ticket

    async def enrol(self, machine: Machine, code: str, **more: Any) -> httpx.Response:
        async with self.client() as client:
            reply = await client.post(ENROL, json={"code": code, "csr_pem": machine.csr(), **more})
        if reply.status_code == 200:
            machine.given = reply.json()
        return reply

    async def enrolled(self, kiosk_id: str) -> Machine:
        """A kiosk that is entered and enrolled."""
        await self.enter(kiosk_id)
        machine = self.machine()
        reply = await self.enrol(machine, (await self.ticket(kiosk_id)).code)
        assert reply.status_code == 200, reply.text
        return machine

    async def hello(self, machine: Machine, **context: Any) -> httpx.Response:
        async with self.client(machine, **context) as client:
            return await client.get(HELLO)

    async def ripen(self, kiosk_id: str) -> None:
        """Its certificates are due to be renewed."""
        now = datetime.now(UTC)
        async with writing(self.sessions) as session:
            await session.execute(
                update(KioskCertificate)
                .where(KioskCertificate.kiosk_id == kiosk_id)
                .values(issued_at=now - timedelta(days=80), not_after=now + timedelta(days=10))
            )
            await session.commit()

    async def revoke(self, kiosk_id: str) -> None:
        async with writing(self.sessions) as session:
            assert await endings.revoke(session, kiosk_id, "system", "lost", datetime.now(UTC))
            await session.commit()

    async def quarantine(self, kiosk_id: str) -> None:
        async with writing(self.sessions) as session:
            assert await endings.quarantine(session, kiosk_id, "sequence went back", datetime.now(UTC))
            await session.commit()

    def certificate(self, machine: Machine, name: str, *, ended: bool = False) -> str:
        """One of our authority that the database does not know."""
        at = datetime.now(UTC) - (timedelta(days=3) if ended else timedelta())
        made = self.authority.issue(name, machine.key.public_key(), at, timedelta(days=2))
        return made.public_bytes(Encoding.PEM).decode()


def settings_of(folder: Path, database: str, pack: Path) -> BackendSettings:
    return BackendSettings(
        var_dir=folder / "backend",
        sandbox_dir=folder / "sandbox",
        content_dir=pack,
        database_url=database,
        port=0,
        jobs=False,
        alipay_merchant_key=_merchant_key(folder),
    )


def _merchant_key(folder: Path) -> Path:
    """Making an RSA key takes longer than most of these tests."""
    path = folder / "merchant.pem"
    path.write_bytes(_rsa())
    return path


@cache
def _rsa() -> bytes:
    key = rsa.generate_private_key(65537, 2048)
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


@asynccontextmanager
async def open_house(folder: Path, database: str, pack: Path, sessions: Sessions) -> AsyncIterator[House]:
    settings, fleet = settings_of(folder, database, pack), FleetSettings(kiosk_port=0)
    async with listening(settings, fleet) as doors:
        yield House(doors, sessions, open_authority(fleet, settings), fleet, folder)
