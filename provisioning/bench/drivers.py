"""`menkou bench --drivers`: the drivers' own time, which is processor time in our process, against the virtual cabinet
in another one. Waiting for a wire is nobody's fault and is not counted.

Budgets: 2 ms a card read, 1 ms a poll, 1 % of one core with all devices idle, 10 ms the loop's worst pause with all
of them busy.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import psutil

from drivers.code_scanner.port import ScanContext
from drivers.device import Device, DeviceClass
from drivers.document_printer.trial_page import build_test_page
from drivers.manager import DeviceSet, make_device, read_devices, read_tables
from drivers.receipt_printer.port import Heading, Line, Pair, Qr, Receipt
from drivers.status import DeviceState
from drivers.virtual.cabinet.client import CabinetClient
from provisioning.bench.figures import Figures
from provisioning.bench.loop_watch import watched_loop

READS, POLLS = 40, 60
IDLE_S, BUSY_S = 20.0, 20.0
READY_S = 20.0
PAGE = build_test_page("bench")
SLIP = Receipt((Heading("凭条"), Line("仅供测量"), Pair("金额", "12.34"), Qr("TEST-0001", "仅供测试")))
BUDGETS = {"card read": 2.0, "poll": 1.0, "idle": 1.0, "loop": 10.0}


@asynccontextmanager
async def cabinet(folder: Path) -> AsyncIterator[str]:
    """A virtual cabinet in a process of its own; its address."""
    command = [sys.executable, "-m", "provisioning.entry", "cabinet", "serve", "--port", "0", "--network-port", "0"]
    process = await asyncio.create_subprocess_exec(
        *command, "--run-dir", str(folder), stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL
    )
    try:
        assert process.stdout is not None  # noqa: S101 - for the type checker
        async with asyncio.timeout(60):
            while not (line := (await process.stdout.readline()).decode()).startswith("Virtual cabinet:"):
                if not line:
                    raise RuntimeError("the virtual cabinet did not start")
            await process.stdout.readline()  # the devices file is there now
        yield line.partition(":")[2].strip().rstrip("/")
    finally:
        with suppress(ProcessLookupError):
            process.terminate()
        await process.wait()


async def _ready(device: Device) -> None:
    async with asyncio.timeout(READY_S):
        while device.status.device is not DeviceState.ONLINE:
            await asyncio.sleep(0.05)


@asynccontextmanager
async def alone(file: Path, device_class: DeviceClass) -> AsyncIterator[Any]:
    """One device, without the others' work on the loop."""
    device = make_device(device_class, read_tables(file)[device_class])
    await device.open()
    try:
        await _ready(device)
        yield device
    finally:
        await device.close()


async def _timed(figures: Figures, what: str, times: int, work: Callable[[], Awaitable[object]]) -> None:
    await work()  # the first one imports and warms up
    for _ in range(times):
        began = time.thread_time()
        await work()
        figures.add(what, (time.thread_time() - began) * 1000)


async def reads_and_polls(file: Path, hands: CabinetClient, figures: Figures) -> None:
    await asyncio.to_thread(hands.lay_card, "li")
    async with alone(file, DeviceClass.ID_READER) as reader:
        await _timed(figures, "card read: id_reader", READS, lambda: reader.read_card(5.0))
    await asyncio.to_thread(hands.device("smart_card").act, "insert-li")
    async with alone(file, DeviceClass.SMART_CARD) as reader:
        await _timed(figures, "card read: smart_card", READS // 2, lambda: reader.read_card(5.0))
    for device_class in read_tables(file):
        async with alone(file, device_class) as device:
            await _timed(figures, f"poll: {device_class.value}", POLLS, device.refresh)


def _used(process: psutil.Process) -> float:
    """Processor seconds of this process and its children, such as the one that speaks to pcscd."""
    family = [process, *process.children(recursive=True)]
    return sum(sum(each.cpu_times()[:2]) for each in family if "provisioning.entry" not in " ".join(each.cmdline()))


async def idle(devices: DeviceSet, figures: Figures) -> None:
    process = psutil.Process()
    await asyncio.gather(*(_ready(device) for device in devices.present().values()))
    await asyncio.sleep(3)
    used, began = _used(process), time.monotonic()
    await asyncio.sleep(IDLE_S)
    figures.add("idle: all devices, % of one core", (_used(process) - used) / (time.monotonic() - began) * 100)


async def busy(devices: DeviceSet, url: str, figures: Figures) -> None:
    """All devices at once, for as long as `BUSY_S`."""
    people = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "provisioning.bench.hands", url, stderr=asyncio.subprocess.DEVNULL
    )
    work = [asyncio.create_task(each, name=name) for name, each in _all_at_work(devices).items()]
    try:
        await asyncio.sleep(3)
        with watched_loop() as pauses:
            await asyncio.sleep(BUSY_S)
    finally:
        people.kill()
        await people.wait()
        for task in work:
            task.cancel()
        ends = await asyncio.gather(*work, return_exceptions=True)
    for end in ends:
        if isinstance(end, Exception):
            raise end
    for value in pauses.processor:
        figures.add("loop: callbacks of 0.2 ms or more, processor", value)
    figures.add("loop: worst callback, processor", max(pauses.processor, default=0.0))
    figures.add("loop: worst callback, wall clock", max(pauses.wall, default=0.0))
    sys.stdout.write(f"longest callback: {pauses.worst}\n")


def _all_at_work(devices: DeviceSet) -> dict[str, Any]:
    async def again(work: Callable[[], Awaitable[object]]) -> None:
        while True:
            await work()

    async def cash() -> None:
        unit = devices.cash
        assert unit is not None  # noqa: S101 - for the type checker
        await unit.enable([note.value for note in unit.notes])
        while True:
            event = await unit.next_event()
            if event.kind.value == "escrowed":
                await unit.stack()

    async def print_sheet() -> None:
        printer = devices.document_printer
        assert printer is not None  # noqa: S101 - for the type checker
        job = await printer.submit(PAGE, f"bench-{time.monotonic_ns()}")
        if hasattr(job, "job_id"):
            async for _ in printer.follow(job):  # type: ignore[arg-type]
                pass
        else:
            await asyncio.sleep(0.5)

    found: dict[str, Any] = {}
    if devices.id_reader is not None:
        reader = devices.id_reader
        found["id_reader"] = again(lambda: reader.read_card(5.0))
    if devices.receipt_printer is not None:
        slips = devices.receipt_printer
        found["receipt_printer"] = again(lambda: slips.print_receipt(SLIP))
    if devices.document_printer is not None:
        found["document_printer"] = again(print_sheet)
    if devices.code_scanner is not None:
        scanner = devices.code_scanner
        found["code_scanner"] = again(lambda: scanner.scan(ScanContext.BILL_ACCOUNT))
    if devices.cash is not None:
        found["cash"] = cash()
    if devices.card_terminal is not None:
        terminal = devices.card_terminal
        found["card_terminal"] = again(lambda: terminal.pay(1))
    if devices.smart_card is not None:
        smart = devices.smart_card
        found["smart_card"] = again(lambda: smart.read_card(5.0))
    if devices.cabinet is not None:
        box = devices.cabinet
        found["cabinet"] = again(lambda: box.changed(box.state))
    if devices.keypad is not None:
        keypad = devices.keypad
        found["keypad"] = again(keypad.next_key)
    return found


def verdicts(figures: Figures) -> list[str]:
    """The budgets that were missed, by the median; the loop by its worst."""
    missed = []
    for what, figure in figures.summary().items():
        kind = what.partition(":")[0]
        value = figure["p95_ms"] if kind == "loop" else figure["median_ms"]
        if "wall" not in what and kind in BUDGETS and value > BUDGETS[kind]:
            missed.append(f"{what}: {value:g}, budget {BUDGETS[kind]:g}")
    return missed


async def bench_drivers() -> Figures:
    figures = Figures("drivers")
    with tempfile.TemporaryDirectory() as folder:
        async with cabinet(Path(folder)) as url:
            file = Path(folder) / "devices.toml"
            with CabinetClient(url) as hands:
                await reads_and_polls(file, hands, figures)
            devices = read_devices(file)
            await devices.open()
            try:
                await idle(devices, figures)
                await busy(devices, url, figures)
            finally:
                await devices.close()
    return figures
