"""A tiny desk that answers as the test says, on plain HTTP in the test's own loop."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

Answer = tuple[int, dict[str, str], bytes]


@dataclass
class FakeDesk:
    port: int = 0
    asked: list[tuple[str, str, bytes]] = field(default_factory=list)
    # What to answer to a heartbeat; by default "well, come in a minute".
    heartbeat: Callable[[dict[str, Any]], Answer] = lambda beat: ok()
    other: dict[str, Answer] = field(default_factory=dict)  # by path below the prefix
    connections: int = 0

    def beats(self) -> list[dict[str, Any]]:
        return [json.loads(body) for _, path, body in self.asked if path.endswith("/heartbeat")]

    def paths(self) -> list[str]:
        return [f"{method} {path.removeprefix('/fleet/v1')}" for method, path, _ in self.asked]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                lines = head.decode().split("\r\n")
                method, path, _ = lines[0].split(" ")
                length = next((int(x.split(":")[1]) for x in lines if x.lower().startswith("content-length")), 0)
                body = await reader.readexactly(length)
                self.asked.append((method, path, body))
                if path.endswith("/heartbeat"):
                    try:
                        beat = json.loads(body)
                    except (ValueError, RecursionError):
                        beat = {}
                    status, headers, answer = self.heartbeat(beat)
                else:
                    status, headers, answer = self.other.get(path.removeprefix("/fleet/v1"), (204, {}, b""))
                lines = [f"HTTP/1.1 {status} X", f"content-length: {len(answer)}"]
                lines += [f"{name}: {value}" for name, value in headers.items()]
                writer.write("\r\n".join(lines).encode() + b"\r\n\r\n" + answer)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


def ok(**fields: Any) -> Answer:
    reply = {"now": datetime.now(UTC).isoformat(), "interval_s": 60, **fields}
    return 200, {"content-type": "application/json"}, json.dumps(reply).encode()


def problem(status: int, code: str, **headers: str) -> Answer:
    return (
        status,
        {name.replace("_", "-"): value for name, value in headers.items()},
        json.dumps({"code": code}).encode(),
    )


@asynccontextmanager
async def fake_desk() -> AsyncIterator[FakeDesk]:
    desk = FakeDesk()
    server = await asyncio.start_server(desk.serve, "127.0.0.1", 0)
    desk.port = server.sockets[0].getsockname()[1]
    async with server:
        yield desk
