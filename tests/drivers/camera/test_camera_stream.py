"""The virtual camera's troubles, as the stream shows them."""

from __future__ import annotations

import asyncio

import pytest

from drivers.virtual.cabinet.camera_stream import CameraStream, Scene, Trouble, Who


async def first(stream: CameraStream, count: int) -> list[bytes]:
    found = []
    async for part in stream.parts():
        found.append(part)
        if len(found) == count:
            return found
    return found


async def test_frozen_and_alive() -> None:
    stream = CameraStream(fps=50)
    stream.show(Scene(Who.NOBODY, trouble=Trouble.FROZEN))
    assert len(set(await first(stream, 4))) == 1
    stream.show(Scene(Who.NOBODY))
    assert len(set(await first(stream, 4))) > 1


async def test_stalled_keeps_the_line_and_ends_with_the_plug() -> None:
    stream = CameraStream(fps=50)
    stream.show(Scene(Who.NOBODY, trouble=Trouble.STALLED))
    watching = asyncio.create_task(first(stream, 1))
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(asyncio.shield(watching), 0.3)
    stream.show(Scene(Who.UNPLUGGED))
    assert await asyncio.wait_for(watching, 10) == []
