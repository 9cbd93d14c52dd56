"""Shipped scenarios against the real drivers, opened from the cabinet's own devices.toml as a kiosk does."""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from drivers.cabinet.port import Mains
from drivers.card_terminal.port import CardOutcome
from drivers.cash.port import CashEvent, CashEventKind
from drivers.device import Device, DeviceClass
from drivers.document_printer.port import JobState, PrintJob
from drivers.id_reader.port import IdCard, ReadFault
from drivers.manager import make_device, read_tables
from drivers.receipt_printer.port import ReceiptOutcome
from drivers.virtual.cabinet.client import CabinetClient
from drivers.virtual.document_printer import missing_programs

from .conftest import FakeSandbox, Running
from .test_printers import SLIP, pdf

PATIENCE_S = 60.0
NOTES = (100, 500, 1000, 2000, 5000, 10000)


@asynccontextmanager
async def opened(running: Running, device_class: DeviceClass, **parts: dict[str, Any]) -> AsyncIterator[Any]:
    """`parts` of its table are changed, to be quicker."""
    table = dict(read_tables(running.dir / "devices.toml")[device_class])
    for name, changes in parts.items():
        table[name] = {**table[name], **changes}
    device: Device = make_device(device_class, table)
    await device.open()
    try:
        yield device
    finally:
        await device.close()


async def played(hands: CabinetClient, name: str) -> str:
    view = await asyncio.to_thread(hands.play, name, timeout_s=PATIENCE_S)
    return str(view["state"])


@asynccontextmanager
async def cashier(cash: Any) -> AsyncIterator[list[CashEvent]]:
    """Takes every note that comes, as a kiosk does that is owed much."""
    seen: list[CashEvent] = []

    async def take() -> None:
        while True:
            event = await cash.next_event()
            seen.append(event)
            if event.kind is CashEventKind.ESCROWED:
                await cash.stack()

    async def keep_open() -> None:
        while True:
            await cash.enable(NOTES)
            await asyncio.sleep(0.2)

    tasks = [asyncio.create_task(take()), asyncio.create_task(keep_open())]
    try:
        yield seen
    finally:
        for task in tasks:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task


@pytest.mark.parametrize(
    ("name", "stacked"),
    [
        ("cash-box-full-at-the-last-note", [1000]),
        ("power-cut-with-a-note-in-the-path", []),
    ],
)
async def test_notes(running: Running, hands: CabinetClient, name: str, stacked: list[int]) -> None:
    hands.cash.act("empty")
    async with opened(running, DeviceClass.CASH) as cash, cashier(cash) as seen:
        assert await played(hands, name) == "done"
        told = [event.note.value for event in seen if event.kind is CashEventKind.STACKED and event.note]
    assert told[: len(stacked)] == stacked
    assert hands.state()["cash"]["cashbox"] in (sum(told), 0)  # 0: the scenario emptied it


async def test_mains_lost_while_paying(running: Running, hands: CabinetClient, sandbox: FakeSandbox) -> None:
    """The phone pays on battery, and the slip is printed, as the kiosk does that finishes what it has begun."""
    sandbox.offers[:] = ["https://qr.alipay.com/mains-lost"]
    paid = len(sandbox.payments)
    seen: list[Mains] = []

    async def watch(box: Any) -> None:
        while True:
            if box.state.power is not None and box.state.power.mains not in seen[-1:]:
                seen.append(box.state.power.mains)
            await asyncio.sleep(0.01)

    async with (
        opened(running, DeviceClass.CABINET, ups={"poll_s": 0.1}) as box,
        opened(running, DeviceClass.RECEIPT_PRINTER) as printer,
        asyncio.timeout(PATIENCE_S),
    ):
        while not (box.status.ready and printer.status.ready):
            await asyncio.sleep(0.05)
        watcher = asyncio.create_task(watch(box))
        player = asyncio.create_task(played(hands, "mains-lost-while-paying"))
        while len(sandbox.payments) == paid:
            await asyncio.sleep(0.05)
        assert await printer.print_receipt(SLIP) is ReceiptOutcome.PRINTED
        assert await player == "done"
        while seen[-1] is not Mains.ONLINE:
            await asyncio.sleep(0.05)
        watcher.cancel()
    assert seen == [Mains.ONLINE, Mains.ON_BATTERY, Mains.BATTERY_LOW, Mains.ONLINE]


async def test_card_charged_and_line_lost(running: Running, hands: CabinetClient) -> None:
    async with opened(running, DeviceClass.CARD_TERMINAL) as terminal:
        player = asyncio.create_task(played(hands, "bank-card-line-lost"))
        async with asyncio.timeout(PATIENCE_S):
            result = await terminal.pay(4340)
            while result.outcome is CardOutcome.NOT_POSSIBLE:  # the link is just being opened
                await asyncio.sleep(0.2)
                result = await terminal.pay(4340)
            assert await player == "done"
        assert result.outcome is CardOutcome.UNKNOWN
    assert hands.state()["card_terminal"]["payments"][-1]["state"] == "taken"


async def test_card_taken_too_early(running: Running, hands: CabinetClient) -> None:
    async with opened(running, DeviceClass.ID_READER) as reader:
        player = asyncio.create_task(played(hands, "card-taken-too-early"))
        results: list[IdCard | ReadFault] = []
        async with asyncio.timeout(PATIENCE_S):
            while not (results and isinstance(results[-1], IdCard)):
                results.append(await reader.read_card(PATIENCE_S))
            assert await player == "done"
    told = [event["text"] for event in hands.events(200) if event["text"].startswith("card ")]
    assert told[-4:] == ["card laid on the reader", "card lifted", "card laid on the reader", "card read"]


@pytest.mark.skipif(bool(missing_programs()), reason=f"not installed: {missing_programs()}")
@pytest.mark.parametrize("pages", [1, 3])
async def test_jam_while_the_network_is_down(running: Running, hands: CabinetClient, pages: int) -> None:
    """Also with the single page that the kiosk's proofs have."""
    async with opened(running, DeviceClass.DOCUMENT_PRINTER) as printer:
        player = asyncio.create_task(played(hands, "printer-jams-on-page-2-network-down"))
        await asyncio.to_thread(hands.wait_for, lambda state: "media-jam" in state["document_printer"]["reasons"])
        async with asyncio.timeout(PATIENCE_S):
            job = await printer.submit(pdf("Three pages").replace(b"/Count 1", b"/Count %d" % pages), "scenario-jam")
            assert isinstance(job, PrintJob)
            states = [progress.state async for progress in printer.follow(job)]
            assert await player == "done"
    assert states[-1] is JobState.COMPLETED
    texts = " ".join(event["text"] for event in hands.events(200))
    for first in ("cable cut", "keyword media-jam"):  # at this speed either may be the first
        assert re.search(f"{first}.*cable connected.*number {pages} of {pages}", texts)
