"""The way to the backend: asked seldom, and yet a cut line shows within seconds."""

from __future__ import annotations

import asyncio
import random
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from kiosk.link.client import BackendLink
from kiosk.link.fleet_desk import DeskSilent, FleetDesk, _watchful
from kiosk.link.line import Line, Reachability
from tests.kiosk.link.fake_desk import FakeDesk
from tests.kiosk.link.terminal import Time, until
from tests.kiosk.link.test_agent import Kiosk, hurried

__all__ = ["hurried"]


def _asked(way: Reachability, time: Time, seconds: float, up: bool) -> int:
    """How often `hello` is asked in that time, looked at ten times a second."""
    asked = 0
    for _ in range(round(seconds * 10)):
        time.seconds += 0.1
        if way.due:
            asked += 1
            way.heard(up)
    return asked


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def way(time: Time) -> Reachability:
    return Reachability(time, random.Random(4))


def test_nothing_is_asked_while_somebody_watches(way: Reachability, time: Time) -> None:
    assert not way.reachable
    way.heard(True)
    way.line(Line.WATCHED)
    assert _asked(way, time, 24 * 3600, up=True) == 0
    assert way.reachable


def test_alone_it_asks_every_two_seconds(way: Reachability, time: Time) -> None:
    assert 28 <= _asked(way, time, 60, up=True) <= 30


def test_a_broken_connection_is_looked_into_at_once(way: Reachability, time: Time) -> None:
    way.heard(True)
    way.line(Line.WATCHED)
    way.line(Line.DOUBTFUL)
    assert way.reachable, "the desk may only have restarted"
    assert _asked(way, time, 2.0, up=False) >= 1
    assert not way.reachable


def test_a_desk_that_only_restarted_closes_nothing(way: Reachability, time: Time) -> None:
    way.heard(True)
    way.line(Line.WATCHED)
    way.line(Line.DOUBTFUL)
    assert _asked(way, time, 2.0, up=True) == 1
    assert way.reachable
    assert _asked(way, time, 60.0, up=True) <= 6, "until the long poll stands again"
    way.line(Line.WATCHED)
    assert _asked(way, time, 3600.0, up=True) == 0


def test_a_desk_that_is_away_is_asked_less_and_less(way: Reachability, time: Time) -> None:
    way.heard(True)
    way.line(Line.DOUBTFUL)
    _asked(way, time, 60, up=False)
    assert _asked(way, time, 600, up=False) <= 600 / 7.5
    way.answered()
    assert way.due, "a heartbeat was answered: it may be back"
    way.heard(True)
    assert way.reachable


def test_a_request_that_was_not_answered_is_doubt_and_hello_itself_is_not_counted_twice() -> None:
    async def run() -> None:
        def handler(request: httpx.Request) -> httpx.Response:
            raise httpx.ConnectError("gone")

        link = BackendLink(retries=0, transport=httpx.MockTransport(handler))
        link.use("http://backend.invalid")
        link.way.heard(True)
        link.way.line(Line.WATCHED)
        await link.hello()
        link.way.heard(False)
        assert link.way.reachable, "one silent answer is not enough"
        link.way.heard(True)
        await link.payment("paym-00000001")
        link.way.heard(False)
        assert not link.way.reachable
        await link.rest()
        assert not link.way.reachable
        await link.close()

    asyncio.run(run())


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[FakeDesk]:
    async with FakeDesk(tmp_path / "desk") as desk:
        yield desk


async def test_the_long_poll_feels_the_cut_and_the_mending(desk: FakeDesk, tmp_path: Path) -> None:
    kiosk = Kiosk(tmp_path / "kiosk")
    await kiosk.enrol(desk)
    async with kiosk.running(wait_s=60):
        way = kiosk.way
        await until(lambda: "GET /wait" in desk.asked)
        way.heard(True)
        desk.before = lambda method, path: None
        desk.after = lambda method, path: True  # every answer is lost from now on
        for writer in list(desk._writers):
            writer.transport.abort()
        await until(lambda: way.due)
        way.heard(False)
        assert not way.reachable
        desk.after = lambda method, path: False
        await until(lambda: way.due and len(desk.heartbeats) > 1)
        way.heard(True)
        await until(lambda: not way.due)


async def test_idle_it_holds_two_connections(desk: FakeDesk, tmp_path: Path) -> None:
    kiosk = Kiosk(tmp_path / "kiosk")
    identity = await kiosk.enrol(desk)
    link = FleetDesk(desk.url, kiosk.files.context(identity))
    desk.commands = []
    await link.settings()
    await link.settings()
    await until(lambda: not desk._writers)
    waiting = asyncio.create_task(link.wait(1))
    await until(lambda: "GET /wait" in desk.asked)
    await link.settings()
    await until(lambda: len(desk._writers) == 1)
    await waiting
    assert len(desk._writers) == 1
    await link.close()


async def test_a_line_that_dies_in_silence_is_noticed_by_the_socket(desk: FakeDesk, tmp_path: Path) -> None:
    options = {(level, name): value for level, name, value in _watchful()}
    assert options[socket.SOL_SOCKET, socket.SO_KEEPALIVE] == 1
    quiet = options[socket.IPPROTO_TCP, socket.TCP_KEEPIDLE]
    assert (
        quiet + options[socket.IPPROTO_TCP, socket.TCP_KEEPINTVL] * options[socket.IPPROTO_TCP, socket.TCP_KEEPCNT]
        <= 15
    )
    kiosk = Kiosk(tmp_path / "kiosk")
    identity = await kiosk.enrol(desk)
    link = FleetDesk(desk.url, kiosk.files.context(identity))
    waiting = asyncio.create_task(link.wait(1))
    await until(lambda: "GET /wait" in desk.asked)
    pool = link._poll._transport._pool  # type: ignore[attr-defined]
    stream = pool.connections[0]._connection._network_stream
    own = stream.get_extra_info("socket")
    assert own.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 1
    assert own.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == 14_000
    for writer in list(desk._writers):
        writer.transport.abort()
    assert isinstance(await waiting, DeskSilent)
    await link.close()
