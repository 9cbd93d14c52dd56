"""From the page's WebSocket to the TCP port of x11vnc: the kiosk's own screen in the browser."""

from __future__ import annotations

import asyncio
import contextlib
from urllib.parse import urlsplit

from starlette.websockets import WebSocket, WebSocketDisconnect

POLICY_VIOLATION = 1008
TRY_AGAIN_LATER = 1013


def same_origin(origin: str | None, host: str | None) -> bool:
    """True if the page that opens the WebSocket came from this very server.

    Browsers let any web page open a WebSocket to localhost: without this check a stranger's page could work the kiosk.
    """
    return bool(origin and host) and urlsplit(origin or "").netloc.lower() == (host or "").lower()


async def bridge(socket: WebSocket, vnc_port: int) -> None:
    """Relay bytes both ways until either side ends. Closes with 1008 for a stranger, 1013 if x11vnc is not there."""
    if not same_origin(socket.headers.get("origin"), socket.headers.get("host")):
        await socket.close(POLICY_VIOLATION)
        return
    wanted: list[str] = socket.scope.get("subprotocols", [])
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", vnc_port)
    except OSError:
        await socket.accept("binary" if "binary" in wanted else None)
        await socket.close(TRY_AGAIN_LATER)
        return
    await socket.accept("binary" if "binary" in wanted else None)

    async def from_page() -> None:
        with contextlib.suppress(WebSocketDisconnect, OSError):
            while True:
                writer.write(await socket.receive_bytes())
                await writer.drain()

    async def to_page() -> None:
        with contextlib.suppress(WebSocketDisconnect, OSError, RuntimeError):
            while data := await reader.read(65536):
                await socket.send_bytes(data)

    tasks = [asyncio.create_task(from_page()), asyncio.create_task(to_page())]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()
        with contextlib.suppress(RuntimeError, WebSocketDisconnect):
            await socket.close()
