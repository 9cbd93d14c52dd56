"""Files made to harm whoever opens them: they cost a few seconds of another process, and are unreadable."""

from __future__ import annotations

import os
import re
import signal
import zlib
from functools import cache
from pathlib import Path

import pytest
from structlog.testing import capture_logs
from typer.testing import CliRunner

from backend.certificates.check import FileState
from backend.certificates.check_process import FileChecker, child_environment
from backend.certificates.keys import CA_FILE, ca_certificate
from backend.certificates.verify_cli import app
from tests.backend.certificates.conftest import Counter, Signed

MIB = 1 << 20
LARGE = 500 * MIB


@cache
def bomb(unfolded: int) -> bytes:
    """A PDF whose cross-reference stream has `unfolded` bytes once inflated, a thousandth of that here."""
    deflate = zlib.compressobj(6)
    data = b"".join(deflate.compress(bytes(MIB)) for _ in range(unfolded // MIB)) + deflate.flush()
    entries = unfolded // 4
    head = b"%PDF-1.7\n"
    return b"%s1 0 obj\n<</Type/XRef/W[1 2 1]/Index[0 %d]/Size %d/Root 2 0 R/Filter/FlateDecode/Length %d>>\n" % (
        head,
        entries,
        entries,
        len(data),
    ) + b"stream\n%s\nendstream\nendobj\nstartxref\n%d\n%%%%EOF\n" % (data, len(head))


@pytest.mark.parametrize("unfolded", [20 * MIB, LARGE], ids=["slow", "large"])
def test_a_bomb_costs_the_child_only_and_the_next_check_works(signed: Signed, unfolded: int) -> None:
    ca = ca_certificate(signed.var_dir)
    with FileChecker(timeout_s=2) as checker:
        assert checker.check(bomb(0), ca).state is FileState.UNREADABLE
        before = checker.pid
        with capture_logs() as logs:
            assert checker.check(bomb(unfolded), ca).state is FileState.UNREADABLE
        assert [line["event"] for line in logs] == ["file_check_overrun"]
        assert checker.pid is None
    with FileChecker() as checker:
        assert checker.check(signed.pdf, ca).state is FileState.VALID
        assert checker.pid not in (None, before)


def test_one_warm_process_replaced_when_it_dies(signed: Signed) -> None:
    ca = ca_certificate(signed.var_dir)
    with FileChecker(timeout_s=30) as checker:
        check = checker.check(signed.pdf, ca)
        first = checker.pid
        assert check.state is FileState.VALID
        assert check.signer
        assert check.signed_at is not None
        assert checker.check(b"hello", ca).state is FileState.UNREADABLE
        assert first is not None
        assert checker.pid == first
        os.kill(first, signal.SIGKILL)
        os.waitid(os.P_PID, first, os.WEXITED | os.WNOWAIT)
        assert checker.check(signed.pdf, ca).state is FileState.VALID
        assert checker.pid != first


def test_the_process_is_confined(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MENKOU_BACKEND_EXCHANGE_KEY", "a-secret")
    with FileChecker() as checker:
        assert checker.check(b"%PDF-1.7", b"").state is FileState.UNREADABLE
        proc = Path(f"/proc/{checker.pid}")
        limits = (proc / "limits").read_text()
        assert f"Max address space         {512 * MIB}" in limits
        cpu = re.search(r"Max cpu time +(\S+)", limits)
        assert cpu is not None
        assert int(cpu[1]) <= 60  # seconds: those of its start, and so many for one file
        assert "Max core file size        0 " in limits
        assert "Max file size             0 " in limits
    assert not any(name.startswith("MENKOU_") for name in child_environment())


async def test_a_bomb_on_the_public_page_is_not_opened_here(counter: Counter) -> None:
    with capture_logs() as logs:
        page = await counter.page("POST", "/v/file", files={"file": ("a.pdf", bomb(LARGE), "application/pdf")})
    assert "文件无法识别" in page.text
    assert "file_check_overrun" in [line["event"] for line in logs]


def test_a_bomb_for_the_command(signed: Signed, tmp_path: Path) -> None:
    path = tmp_path / "bomb.pdf"
    path.write_bytes(bomb(LARGE))
    with capture_logs() as logs:
        result = CliRunner().invoke(app, [str(path), "--ca", str(signed.var_dir / CA_FILE)])
    assert (result.exit_code, "文件损坏" in result.output) == (1, True)
    assert "file_check_overrun" in [line["event"] for line in logs]
