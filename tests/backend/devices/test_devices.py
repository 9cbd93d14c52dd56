"""Device tokens, and the command that makes them."""

from __future__ import annotations

import asyncio
import stat
from pathlib import Path

import pytest
from sqlalchemy import select
from typer.testing import CliRunner

from backend.cli import app
from backend.db.engine import make_engine, make_sessions, writing
from backend.devices.models import Device
from backend.devices.service import find_by_token, issue_token, revoke
from backend.settings import BackendSettings
from tests.backend.house import House


async def test_hello(house: House) -> None:
    answer = (await house.call("GET", "/hello")).json()
    assert (answer["kiosk_id"], answer["site"]) == ("kiosk-1", "测试点")
    assert answer["content_version"] == house.backend.state.catalogue.version != ""


async def test_a_new_token_ends_the_old(house: House) -> None:
    old = house.tokens["kiosk-1"]
    async with writing(house.backend.state.sessions) as session:
        new = await issue_token(session, "kiosk-1", "elsewhere")
        device = await session.scalar(select(Device).where(Device.kiosk_id == "kiosk-1"))
        assert device is not None
        assert new not in (device.token_sha256, device.site)  # only its hash is kept
        assert await find_by_token(session, new) is not None
        assert await find_by_token(session, old) is None
    assert (await house.call("GET", "/hello")).status_code == 401


@pytest.mark.parametrize("name", ["", "-x", "a b", "x" * 61, "名"])
async def test_unusable_names(house: House, name: str) -> None:
    async with writing(house.backend.state.sessions) as session:
        with pytest.raises(ValueError, match="a kiosk's name"):
            await issue_token(session, name, "site")


def test_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MENKOU_BACKEND_VAR_DIR", str(tmp_path / "var"))
    runner = CliRunner()
    printed = runner.invoke(app, ["token", "kiosk-7"])
    assert printed.exit_code == 0, printed.output
    assert printed.output.startswith("mk_")
    file = tmp_path / "secrets" / "token"
    written = runner.invoke(app, ["token", "kiosk-7", "--out", str(file)])
    assert written.exit_code == 0, written.output
    assert "mk_" not in written.output
    assert file.read_text().startswith("mk_")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert "already up to date" in runner.invoke(app, ["migrate"]).output
    assert runner.invoke(app, ["token", "no good"]).exit_code == 2


def test_revoke(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MENKOU_BACKEND_VAR_DIR", str(tmp_path / "var"))
    runner = CliRunner()
    token = runner.invoke(app, ["token", "kiosk-7"]).output.strip()
    assert asyncio.run(_let_in(token))
    assert runner.invoke(app, ["revoke", "kiosk-8"]).exit_code == 1
    assert asyncio.run(_let_in(token))
    for _ in range(2):
        revoked = runner.invoke(app, ["revoke", "kiosk-7"])
        assert revoked.exit_code == 0, revoked.output
        assert not asyncio.run(_let_in(token))
    again = runner.invoke(app, ["token", "kiosk-7"]).output.strip()
    assert asyncio.run(_let_in(again))
    assert not asyncio.run(_let_in(token))


async def _let_in(token: str) -> bool:
    engine = make_engine(BackendSettings().effective_database_url)
    try:
        async with make_sessions(engine)() as session:
            return await find_by_token(session, token) is not None
    finally:
        await engine.dispose()


async def test_a_revoked_kiosk_is_refused(house: House) -> None:
    async with writing(house.backend.state.sessions) as session:
        assert await revoke(session, "kiosk-1")
    assert (await house.call("GET", "/hello")).status_code == 401
    assert (await house.call("GET", "/hello", kiosk="kiosk-2")).status_code == 200
