"""A driver on a simulated reader."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from drivers.id_reader.driver import SdtIdReader, SdtSettings
from drivers.id_reader.port import CardKind
from drivers.id_reader.timings import SdtTimings
from drivers.link.serial import SerialSettings
from drivers.link.supervise import Backoff
from drivers.virtual.id_card import VirtualCard
from drivers.virtual.id_reader import VirtualIdReader
from tests.drivers.link.waiting import until

TODAY = date(2026, 11, 22)

# Answers come within milliseconds; only tests of silence wait for these, and a busy machine must not reach them.
TIMINGS = SdtTimings(
    reset_sam=0.5,
    sam_status=0.5,
    read_sam_id=0.5,
    find_card=0.5,
    select_card=0.5,
    read_card=0.5,
    read_card_with_fingerprint=0.5,
    read_new_address=0.5,
    set_uart=0.3,
    probe=0.3,
    find_interval=0.02,
    status_interval=0.2,
    connect_grace=10.0,
)


def settings(path: Path, timings: SdtTimings = TIMINGS, **more: Any) -> SdtSettings:
    """No other speeds are tried unless `probe_bauds` names some: silence is then noticed at once."""
    more = {"probe_bauds": (), **more}
    return SdtSettings(SerialSettings(str(path)), timings, Backoff(0.02, 0.1), **more)


@pytest.fixture
async def device(tmp_path: Path) -> AsyncIterator[VirtualIdReader]:
    virtual = VirtualIdReader(tmp_path / "dev" / "id_reader", speed=20, late_s=0.7)
    await virtual.start()
    yield virtual
    await virtual.stop()


@pytest.fixture
async def reader(device: VirtualIdReader) -> AsyncIterator[SdtIdReader]:
    driver = SdtIdReader(settings(device.pty.path), today=lambda: TODAY)
    await driver.open()
    await until(lambda: driver.status.ready)
    yield driver
    await driver.close()


@pytest.fixture
def li() -> VirtualCard:
    return VirtualCard(
        kind=CardKind.RESIDENT,
        name="李样本",
        sex="2",
        nation="01",
        birth=date(1990, 1, 1),
        address="示范路1号2栋301室",
        number="519999199001010025",
        issuer="示范市公安局",
        valid_from=date(2018, 5, 20),
        valid_to=date(2038, 5, 20),
    )
