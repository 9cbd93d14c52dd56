"""The simulator against the vendors' bytes; our codec is not used here."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from drivers.link.serial import SerialSettings, open_serial
from drivers.virtual.code_scanner import ScannerFault, VirtualCodeScanner
from tests.drivers.link.waiting import PATIENCE_S, until


async def converse(
    device: VirtualCodeScanner, exchanges: list[tuple[bytes, bytes]], fault: ScannerFault | None = None
) -> None:
    await device.start()
    if fault:
        device.inject(fault)
    stream = await open_serial(SerialSettings(str(device.pty.path)))
    try:
        for command, expected in exchanges:
            await stream.write(command)
            got = b""
            async with asyncio.timeout(PATIENCE_S):
                while len(got) < len(expected):
                    got += await stream.read(4096)
            assert got == expected
    finally:
        await stream.close()
        await device.stop()


async def test_honeywell(tmp_path: Path) -> None:
    device = VirtualCodeScanner(tmp_path / "s", speed=20)
    device.present("134567890123456789")
    await converse(
        device,
        [
            (b"\x16M\rTRGMOD0!", b"TRGMOD0\x06!"),
            (b"\x16M\rNONSENSE.", b"NONSENSE\x05."),
            (
                b"\x16M\rREVINF.",
                b"Product Name: Virtual Area-Imaging Scanner\r\nSoftware Revision: VH000001AAA\r\nREVINF\x06.",
            ),
            (bytes.fromhex("16540D"), bytes.fromhex("3133343536373839303132333435363738390D")),
        ],
    )


async def test_newland(tmp_path: Path) -> None:
    device = VirtualCodeScanner(tmp_path / "s", family="newland", speed=20)
    await converse(
        device,
        [
            (
                bytes.fromhex("7E 01 30 30 30 30 23 53 43 4E 54 52 47 31 3B 03"),
                bytes.fromhex("02 01 30 30 30 30 23 53 43 4E 54 52 47 31 06 3B 03"),
            ),
            (b"\x7e\x010000@GRBENA1;\x03", b"\x02\x010000@GRBENA1\x05;\x03"),
        ],
    )


@pytest.mark.parametrize(
    ("family", "command", "reply"),
    [
        ("honeywell", b"\x16M\rTRGMOD0!", b"TRGMOD0\x15!"),
        ("newland", b"\x7e\x010000#SCNMOD0;\x03", b"\x02\x010000#SCNMOD0\x15;\x03"),
    ],
)
async def test_nak(tmp_path: Path, family: str, command: bytes, reply: bytes) -> None:
    device = VirtualCodeScanner(tmp_path / "s", family=family, speed=20)
    await converse(device, [(command, reply)], ScannerFault.NAK)


async def test_no_beam_no_code_and_a_code_taken_away_is_gone(tmp_path: Path) -> None:
    events: list[str] = []
    device = VirtualCodeScanner(tmp_path / "s", speed=20, on_event=events.append)
    await device.start()
    stream = await open_serial(SerialSettings(str(device.pty.path)))
    device.present("035012342718")
    device.take_away()
    await stream.write(b"\x16T\r")
    await until(lambda: device.beam)
    await stream.write(b"\x16U\r")
    await until(lambda: not device.beam)
    assert "code read" not in events
    await stream.close()
    await device.stop()


def test_an_unknown_family_is_a_mistake(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no such family"):
        VirtualCodeScanner(tmp_path / "s", family="zebra")
