from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.typing import Subprotocol

from drivers.virtual.cabinet.client import CabinetClient, CabinetRefusedError, ScenarioFailedError
from drivers.virtual.cabinet.settings import CabinetSettings
from drivers.virtual.cabinet.vnc_bridge import same_origin

from .conftest import Running, run_cabinet

PATIENCE_S = 20.0
NOT_NEEDED = frozenset({"smart_card", "box", "cash", "card_terminal", "keypad"})
BINARY = [Subprotocol("binary")]


class FakeVnc:
    """Says hello as a VNC server does, then sends back what it gets, reversed."""

    def __init__(self) -> None:
        self.ended = asyncio.Event()
        self.port = 0

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"RFB 003.008\n")
        while data := await reader.read(65536):
            writer.write(data[::-1])
            if data == b"bye":
                break
        writer.close()
        self.ended.set()


@pytest.fixture
async def vnc() -> AsyncIterator[FakeVnc]:
    fake = FakeVnc()
    server = await asyncio.start_server(fake.talk, "127.0.0.1", 0)
    fake.port = server.sockets[0].getsockname()[1]
    yield fake
    server.close()


@pytest.fixture
async def house(vnc: FakeVnc, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Running]:
    # The A4 printer is not needed here and takes long to start: it "is not installed".
    monkeypatch.setattr("drivers.virtual.ippeveprinter.PROGRAMS", ("no-such-program",))
    settings = CabinetSettings(port=0, network_port=0, run_dir=tmp_path, vnc_port=vnc.port, without=NOT_NEEDED)
    running, end = await asyncio.to_thread(run_cabinet, settings)
    yield running
    await asyncio.to_thread(end)


def address(house: Running) -> str:
    return house.url.replace("http", "ws") + "/vnc"


async def test_bytes_go_both_ways_until_one_side_ends(house: Running, vnc: FakeVnc) -> None:
    async with connect(address(house), origin=house.url, subprotocols=BINARY, proxy=None) as socket:
        assert socket.subprotocol == "binary"
        assert await asyncio.wait_for(socket.recv(), PATIENCE_S) == b"RFB 003.008\n"
        await socket.send(b"abc")
        assert await asyncio.wait_for(socket.recv(), PATIENCE_S) == b"cba"
        await socket.send(b"bye")
        assert await asyncio.wait_for(socket.recv(), PATIENCE_S) == b"eyb"
        with pytest.raises(ConnectionClosed):
            await asyncio.wait_for(socket.recv(), PATIENCE_S)


async def test_closing_the_page_closes_the_screen(house: Running, vnc: FakeVnc) -> None:
    async with connect(address(house), origin=house.url, subprotocols=BINARY, proxy=None) as socket:
        await asyncio.wait_for(socket.recv(), PATIENCE_S)
    await asyncio.wait_for(vnc.ended.wait(), PATIENCE_S)


@pytest.mark.parametrize("origin", [None, "https://evil.example", "http://127.0.0.1:1"])
async def test_strangers_pages_see_nothing(house: Running, origin: str | None) -> None:
    with pytest.raises(InvalidStatus) as refused:
        await connect(address(house), origin=origin, subprotocols=BINARY, proxy=None)  # type: ignore[arg-type]
    assert refused.value.response.status_code == 403


async def test_one_device_that_cannot_start_leaves_the_others_alone(house: Running) -> None:
    state = await asyncio.to_thread(lambda: house.cabinet.state())
    assert "no-such-program" in state.document_printer.failure
    assert state.id_reader.failure == ""
    assert state.id_reader.plugged
    assert (house.dir / "devices.toml").exists()


async def test_missing_screen_is_a_closed_socket_not_a_crash(house: Running, vnc: FakeVnc) -> None:
    object.__setattr__(house.cabinet.settings, "vnc_port", 9)
    async with connect(address(house), origin=house.url, subprotocols=BINARY, proxy=None) as socket:
        with pytest.raises(ConnectionClosed) as closed:
            await asyncio.wait_for(socket.recv(), PATIENCE_S)
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1013


@pytest.mark.parametrize(
    ("origin", "host", "same"),
    [
        ("http://127.0.0.1:8200", "127.0.0.1:8200", True),
        ("http://LOCALHOST:8200", "localhost:8200", True),
        ("http://localhost:8200", "127.0.0.1:8200", False),
        ("null", "127.0.0.1:8200", False),
        (None, "127.0.0.1:8200", False),
        ("http://127.0.0.1:8200", None, False),
        ("", "", False),
    ],
)
def test_same_origin(origin: str | None, host: str | None, same: bool) -> None:
    assert same_origin(origin, host) is same


async def test_a_terminal_without_a_device(house: Running) -> None:
    def look() -> None:
        with CabinetClient(house.url) as hands:
            state = hands.state()
            assert state["cash"] is None
            assert "cash" not in {device["name"] for device in state["devices"]}
            for move in (lambda: hands.cash.insert(1000), lambda: hands.box.mains(False)):
                with pytest.raises(CabinetRefusedError, match="404"):
                    move()
            with pytest.raises(ScenarioFailedError, match="this terminal has no"):
                hands.play("power-cut-with-a-note-in-the-path")
            hands.reset()
        assert "cash" not in (house.dir / "devices.toml").read_text("utf-8")

    await asyncio.to_thread(look)
