"""The I/O board takes the lines and says nothing of them: no sensor is heard, the tamper loop least of all.

Device: cabinet
Resident: (nothing: services go on)
Staff: maintenance
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from drivers.cabinet import socket_lines
from drivers.cabinet.plugin import STANDARD
from drivers.cabinet.port import Sensor
from drivers.device import Device
from drivers.status import DeviceState
from tests.drivers.link.waiting import until
from tests.faults.resident import staff


@asynccontextmanager
async def board(folder: Path, answer: Callable[[bytes], bytes]) -> AsyncIterator[tuple[Device, list[bool]]]:
    """A cabinet on a board that gives these answers, and whether the cabinet was ready at each of its commands."""
    ready: list[bool] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while command := await reader.readline():
            ready.append(cabinet.status.ready)
            writer.write(answer(command))
        writer.close()

    path = folder / "box"
    lines = {"chip": f"unix:{path}", "door": {"line": "door"}, "tamper": {"line": "tamper"}}
    cabinet = STANDARD.make(STANDARD.options.model_validate({"lines": lines}))
    server = await asyncio.start_unix_server(serve, str(path))
    await cabinet.open()
    yield cabinet, ready
    await cabinet.close()
    server.close()


@pytest.mark.parametrize(
    ("read", "detail"),
    [
        (b"OK\n", "line door not told"),
        (b"LEVEL door low\nLEVEL headset low\nOK\n", "line tamper not told"),
        (b"LEVEL door low\nLEVEL tamper low\nNONE\n", "the box cannot read its lines"),
    ],
)
async def test_never_ready(tmp_path: Path, read: bytes, detail: str) -> None:
    async with board(tmp_path, lambda command: read if command == b"READ\n" else b"OK\n") as (cabinet, ready):
        await until(lambda: len(ready) >= 6)  # two attempts
        assert not any(ready)
        assert cabinet.status.device is DeviceState.HARDWARE_ERROR
        assert cabinet.status.detail == f"lines: {detail}"
        staff(__doc__, cabinet.status)


async def test_never_ready_between_two_attempts_either(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket_lines, "ANSWER_S", 0.1)
    async with board(tmp_path, lambda command: b"" if command == b"READ\n" else b"OK\n") as (cabinet, ready):
        await until(lambda: len(ready) >= 6)
        assert not any(ready)
        assert "does not answer" in cabinet.status.detail


async def test_what_was_told_once_is_not_told_for_ever(tmp_path: Path) -> None:
    told = True

    def answer(command: bytes) -> bytes:
        return b"LEVEL door low\nLEVEL tamper low\nOK\n" if told and command == b"READ\n" else b"OK\n"

    async with board(tmp_path, answer) as (cabinet, _):
        await until(lambda: cabinet.status.ready)
        assert cabinet.state.sensors == {Sensor.DOOR: False, Sensor.TAMPER: False}  # type: ignore[attr-defined]
        told = False
        await until(lambda: not cabinet.status.ready)
        staff(__doc__, cabinet.status)
