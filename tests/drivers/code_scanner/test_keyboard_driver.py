"""The keyboard driver on a simulated scanner."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import structlog

from drivers.code_scanner.keyboard_driver import KeyboardCodeScanner, KeyboardScannerSettings
from drivers.code_scanner.port import CodeKind, ScanContext
from drivers.link.input_events import open_input
from drivers.link.supervise import Backoff
from drivers.link.trace import Traced, watch
from drivers.status import Action, DeviceState
from drivers.virtual.code_scanner import VirtualKeyboardScanner
from drivers.virtual.pty import Delivery
from tests.drivers.link.replugging import number_taken
from tests.drivers.link.waiting import PATIENCE_S, until

ACCOUNT, ALIPAY = "035012342718", "281234567890123456"
BILL, PAY = ScanContext.BILL_ACCOUNT, ScanContext.PAYMENT_CODE


@pytest.fixture
async def device(tmp_path: Path) -> AsyncIterator[VirtualKeyboardScanner]:
    virtual = VirtualKeyboardScanner(tmp_path / "dev" / "kbd", speed=20)
    await virtual.start()
    yield virtual
    await virtual.stop()


@pytest.fixture
async def scanner(device: VirtualKeyboardScanner) -> AsyncIterator[KeyboardCodeScanner]:
    driver = KeyboardCodeScanner(KeyboardScannerSettings(str(device.input.pty.path), backoff=Backoff(0.02, 0.1)))
    await driver.open()
    await until(lambda: driver.status.ready)
    yield driver
    await driver.close()


async def asked(scanner: KeyboardCodeScanner, context: ScanContext = BILL) -> asyncio.Task[str]:
    """A question that is open; its answer is the code's kind and text."""

    async def ask() -> str:
        async with asyncio.timeout(PATIENCE_S):
            code = await scanner.scan(context)
        return f"{code.kind.value} {code.text}"

    task = asyncio.create_task(ask())
    await until(lambda: scanner._inbox._wanted is not None)
    return task


async def test_a_code(device: VirtualKeyboardScanner, scanner: KeyboardCodeScanner) -> None:
    answer = await asked(scanner)
    await device.scan(ACCOUNT)
    assert await answer == f"{CodeKind.BILL_ACCOUNT.value} {ACCOUNT}"
    assert scanner.status.counters["codes_read"] == 1


async def test_capitals_and_signs(device: VirtualKeyboardScanner, scanner: KeyboardCodeScanner) -> None:
    answer = await asked(scanner, ScanContext.CERTIFICATE)
    await device.scan("https://example.test/v?i=abcdefghjkmn&t=tp1abc&s=" + "A_-z" * 6)
    assert (await answer).startswith(CodeKind.CERTIFICATE_LINK.value)


async def test_on_a_bad_line(device: VirtualKeyboardScanner, scanner: KeyboardCodeScanner) -> None:
    device.input.delivery = Delivery(byte_by_byte=True)
    answer = await asked(scanner)
    await device.scan(ACCOUNT)
    assert (await answer).endswith(ACCOUNT)


async def test_an_unasked_code_answers_no_later_question(
    device: VirtualKeyboardScanner, scanner: KeyboardCodeScanner
) -> None:
    await device.scan("099999999999")
    await until(lambda: scanner.status.counters["codes_unasked"])
    answer = await asked(scanner)
    await device.scan(ACCOUNT)
    assert (await answer).endswith(ACCOUNT)


async def test_unplugged_in_the_middle_of_a_code_and_back(
    device: VirtualKeyboardScanner, scanner: KeyboardCodeScanner
) -> None:
    answer = await asked(scanner)
    await device.scan("0350", enter=False)
    before = device.input.pty.tty
    await device.unplug()
    await until(lambda: scanner.status.device is DeviceState.OFFLINE)
    assert scanner.status.action is Action.MAINTENANCE
    with number_taken(before):
        device.replug()
        assert device.input.pty.tty != before
        await until(lambda: scanner.status.ready)
        await device.scan(ACCOUNT)
        assert (await answer).endswith(f" {ACCOUNT}")


async def test_taken_by_another_program(device: VirtualKeyboardScanner) -> None:
    other = await open_input(str(device.input.pty.path))
    driver = KeyboardCodeScanner(KeyboardScannerSettings(str(device.input.pty.path), backoff=Backoff(0.02, 0.1)))
    await driver.open()
    await until(lambda: driver.status.device is DeviceState.OFFLINE)
    assert "taken by another program" in driver.status.detail
    await other.close()
    await until(lambda: driver.status.ready)
    await driver.close()
    assert driver.status.device is DeviceState.OFFLINE


async def test_no_code_reaches_log_or_trace(device: VirtualKeyboardScanner, scanner: KeyboardCodeScanner) -> None:
    frames: list[Traced] = []
    with structlog.testing.capture_logs() as lines, watch(frames.append):
        answer = await asked(scanner, PAY)
        await device.scan(ALIPAY)
        await answer
    assert [line["event"] for line in lines] == ["code_scanned"]
    assert frames
    assert all(byte is None for frame in frames for byte in frame.data)


async def test_refresh_tells_what_is_known(scanner: KeyboardCodeScanner) -> None:
    assert (await scanner.refresh()).ready
