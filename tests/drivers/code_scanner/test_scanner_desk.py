"""The cabinet's scanner, worked by its hands, read by the real driver from the table the cabinet writes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from drivers.code_scanner.classify import classify
from drivers.code_scanner.driver import SerialCodeScanner
from drivers.code_scanner.port import CodeKind, ScanContext
from drivers.device import DeviceClass
from drivers.manager import make_device
from drivers.status import DeviceState
from drivers.virtual.cabinet import presets
from drivers.virtual.cabinet.desk import RefusedError
from drivers.virtual.cabinet.events import EventLog
from drivers.virtual.cabinet.scanner_desk import ACTIONS, ScannerDesk
from drivers.virtual.cabinet.state import Present
from tests.drivers.link.waiting import PATIENCE_S, until


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[ScannerDesk]:
    found = ScannerDesk(tmp_path / "scanner", 20.0, EventLog())
    await found.start()
    yield found
    await found.stop()


@pytest.fixture
async def scanner(desk: ScannerDesk) -> AsyncIterator[SerialCodeScanner]:
    device = make_device(DeviceClass.CODE_SCANNER, dict(desk.table()))
    assert isinstance(device, SerialCodeScanner)
    await device.open()
    await until(lambda: device.status.ready)
    yield device
    await device.close()


@pytest.mark.parametrize(
    ("preset", "context", "kind"),
    [
        ("water-bill", ScanContext.BILL_ACCOUNT, CodeKind.BILL_ACCOUNT),
        ("wrong-account", ScanContext.BILL_ACCOUNT, CodeKind.BILL_ACCOUNT),
        ("alipay", ScanContext.PAYMENT_CODE, CodeKind.ALIPAY_PAYMENT),
        ("wechat", ScanContext.PAYMENT_CODE, CodeKind.WECHAT_PAYMENT),
        ("unionpay", ScanContext.PAYMENT_CODE, CodeKind.UNIONPAY_PAYMENT),
        ("id-number", ScanContext.PAYMENT_CODE, CodeKind.ID_NUMBER),
        ("case", ScanContext.CASE_NUMBER, CodeKind.CASE_NUMBER),
        ("certificate", ScanContext.CERTIFICATE, CodeKind.CERTIFICATE_ID),
    ],
)
def test_presets_are_what_their_labels_say(preset: str, context: ScanContext, kind: CodeKind) -> None:
    assert classify(presets.BY_ID[preset].text, context).kind is kind


async def test_a_preset_is_read(desk: ScannerDesk, scanner: SerialCodeScanner) -> None:
    desk.present(Present(preset="water-bill"))
    async with asyncio.timeout(PATIENCE_S):
        assert (await scanner.scan(ScanContext.BILL_ACCOUNT)).kind is CodeKind.BILL_ACCOUNT


async def test_every_action_shows_and_its_way_back_mends_it(desk: ScannerDesk) -> None:
    for action in ACTIONS:
        await desk.act(action.id)
        if action.on.startswith("scanner.faults="):
            assert desk.view().faults == [action.on.partition("=")[2]]
        if action.undo:
            await desk.act(action.undo)
            assert desk.view().faults == []
    assert desk.view().plugged
    with pytest.raises(RefusedError):
        await desk.act("nonsense")


async def test_bursts_nobody_asked_for_are_counted_and_dropped(desk: ScannerDesk, scanner: SerialCodeScanner) -> None:
    await desk.act("glued")
    await until(lambda: scanner.status.counters["codes_unasked"] == 2)
    await desk.act("unplug")
    await until(lambda: scanner.status.device is DeviceState.OFFLINE)
    await desk.reset()
    await until(lambda: scanner.status.ready)
