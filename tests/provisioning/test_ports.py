"""Ports: free ones, fixed ones, taken ones."""

from __future__ import annotations

import asyncio
import dataclasses
import socket
from pathlib import Path

import pytest

from provisioning.ports import HOST, PortInUseError, Ports, accepts, answers, healthy


def test_zeros_become_different_free_ports() -> None:
    settled = dataclasses.astuple(Ports.free().settle())
    assert 0 not in settled
    assert len(set(settled)) == len(settled)


def test_a_taken_port_is_named_with_its_purpose() -> None:
    with socket.create_server((HOST, 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(PortInUseError, match=rf"Port {port} \(cabinet\) is already in use.*--cabinet-port"):
            dataclasses.replace(Ports.free(), cabinet=port).settle()


def test_the_same_port_twice_is_refused() -> None:
    port = Ports.free().settle().backend
    with pytest.raises(PortInUseError):
        dataclasses.replace(Ports.free(), backend=port, sandbox=port).settle()


async def test_health_is_a_200_on_the_asked_path(tmp_path: Path) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        path = (await reader.readline()).split()[1:2]
        if path == [b"/silent"]:
            await asyncio.sleep(30)
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n" if path == [b"/healthz"] else b"HTTP/1.1 503 Not yet\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(answer, HOST, 0)
    port = server.sockets[0].getsockname()[1]
    assert await healthy(port)
    assert not await healthy(port, "/readyz")
    assert not await healthy(port, "/silent", within_s=0.2)
    assert await accepts(port)
    server.close()
    assert not await healthy(port)
    assert not await accepts(port)

    path = tmp_path / "s"
    assert not await answers(path)
    listening = await asyncio.start_unix_server(lambda r, w: w.close(), path)
    assert await answers(path)
    listening.close()
    assert not await answers(path)  # the file of a socket that nobody serves any more
