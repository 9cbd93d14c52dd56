"""Who is let in at the kiosks' door, and how long: handshakes over the loopback."""

from __future__ import annotations

import ssl
from dataclasses import replace
from datetime import UTC, datetime

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from backend.contract.fleet_api import FleetProblem
from backend.fleet.identity.authority import Authority, open_authority
from backend.fleet.settings import FleetSettings
from backend.settings import BackendSettings
from backend.tls import SECRET, SERIAL, SUBJECT, UNTIL, VERIFY
from tests.backend.fleet.identity.doors import HELLO, RENEW, House

# Under TLS 1.3 a client hears of a refused certificate at its first read.
REFUSED = (httpx.ReadError, httpx.ConnectError, httpx.RemoteProtocolError)
SPOOFED = {
    VERIFY.decode(): "SUCCESS",
    SUBJECT.decode(): "CN=K-1",
    UNTIL.decode(): "Nov 22 09:31:14 2099 GMT",
    SECRET.decode(): "",
}


async def test_without_a_certificate(door: House) -> None:
    async with door.client() as client:
        for path, method in ((RENEW, "POST"), ("/fleet/v1/heartbeat", "POST")):
            reply = await client.request(method, path, content=b"{}")
            assert (reply.status_code, reply.json()["code"]) == (401, FleetProblem.NO_CERTIFICATE), path
        assert (await client.get(HELLO)).status_code == 401
        assert (await client.get("/healthz")).status_code == 200


async def test_a_strangers_authority(door: House, tmp_path_factory: pytest.TempPathFactory) -> None:
    await door.enrolled("K-1")
    stranger: Authority = open_authority(
        FleetSettings(), BackendSettings(var_dir=tmp_path_factory.mktemp("stranger"), environment="embedded")
    )
    machine = door.machine()
    false = replace(door, authority=stranger).certificate(machine, "K-1")
    with pytest.raises(REFUSED):
        await door.hello(machine, certificate_pem=false)


async def test_an_ended_certificate(door: House) -> None:
    machine = await door.enrolled("K-1")
    ended = door.certificate(machine, "K-1", ended=True)
    with pytest.raises(REFUSED):
        await door.hello(machine, certificate_pem=ended)


async def test_a_certificate_that_ends_while_the_connection_is_kept(
    door: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine = await door.enrolled("K-1")
    async with door.client(machine) as client:
        assert (await client.get(HELLO)).status_code == 200
        monkeypatch.setattr("backend.tls.time.time", lambda: 2**33)
        assert (await client.get(HELLO)).status_code == 401


async def test_ours_but_not_in_force(door: House) -> None:
    """Signed by our authority, unknown to the database: a lost authority key alone opens nothing."""
    machine = await door.enrolled("K-1")
    for name in ("K-1", "K-404"):
        reply = await door.hello(machine, certificate_pem=door.certificate(machine, name))
        assert (reply.status_code, reply.json()["code"]) == (403, FleetProblem.UNKNOWN_IDENTITY)


async def test_the_servers_own_certificate_is_no_kiosks(door: House) -> None:
    machine = door.machine()
    made = door.authority.issue_server(["localhost"], machine.key.public_key(), datetime.now(UTC))
    with pytest.raises(REFUSED):
        await door.hello(machine, certificate_pem=made.public_bytes(Encoding.PEM).decode())


@pytest.mark.parametrize("ending", ["revoke", "quarantine"])
async def test_out_at_once_on_a_connection_that_is_kept(house: House, ending: str) -> None:
    machine = await house.enrolled("K-1")
    async with house.client(machine) as client:
        assert (await client.get(HELLO)).status_code == 200
        await getattr(house, ending)("K-1")
        wanted = FleetProblem.UNKNOWN_IDENTITY if ending == "revoke" else FleetProblem.QUARANTINED
        for path, body in ((HELLO, None), (RENEW, {"csr_pem": machine.csr()})):
            reply = await client.request("POST" if body else "GET", path, json=body)
            assert (reply.status_code, reply.json()["code"]) == (403, wanted), path
    new = house.machine()  # only a new enrolment brings it back
    assert (await house.enrol(new, (await house.ticket("K-1")).code)).status_code == 200
    assert (await house.hello(new)).status_code == 200
    assert (await house.hello(machine)).status_code == 403


async def test_headers_of_a_proxy_are_not_believed_from_a_kiosk(door: House) -> None:
    victim, other = await door.enrolled("K-1"), await door.enrolled("K-2")
    serial = {SERIAL.decode(): _serial(victim.given["certificate_pem"])}
    async with door.client() as client:
        assert (await client.get(HELLO, headers=SPOOFED | serial)).status_code == 401
    async with door.client(other) as client:
        assert (await client.get(HELLO, headers=SPOOFED | serial)).json()["kiosk_id"] == "K-2"


async def test_each_door_has_its_own_paths(door: House) -> None:
    async with door.client() as kiosks, httpx.AsyncClient(base_url=f"http://{door.doors.people}") as people:
        for path in (
            "/console/",
            "/console/sign-in",
            "/api/staff/v1/kiosks",
            "/v",
            "/readyz",
            "/fleet",
            "/openapi.json",
        ):
            assert (await kiosks.get(path)).status_code == 404, path
        assert (await people.post("/fleet/v1/enrol", json={})).status_code == 404
        assert (await people.get("/healthz")).status_code == 200
        assert (await people.get("/fleet%2Fv1/authority")).status_code == 404


async def test_old_tls_is_refused(door: House) -> None:
    tls = door.machine().context(door.authority.desk_ca_pem)
    tls.minimum_version = ssl.TLSVersion.TLSv1
    tls.maximum_version = ssl.TLSVersion.TLSv1_1
    tls.set_ciphers("DEFAULT:@SECLEVEL=0")
    async with httpx.AsyncClient(base_url=door.url, verify=tls, trust_env=False) as client:
        with pytest.raises(httpx.ConnectError):
            await client.get("/healthz")


async def test_tls_1_2_kiosks_are_known_too(door: House) -> None:
    machine = await door.enrolled("K-1")
    tls = machine.context(door.authority.desk_ca_pem)
    tls.maximum_version = ssl.TLSVersion.TLSv1_2
    async with httpx.AsyncClient(base_url=door.url, verify=tls, trust_env=False) as client:
        assert (await client.get(HELLO)).json()["kiosk_id"] == "K-1"


def _serial(pem: str) -> str:
    return f"{x509.load_pem_x509_certificate(pem.encode()).serial_number:X}"
