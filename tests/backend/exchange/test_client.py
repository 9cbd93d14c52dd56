"""A department that answers badly costs one refusal, and no more time or memory than it may."""

from __future__ import annotations

import asyncio
import gzip
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest

from backend.exchange.client import MAX_ANSWER, ExchangeClient
from backend.problems import Refused


@asynccontextmanager
async def department(head: bytes, pieces: list[bytes], pause_s: float = 0) -> AsyncIterator[tuple[str, list[int]]]:
    """A server that says this; its address, and how many bytes of the answer it got rid of."""
    sent: list[int] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\n" + head + b"\r\n\r\n")
        try:
            for piece in pieces:
                writer.write(piece)
                await writer.drain()
                sent.append(len(piece))
                await asyncio.sleep(pause_s)
        except OSError:
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        yield f"http://127.0.0.1:{port}", sent


async def ask(url: str, timeout_s: float = 5) -> dict[str, object]:
    async with httpx.AsyncClient(trust_env=False) as client:
        return await ExchangeClient(url, "key", client=client, timeout_s=timeout_s).call("desk.person", {})


async def test_a_good_answer() -> None:
    body = b'{"result": "ok", "name": "x"}'
    async with department(b"content-length: %d" % len(body), [body[:9], body[9:]]) as (url, _):
        assert await ask(url) == {"result": "ok", "name": "x"}


async def test_an_answer_that_drips() -> None:
    async with department(b"content-length: 1000", [b" "] * 40, 0.1) as (url, _):
        began = time.monotonic()
        with pytest.raises(Refused, match="department-down"):
            await ask(url, 0.4)
        assert time.monotonic() - began < 2


async def test_an_answer_without_end() -> None:
    async with department(b"content-length: %d" % (200 << 20), [b" " * (1 << 20)] * 200) as (url, sent):
        with pytest.raises(Refused, match="department-down"):
            await ask(url)
        assert sum(sent) < MAX_ANSWER + (32 << 20)  # what fits into the sockets' buffers


async def test_a_packed_answer_and_one_that_is_too_deep() -> None:
    packed = gzip.compress(b'{"result": "ok"}' + b" " * (64 << 20))
    deep = b"[" * 500_000
    for head, body in ((b"content-encoding: gzip\r\n", packed), (b"", deep)):
        async with department(head + b"content-length: %d" % len(body), [body]) as (url, _):
            with pytest.raises(Refused, match="department-down"):
                await ask(url)
