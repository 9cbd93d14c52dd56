"""Ports: the usual ones, ones chosen by the kernel, and a clear word when one is taken."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import socket
from dataclasses import dataclass
from pathlib import Path

HOST = "127.0.0.1"


class PortInUseError(Exception):
    """Somebody else listens there."""

    def __init__(self, port: int, purpose: str) -> None:
        super().__init__(
            f"Port {port} ({purpose}) is already in use. Is Menkou running in another window? Stop it there, "
            f"or choose another port: --{purpose}-port NUMBER (0 takes any free one)."
        )
        self.port = port
        self.purpose = purpose


@dataclass(frozen=True)
class Ports:
    """Where everything listens, on the loopback only. 0: any free port."""

    backend: int = 8100
    sandbox: int = 8110
    cabinet: int = 8200  # the web page
    network: int = 8201  # the kiosk's end of the cable that the cabinet can cut
    vnc: int = 0
    fleet: int = 8143  # the backend's door for kiosks with certificates

    @classmethod
    def free(cls) -> Ports:
        """Every port chosen by the kernel: for tests and demos that run beside each other."""
        return cls(0, 0, 0, 0, 0, 0)

    def settle(self) -> Ports:
        """The same with real numbers for the zeros. Raises PortInUseError for a fixed one that is taken."""
        held: list[socket.socket] = []
        chosen: dict[str, int] = {}
        try:
            for entry in dataclasses.fields(self):
                wanted: int = getattr(self, entry.name)
                probe = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
                held.append(probe)  # all stay bound until the end, so that none is given out twice
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                try:
                    probe.bind((HOST, wanted))
                    # Two bound sockets with SO_REUSEADDR may share a port; only one can listen.
                    probe.listen()
                except OSError as error:
                    raise PortInUseError(wanted, entry.name) from error
                chosen[entry.name] = probe.getsockname()[1]
        finally:
            for probe in held:
                probe.close()
        return Ports(**chosen)


async def accepts(port: int) -> bool:
    """Somebody listens on this port."""
    try:
        _, writer = await asyncio.open_connection(HOST, port)
    except OSError:
        return False
    await _close(writer)
    return True


async def answers(path: Path) -> bool:
    """Somebody listens on this Unix socket."""
    try:
        _, writer = await asyncio.open_unix_connection(path)
    except OSError:
        return False
    await _close(writer)
    return True


async def healthy(port: int, path: str = "/healthz", within_s: float = 2.0) -> bool:
    """An HTTP GET of `path` is answered with 200. Without an HTTP library: importing one takes longer than asking."""
    try:
        async with asyncio.timeout(within_s):
            reader, writer = await asyncio.open_connection(HOST, port)
            try:
                writer.write(f"GET {path} HTTP/1.1\r\nHost: {HOST}:{port}\r\nConnection: close\r\n\r\n".encode())
                status = await reader.readline()
            finally:
                await _close(writer)
    except (OSError, TimeoutError):
        return False
    return status.split()[1:2] == [b"200"]


async def _close(writer: asyncio.StreamWriter) -> None:
    writer.close()
    with contextlib.suppress(OSError):
        await writer.wait_closed()
