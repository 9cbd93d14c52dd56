"""An identity that does not work: the one before it stays, and is gone back to once; who ran out says so."""

from __future__ import annotations

import os
import ssl
import stat
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from structlog.testing import capture_logs

from backend.contract.enrolment import new_code
from backend.contract.fleet_api import Enrolled
from kiosk.link import enrol_cli
from kiosk.link.agent import NOT_REGISTERED
from kiosk.link.enrolment import BadIdentity, renew
from kiosk.link.fleet_desk import FleetDesk, _refused_by_tls
from kiosk.link.identity_files import Identity, IdentityFiles
from kiosk.link.key_store import FileKeyStore
from tests.kiosk.link.fake_desk import Answer, Authority, FakeDesk, refusal
from tests.kiosk.link.terminal import until
from tests.kiosk.link.test_agent import Kiosk, hurried

__all__ = ["hurried"]


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[FakeDesk]:
    async with FakeDesk(tmp_path / "desk") as desk:
        yield desk


@pytest.fixture
def kiosk(tmp_path: Path) -> Kiosk:
    return Kiosk(tmp_path / "kiosk")


async def _renewed(kiosk: Kiosk, desk: FakeDesk, old: Identity) -> Identity:
    link = FleetDesk(desk.url, kiosk.files.context(old))
    new = await renew(kiosk.files, old, link)
    await link.close()
    assert isinstance(new, Identity)
    return new


async def test_a_desk_put_back_from_a_copy_knows_the_one_before(desk: FakeDesk, kiosk: Kiosk) -> None:
    old = await kiosk.enrol(desk)
    known = list(desk.serials)
    new = await _renewed(kiosk, desk, old)
    assert old.folder.exists()
    desk.serials = known
    async with kiosk.running():
        await until(lambda: desk.heartbeats)
        assert kiosk.terminal.closed == {}
        await until(lambda: not new.folder.exists())
        assert kiosk.files.current() == old


async def test_refused_both_it_is_not_registered_and_does_not_swing(desk: FakeDesk, kiosk: Kiosk) -> None:
    old = await kiosk.enrol(desk)
    new = await _renewed(kiosk, desk, old)
    desk.before = lambda method, path: refusal(403, "unknown-identity")
    async with kiosk.running():
        await until(lambda: kiosk.terminal.closed == {"identity": NOT_REGISTERED})
        known = [_serial(old), _serial(new)]
        await until(lambda: desk.peers[-3:] == [known[1]] * 3)
        assert desk.peers.count(known[0]) == 2, "once for itself when it renewed, once to fall back"
        assert old.folder.exists()
        desk.before = lambda method, path: None
        await until(lambda: kiosk.terminal.closed == {})
        assert kiosk.files.current() == new


async def test_a_new_enrolment_ends_a_long_rest(desk: FakeDesk, kiosk: Kiosk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kiosk.link.pace._STRANGER_S", 600.0)
    await kiosk.enrol(desk)
    desk.serials.clear()
    async with kiosk.running():
        await until(lambda: "identity" in kiosk.terminal.closed)
        desk.code, desk.epoch = new_code(), 2
        await kiosk.enrol(desk)
        await until(lambda: desk.heartbeats)
        assert kiosk.terminal.closed == {}


def _answer(files: IdentityFiles, attempt: Path, authority: Authority, trusted: Authority) -> Enrolled:
    key = x509.load_pem_x509_csr(files.keys.request(attempt).encode()).public_key()
    now = datetime.now(UTC)
    return Enrolled(
        kiosk_id="K",
        site_id="S",
        site_zh="站",
        site_en="S",
        region_code="990101001001",
        certificate_pem=authority.issue("K", key).public_bytes(serialization.Encoding.PEM).decode(),
        ca_pem=trusted.pem,
        not_after=now + timedelta(days=30),
        renew_after=now + timedelta(days=20),
        heartbeat_s=60,
    )


def test_a_certificate_of_another_authority_is_no_identity(tmp_path: Path) -> None:
    files = IdentityFiles(tmp_path, FileKeyStore())
    right = Authority()
    first = files.accept(files.attempt("a"), _answer(files, files.attempt("a"), right, right), "https://desk")
    attempt = files.attempt("b")
    with pytest.raises(BadIdentity, match="another authority"):
        files.accept(attempt, _answer(files, attempt, Authority("Evil"), right), "https://desk", renewed=first)
    assert files.current() == first


async def test_a_certificate_that_ran_out_is_no_silent_desk(desk: FakeDesk, kiosk: Kiosk) -> None:
    now = datetime.now(UTC)
    desk.authority.validity = (now - timedelta(days=40), now - timedelta(days=1))
    await kiosk.enrol(desk)
    async with kiosk.running():
        await until(lambda: kiosk.terminal.closed == {"identity": NOT_REGISTERED})
        assert desk.heartbeats == []


async def test_a_proxy_that_refuses_our_certificate_says_so(desk: FakeDesk, kiosk: Kiosk) -> None:
    """In a page, with 400: that is no desk that is away."""
    await kiosk.enrol(desk)
    page = b"<html><head><title>400 The SSL certificate error</title></head></html>"
    desk.before = lambda method, path: Answer(400, page, {"Content-Type": "text/html"})
    async with kiosk.running():
        await until(lambda: kiosk.terminal.closed == {"identity": NOT_REGISTERED})


def test_an_alert_about_our_certificate_is_a_refusal() -> None:
    alert = ssl.SSLError(1, "[SSL: SSLV3_ALERT_CERTIFICATE_EXPIRED] sslv3 alert certificate expired (_ssl.c:2580)")
    outer = httpx.ReadError("")
    outer.__cause__ = alert
    assert _refused_by_tls(outer)
    theirs = httpx.ConnectError("")
    theirs.__cause__ = ssl.SSLCertVerificationError(1, "certificate verify failed: certificate has expired")
    assert not _refused_by_tls(theirs), "that is the desk's own certificate"


async def test_an_identity_it_may_not_read_is_said_and_taken_up_when_mended(
    desk: FakeDesk, kiosk: Kiosk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As when it was enrolled by another user."""
    await kiosk.enrol(desk)
    shut, right = [True], Path.iterdir

    def iterdir(path: Path) -> object:
        if shut[0] and path == kiosk.files.folder:
            raise PermissionError(13, "no")
        return right(path)

    monkeypatch.setattr(Path, "iterdir", iterdir)
    monkeypatch.setattr("kiosk.link.agent._START_AGAIN_S", 0.02)
    with capture_logs() as logs:
        async with kiosk.running():
            await until(lambda: kiosk.terminal.closed == {"identity": NOT_REGISTERED})
            await until(lambda: any(line["event"] == "agent_not_started" for line in logs))
            shut[0] = False
            await until(lambda: desk.heartbeats)
            assert kiosk.terminal.closed == {}


def test_the_program_starts_over_a_folder_it_may_not_look_into(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def exists(path: Path) -> bool:
        raise PermissionError(13, "no")

    monkeypatch.setattr(Path, "exists", exists)
    with capture_logs() as logs:
        IdentityFiles(tmp_path, FileKeyStore())
    assert [line["event"] for line in logs] == ["identity_unreadable"]


def test_who_does_not_own_the_kiosks_folder_does_not_enrol(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MENKOU_KIOSK_VAR_DIR", str(tmp_path))
    monkeypatch.setattr(enrol_cli.os, "geteuid", lambda: os.getuid() + 1)
    assert enrol_cli.enrol_here("", new_code(), "https://desk.invalid", "") == 2
    assert f"{tmp_path} belongs to" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
    assert stat.S_ISDIR(tmp_path.stat().st_mode)


def _serial(identity: Identity) -> int:
    return x509.load_pem_x509_certificate(identity.certificate_file.read_bytes()).serial_number


async def test_the_hours_do_not_close_by_a_clock_that_cannot_be_right(
    desk: FakeDesk, kiosk: Kiosk, monkeypatch: pytest.MonkeyPatch
) -> None:
    await kiosk.enrol(desk)
    async with kiosk.running():
        await until(lambda: desk.heartbeats)
        await until(lambda: kiosk.agent.clock._floor.date() == datetime.now(UTC).date())
    desk.before = lambda method, path: refusal(500, "broken")
    past = datetime.now(UTC) - timedelta(days=20)
    opens = past + timedelta(hours=10)  # Beijing is eight hours ahead: closed by that clock
    kiosk.hours = (f"{opens:%H:%M}", f"{opens + timedelta(hours=1):%H:%M}")
    async with kiosk.running():
        kiosk.agent.clock._own = lambda: past
        count = len(desk.asked)
        await until(lambda: len(desk.asked) > count + 3)
        assert "hours" not in kiosk.terminal.closed
        kiosk.agent.clock._own = lambda: datetime.now(UTC)
        await until(lambda: "hours" in kiosk.terminal.closed)
