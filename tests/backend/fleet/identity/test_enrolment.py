"""From a one-time code to a certificate, over real TLS."""

from __future__ import annotations

import asyncio
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from sqlalchemy import select

from backend.contract import enrolment
from backend.contract.fleet_api import FleetProblem, IdentityState
from backend.db.engine import Sessions, writing
from backend.fleet.identity.models import EnrolmentCode, KioskCertificate
from backend.fleet.models import Kiosk, KioskEvent, KioskPulse
from backend.staff.audit import AuditEntry, verify_chain
from tests.backend.fleet.identity.doors import ENROL, House, Machine, csr_pem


async def test_a_code_and_a_request_become_an_identity(house: House, sessions: Sessions, tmp_path: Path) -> None:
    await house.enter("K-1")
    machine, ticket = house.machine(), await house.ticket("K-1")
    inventory = {"model": "MK-20", "serial_number": "SN1", "key_kind": "tpm"}
    reply = await house.enrol(machine, enrolment.grouped(ticket.code).lower(), inventory=inventory)
    assert reply.status_code == 200, reply.text
    assert (reply.json()["kiosk_id"], reply.json()["epoch"]) == ("K-1", 1)
    certificate = x509.load_pem_x509_certificate(machine.given["certificate_pem"].encode())
    assert certificate.subject.rfc4514_string() == "CN=K-1"  # not what the request said
    hello = await house.hello(machine)
    assert (hello.status_code, hello.json()["kiosk_id"], hello.json()["site"]) == (200, "K-1", "示范站")
    async with sessions() as session:
        kiosk, pulse = await session.get_one(Kiosk, "K-1"), await session.get_one(KioskPulse, "K-1")
        assert (kiosk.identity, kiosk.key_kind, kiosk.model) == (IdentityState.ENROLLED, "tpm", "MK-20")
        assert (pulse.accepts, pulse.serials) == (True, f"|{certificate.serial_number:x}|")
        events = (await session.scalars(select(KioskEvent.kind))).all()
        ours = select(AuditEntry.action).where(AuditEntry.subject == "kiosk:K-1").order_by(AuditEntry.number)
        actions = (await session.scalars(ours)).all()
        stored = (await session.scalars(select(EnrolmentCode))).one()
        assert (list(events), list(actions)) == (["enrolled"], ["kiosk.enrolment-code", "kiosk.enrol"])
        assert ticket.code not in repr(vars(stored))
        assert (await verify_chain(session))[1] is None
    _openssl_agrees(machine, tmp_path)


def _openssl_agrees(machine: Machine, folder: Path) -> None:
    """An independent eye."""
    (folder / "ca.pem").write_text(machine.given["ca_pem"])
    (folder / "leaf.pem").write_text(machine.given["certificate_pem"])
    for purpose, wanted in (("sslclient", True), ("sslserver", False)):
        argv = ["openssl", "verify", "-x509_strict", "-purpose", purpose, "-CAfile", "ca.pem", "leaf.pem"]
        done = subprocess.run(argv, cwd=folder, capture_output=True, timeout=20, check=False)
        assert (done.returncode == 0) == wanted, done.stderr.decode()


async def test_the_same_key_gets_the_same_certificate_again(door: House) -> None:
    """The power went after the code was burnt. Somebody else who saw the code gets nothing."""
    await door.enter("K-1")
    machine, stranger, code = door.machine(), door.machine(), (await door.ticket("K-1")).code
    first = await door.enrol(machine, code)
    again = await door.enrol(machine, code)
    assert again.json()["certificate_pem"] == first.json()["certificate_pem"]
    refused = await door.enrol(stranger, code)
    assert (refused.status_code, refused.json()["code"]) == (403, FleetProblem.CODE_INVALID)
    assert (await door.hello(machine)).status_code == 200
    await door.revoke("K-1")
    assert (await door.enrol(machine, code)).status_code == 403  # nor does it bring a dead identity back


async def test_two_at_once_with_one_code(house: House, sessions: Sessions) -> None:
    await house.enter("K-1")
    code = (await house.ticket("K-1")).code
    replies = await asyncio.gather(*(house.enrol(house.machine(), code) for _ in range(4)))
    assert sorted(reply.status_code for reply in replies) == [200, 403, 403, 403]
    async with sessions() as session:
        assert (await session.get_one(Kiosk, "K-1")).epoch == 1


async def test_codes_that_do_not_count(door: House) -> None:
    await door.enter("K-1")
    older = await door.ticket("K-1")
    expired = await door.ticket("K-1", datetime.now(UTC) - timedelta(minutes=61))
    assert (await door.enrol(door.machine(), older.code)).status_code == 403  # a newer one was made
    assert (await door.enrol(door.machine(), expired.code)).status_code == 403
    for wrong in (enrolment.new_code(), "", "x" * 80, "0000-" * 7):
        reply = await door.enrol(door.machine(), wrong)
        assert (reply.status_code, reply.json()["code"]) == (403, FleetProblem.CODE_INVALID)
        assert wrong == "" or wrong not in reply.text


async def test_a_code_of_another_kiosk(door: House) -> None:
    machine = await door.enrolled("K-1")
    await door.enter("K-2")
    code = (await door.ticket("K-2")).code
    async with door.client(machine) as client:
        reply = await client.post(ENROL, json={"code": code, "csr_pem": door.machine().csr()})
    assert (reply.status_code, reply.json()["code"]) == (403, FleetProblem.WRONG_KIOSK)
    assert (await door.enrol(door.machine(), code)).json()["kiosk_id"] == "K-2"  # the code was not burnt


async def test_requests_we_do_not_sign(door: House) -> None:
    await door.enter("K-1")
    code = (await door.ticket("K-1")).code
    good = door.machine().csr()
    lines = good.splitlines()
    broken = lines[3][:10] + ("A" if lines[3][10] != "A" else "B") + lines[3][11:]
    weak = [rsa.generate_private_key(65537, 2048), ec.generate_private_key(ec.SECP256K1())]
    requests = ["", "garbage", good[:200], "\n".join([*lines[:3], broken, *lines[4:]]), *map(csr_pem, weak)]
    requests.append(door.certificate(door.machine(), "K-1"))
    requests += [_ed25519(), _forged(good)]
    async with door.client() as client:
        for request in requests:
            reply = await client.post(ENROL, json={"code": code, "csr_pem": request})
            assert (reply.status_code, reply.json()["code"]) == (400, FleetProblem.INVALID), request[:60]
        strong = csr_pem(rsa.generate_private_key(65537, 3072))
        assert (await client.post(ENROL, json={"code": code, "csr_pem": strong})).status_code == 200


def _forged(pem: str) -> str:
    """Well-formed, but the signature is not the key's."""
    der = bytearray(x509.load_pem_x509_csr(pem.encode()).public_bytes(Encoding.DER))
    der[-1] ^= 1
    return x509.load_der_x509_csr(bytes(der)).public_bytes(Encoding.PEM).decode()


def _ed25519() -> str:
    builder = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([]))
    return builder.sign(ed25519.Ed25519PrivateKey.generate(), None).public_bytes(Encoding.PEM).decode()


async def test_bodies_that_are_none(door: House) -> None:
    async with door.client() as client:
        for body in (b"", b"{", b"[]", b"\xff\xfe", b'{"code": 5, "csr_pem": ""}', b"[" * 5000, b"null"):
            assert (await client.post(ENROL, content=body)).status_code == 400, body[:20]
        large = await client.post(ENROL, content=b'{"code": "' + b"A" * 100_000 + b'"}')
        assert (large.status_code, large.json()["code"]) == (413, FleetProblem.TOO_LARGE)
        huge = await client.post(ENROL, content=b'{"code": "' + b"A" * 10_000_000 + b'"}')
        assert huge.status_code == 413

        async def endless() -> object:  # without a length
            for _ in range(200):
                yield b"A" * 50_000

        assert (await client.post(ENROL, content=endless())).status_code == 413  # type: ignore[arg-type]
        assert (await client.get("/healthz")).status_code == 200


async def test_enrolled_anew_the_old_identity_is_dead(house: House, sessions: Sessions) -> None:
    old = await house.enrolled("K-1")
    async with house.client(old) as kept:
        assert (await kept.get("/api/kiosk/v1/hello")).status_code == 200
        new = house.machine()
        assert (await house.enrol(new, (await house.ticket("K-1")).code)).json()["epoch"] == 2
        refused = await kept.get("/api/kiosk/v1/hello")
    assert (refused.status_code, refused.json()["code"]) == (403, FleetProblem.UNKNOWN_IDENTITY)
    assert (await house.hello(new)).status_code == 200
    async with sessions() as session:
        rows = (await session.scalars(select(KioskCertificate).order_by(KioskCertificate.epoch))).all()
        assert [row.ended_why for row in rows] == ["enrolled-anew", ""]


async def test_one_key_two_kiosks(door: House) -> None:
    """Two machines made from one disk image."""
    machine = await door.enrolled("K-1")
    await door.enter("K-2")
    reply = await door.enrol(machine, (await door.ticket("K-2")).code)
    assert (reply.status_code, reply.json()["code"]) == (400, FleetProblem.INVALID)


async def test_another_machine_than_entered_is_noticed(door: House) -> None:
    await door.enter("K-1")
    async with writing(door.sessions) as session:
        (await session.get_one(Kiosk, "K-1")).serial_number = "SN-ENTERED"
        await session.commit()
    reply = await door.enrol(door.machine(), (await door.ticket("K-1")).code, inventory={"serial_number": "SN-FOUND"})
    assert reply.status_code == 200
    async with door.sessions() as session:
        entry = (await session.scalars(select(KioskEvent))).one()
        assert (entry.severity, entry.detail["found"]) == ("warning", "SN-FOUND")


async def test_the_authority_proves_itself(door: House) -> None:
    """By the pin of the QR code, or by knowing a typed code: nobody in between can."""
    await door.enter("K-1")
    ticket = await door.ticket("K-1")
    path = "/fleet/v1/authority"
    async with door.client() as client:
        plain = (await client.get(path)).json()
        proved = (await client.get(path, params={"code": enrolment.lookup_of(ticket.code)})).json()
        unknown = await client.get(path, params={"code": enrolment.lookup_of(enrolment.new_code())})
    der = door.authority.desk_ca_der
    assert plain["sha256"] == ticket.pin
    assert plain["mac"] == ""
    assert proved["mac"] == enrolment.authority_mac(enrolment.code_sha256(ticket.code), der)
    assert proved["mac"] != enrolment.authority_mac(enrolment.code_sha256(ticket.code), der + b"\0")
    assert unknown.status_code == 403
