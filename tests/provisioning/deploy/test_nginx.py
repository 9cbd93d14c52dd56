"""The shipped nginx.conf in a real nginx: who is let in, as whom, and what is not to be had."""

from __future__ import annotations

import ssl
import subprocess
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from tests.provisioning.deploy.conftest import Authority, Front

SPOOFED = {
    "X-Client-Verify": "SUCCESS",
    "X-Client-Subject": "CN=K-0666",
    "X-Client-Serial": "0666",
    "X-Client-Until": "Jan  1 00:00:00 2099 GMT",
    "X-Menkou-Proxy": "guessed",
}


def _ask(
    front: Front,
    path: str,
    *,
    door: str = "kiosks",
    certificate: tuple[str, str] | None = None,
    method: str = "GET",
    **options: Any,
) -> httpx.Response:
    context = ssl.create_default_context(cafile=str(front.door.file))
    if certificate is not None:
        context.load_cert_chain(*certificate)
    scheme = "https" if door in ("kiosks", "people") else "http"
    with httpx.Client(verify=context, trust_env=False) as client:
        url = f"{scheme}://localhost:{front.ports[door]}{path}"
        return client.request(method, url, timeout=20, **options)


def test_the_configuration_is_valid(configured: Front) -> None:
    done = subprocess.run(
        ["/usr/sbin/nginx", "-t", "-c", str(configured.config), "-e", str(configured.folder / "error.log")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_a_kiosk_with_its_certificate(front: Front) -> None:
    certificate = front.kiosks.issue("K-0001", serial=0x0ABC)
    said = _ask(front, "/fleet/v1/heartbeat", certificate=certificate, method="POST", content=b"x" * 2000).json()
    assert said["peer"] == ["K-0001", "abc"]
    assert (said["path"], said["size"], said["client"], said["scheme"]) == (
        "/fleet/v1/heartbeat",
        2000,
        "127.0.0.1",
        "https",
    )


def test_what_a_client_writes_into_the_headers_is_replaced(front: Front) -> None:
    certificate = front.kiosks.issue("K-0001", serial=0x0ABC)
    said = _ask(front, "/fleet/v1/wait", certificate=certificate, headers=SPOOFED).json()
    assert said["peer"] == ["K-0001", "abc"]
    for door, path in (("kiosks", "/fleet/v1/enrol"), ("people", "/console"), ("people", "/fleet/v1/heartbeat")):
        said = _ask(front, path, door=door, headers=SPOOFED | {"X-Forwarded-For": "192.0.2.1"}).json()
        assert said["peer"] is None, path
        assert said["client"] == "127.0.0.1"


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/fleet/v1/enrol", 200),
        ("/fleet/v1/authority?code=x", 200),
        ("/healthz", 200),
        ("/fleet/v1/heartbeat", 401),
        ("/fleet/v1/wait", 401),
        ("/fleet/v1/renew", 401),
        ("/fleet/v1/commands/1/file", 401),
        ("/fleet/v1/releases/1/payload", 401),
        ("/api/kiosk/v1/hello", 401),
        ("/fleet/v1/../v1/heartbeat", 401),
        ("/console", 404),
        ("/metrics", 404),
        ("/readyz", 404),
    ],
)
def test_without_a_certificate(front: Front, path: str, status: int) -> None:
    reply = _ask(front, path)
    assert reply.status_code == status
    if status == 401:
        assert reply.json() == {"code": "no-certificate", "detail": ""}


def test_certificates_that_are_not_ours_or_have_ended(front: Front) -> None:
    stranger = Authority(front.folder, "stranger").issue("K-0002")
    ended = front.kiosks.issue("K-0003", until=datetime.now(UTC) - timedelta(hours=1))
    for certificate in (stranger, ended):
        for path in ("/fleet/v1/heartbeat", "/fleet/v1/enrol"):
            assert _ask(front, path, certificate=certificate).status_code == 400


def test_sizes(front: Front) -> None:
    certificate = front.kiosks.issue("K-0001")
    for path, size, status in (
        ("/fleet/v1/heartbeat", 65 * 1024, 413),
        ("/fleet/v1/commands/1/ack", 2 << 20, 413),
        ("/fleet/v1/commands/1/file", 19 << 20, 200),
        ("/fleet/v1/commands/1/file", 22 << 20, 413),
    ):
        reply = _ask(front, path, certificate=certificate, method="PUT", content=bytes(size))
        assert reply.status_code == status, path


def test_nobody_tries_codes(front: Front) -> None:
    seen = [_ask(front, "/fleet/v1/authority?code=x").status_code for _ in range(40)]
    assert set(seen) == {200}, "a county that is set up in one day is not stopped"
    context = ssl.create_default_context(cafile=str(front.door.file))
    url = f"https://localhost:{front.ports['kiosks']}/fleet/v1/authority?code=x"
    with httpx.Client(verify=context, trust_env=False) as client:
        assert 429 in (client.get(url).status_code for _ in range(1500))


def test_people(front: Front) -> None:
    reply = _ask(front, "/console/kiosks?q=x", door="people")
    assert (reply.status_code, reply.json()["path"]) == (200, "/console/kiosks")
    assert "strict-transport-security" in reply.headers
    assert _ask(front, "/metrics", door="people").status_code == 404
    moved = _ask(front, "/console", door="http")
    assert (moved.status_code, moved.headers["location"]) == (301, "https://localhost/console")


def test_each_process_is_asked_by_itself(front: Front) -> None:
    for path in ("/api/1/metrics", "/api/2/readyz", "/worker/1/metrics"):
        reply = _ask(front, path, door="local", headers={"Authorization": "Bearer t"})
        assert reply.status_code == 200
        assert reply.json()["path"] == "/" + path.rpartition("/")[2]
        assert reply.json()["headers"]["authorization"] == "Bearer t"
    assert _ask(front, "/api/1/console", door="local").status_code == 404


def test_nobody_behind_it(front: Front) -> None:
    """Every process of the desk is gone: kiosks are told when to come again."""
    for path in (front.folder / "run").glob("[12]/kiosks.sock"):
        path.unlink()
    reply = _ask(front, "/fleet/v1/heartbeat", certificate=front.kiosks.issue("K-0001"), method="POST", content=b"{}")
    assert (reply.status_code, reply.json()["code"], reply.headers["retry-after"]) == (503, "busy", "30")


def test_one_process_of_two_is_enough(front: Front) -> None:
    (front.folder / "run" / "1" / "kiosks.sock").unlink()
    certificate = front.kiosks.issue("K-0001")
    replies = [_ask(front, "/fleet/v1/wait", certificate=certificate) for _ in range(6)]
    assert {reply.status_code for reply in replies} == {200}


def test_old_tls_is_refused(front: Front) -> None:
    context = ssl.create_default_context(cafile=str(front.door.file))
    context.set_ciphers("DEFAULT@SECLEVEL=0")
    with pytest.warns(DeprecationWarning, match="TLSv1_1"):
        context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_1
    with pytest.raises(httpx.ConnectError), httpx.Client(verify=context, trust_env=False) as client:
        client.get(f"https://localhost:{front.ports['kiosks']}/healthz")
