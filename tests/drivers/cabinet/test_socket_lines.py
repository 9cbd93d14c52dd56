"""Lines behind a socket: the virtual box's, or a program's that knows a maker's board."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from drivers.cabinet import socket_lines
from drivers.cabinet.line_port import InputLine, OutputLine, Pull
from drivers.cabinet.socket_lines import open_socket_lines
from drivers.link.stream import LinkLost
from drivers.virtual.cabinet_lines import VirtualLines, Wire
from tests.drivers.link.waiting import until


@pytest.fixture
async def box(tmp_path: Path) -> AsyncIterator[VirtualLines]:
    lines = VirtualLines(tmp_path / "lines.sock", speed=10)
    await lines.start()
    yield lines
    await lines.stop()


async def test_what_goes_over_the_socket(box: VirtualLines) -> None:
    """Typed in: driver and simulator must not agree on the same mistake."""
    reader, writer = await asyncio.open_unix_connection(str(box.path))

    async def ask(command: bytes) -> bytes:
        writer.write(command)
        answer = b""
        while not answer.endswith((b"OK\n", b"NONE\n")) and not answer.startswith(b"BUSY"):
            answer += await reader.readline()
        return answer

    box.hold("tamper", "gpiomon")
    assert await ask(b"TAKE in door up 30\n") == b"OK\n"
    assert await ask(b"TAKE out scanner low\n") == b"OK\n"
    assert await ask(b"TAKE in tamper up 30\n") == b"BUSY gpiomon\n"
    assert await ask(b"TAKE in 99 up 30\n") == b"NONE\n"
    assert await ask(b"READ\n") == b"LEVEL door low\nOK\n"
    assert await ask(b"SET scanner high\n") == b"OK\n"
    assert box.shining() == ["scanner"]
    box.cut(Wire.DOOR)
    assert await reader.readline() == b"LEVEL door high\n"
    writer.close()
    await until(lambda: box.shining() == [])


async def test_levels_edges_and_outputs(box: VirtualLines) -> None:
    lines = await open_socket_lines(
        str(box.path), {"door": InputLine(Pull.UP), "headset": InputLine(Pull.UP)}, {"scanner": OutputLine(high=True)}
    )
    assert await lines.levels() == {"door": False, "headset": True}
    assert box.shining() == ["scanner"]
    await lines.set_level("scanner", False)
    assert box.shining() == []
    await box.happen(Wire.DOOR, True)
    seen = [await lines.changes()]
    while seen[-1][-1] != ("door", True):
        seen.append(await lines.changes())
    with pytest.raises(LinkLost):
        await lines.set_level("card-slot", True)  # not taken
    await lines.close()


async def test_why_lines_cannot_be_had(box: VirtualLines, tmp_path: Path) -> None:
    box.hold("door", "gpiomon")
    for line, reason in (("door", r"held by another program \(gpiomon\)"), (99, "there is no line 99")):
        with pytest.raises(LinkLost, match=reason):
            await open_socket_lines(str(box.path), {line: InputLine()}, {})
    with pytest.raises(LinkLost, match="no box behind"):
        await open_socket_lines(str(tmp_path / "none"), {}, {})


async def test_a_command_given_up_ends_the_connection(box: VirtualLines) -> None:
    """Its answer would be taken for the next command's."""
    lines = await open_socket_lines(str(box.path), {"door": InputLine()}, {})
    box.go_silent()
    asking = asyncio.create_task(lines.levels())
    await until(lambda: box.commands == 2)
    asking.cancel()
    await asyncio.wait([asking])
    box.go_silent(False)
    with pytest.raises(LinkLost):
        await lines.levels()
    await lines.close()


async def test_silence_ends_it_too(box: VirtualLines, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket_lines, "ANSWER_S", 0.1)
    lines = await open_socket_lines(str(box.path), {"door": InputLine()}, {})
    box.go_silent()
    with pytest.raises(LinkLost, match="does not answer"):
        await lines.levels()
    await lines.close()


async def test_a_box_that_goes_away(box: VirtualLines) -> None:
    lines = await open_socket_lines(str(box.path), {"door": InputLine()}, {})
    waiting = asyncio.create_task(lines.changes())
    await asyncio.sleep(0)
    box.drop()
    with pytest.raises(LinkLost, match="gone"):
        await waiting
    await lines.close()


@pytest.mark.parametrize("step", [1, 3, 7])
async def test_a_box_that_talks_in_pieces_and_nonsense(tmp_path: Path, step: int) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await reader.readline():
            answer = b"\xff\x00noise\nLEVEL door high\n" + b"x" * 500 + b"\nOK\n"
            for at in range(0, len(answer), step):
                writer.write(answer[at : at + step])
                await writer.drain()
        writer.close()

    server = await asyncio.start_unix_server(serve, str(tmp_path / "s"))
    lines = await open_socket_lines(str(tmp_path / "s"), {"door": InputLine()}, {})
    assert await lines.levels() == {"door": True}
    await lines.close()
    server.close()


async def test_lines_nobody_took_are_not_kept(tmp_path: Path) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await reader.readline():
            writer.write(b"".join(b"LEVEL x%d high\n" % each for each in range(3000)) + b"LEVEL door low\nOK\n")
        writer.close()

    server = await asyncio.start_unix_server(serve, str(tmp_path / "s"))
    lines = await open_socket_lines(str(tmp_path / "s"), {"door": InputLine()}, {})
    assert await lines.levels() == {"door": False}
    assert set(await lines.changes()) == {("door", False)}
    await lines.close()
    server.close()
