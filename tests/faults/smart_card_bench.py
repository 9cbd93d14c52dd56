"""A smart card reader on a test bench: the driver, a real pcscd of its own, and the hand with the cards."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from content.schema.service import Device
from content.schema.text import Text
from drivers.link.supervise import Backoff
from drivers.smart_card.apdu import Command, Response
from drivers.smart_card.card_layout import CardLayout
from drivers.smart_card.card_reading import CardReading
from drivers.smart_card.driver import PcscReader, PcscSettings
from drivers.smart_card.pcsc_channel import PcscTimings
from drivers.smart_card.port import SmartCardFault, SocialSecurityCard
from drivers.status import DeviceStatus
from drivers.virtual.smart_card import VirtualSmartCardReader
from drivers.virtual.social_security_card import Holder, VirtualChip, social_security_card
from kiosk.availability import unavailable_reason
from kiosk.journeys.context import Devices
from kiosk.journeys.device_texts import SMART_CARD_FAULTS
from tests.drivers.link.waiting import until
from tests.faults.resident import PROOF, sees, staff
from tests.kiosk.journeys.house import SERVICES

HOLDER = Holder("519999199001010017", "张示范", "1")
# Long waits only where nothing else tells; a busy machine must not reach them.
TIMINGS = PcscTimings(sharing_grace=0.2, status_interval=0.1, retry_interval=0.02)
BACKOFF = Backoff(0.02, 0.1)
PATIENCE_S = 20.0


@dataclass
class SmartCardBench:
    driver: PcscReader
    virtual: VirtualSmartCardReader

    async def read(self, timeout_s: float = PATIENCE_S) -> SocialSecurityCard | SmartCardFault:
        return await self.driver.read_card(timeout_s)

    async def read_chip(self, chip: VirtualChip) -> SocialSecurityCard | SmartCardFault:
        await self.virtual.insert(chip)
        return await self.read()

    async def reads_good_card(self) -> bool:
        """Whether the next resident is served as if nothing had been."""
        outcome = await self.read_chip(social_security_card(HOLDER))
        return isinstance(outcome, SocialSecurityCard) and outcome.number == HOLDER.number

    def tile(self) -> Text | None:
        """What stands on the tile of a service that wants a social security card."""
        service = SERVICES[PROOF].model_copy(update={"devices": (Device.SMART_CARD,)})
        return unavailable_reason(service, Devices(smart_card=self.driver), True)


@asynccontextmanager
async def smart_card_bench(
    folder: Path, *, timings: PcscTimings = TIMINGS, pattern: str = "*", running: bool = True
) -> AsyncIterator[SmartCardBench]:
    """Skips the test, with the reason, on a machine that cannot run pcscd."""
    virtual = VirtualSmartCardReader(folder)
    driver = PcscReader(PcscSettings(pattern, virtual.socket, timings=timings, backoff=BACKOFF))
    try:
        if running:
            await start(virtual)
        await driver.open()
        if running:
            await until(lambda: driver.status.ready)
        yield SmartCardBench(driver, virtual)
    finally:
        await driver.close()
        await virtual.stop()


async def start(virtual: VirtualSmartCardReader) -> None:
    try:
        await virtual.start()
    except RuntimeError as error:
        pytest.skip(str(error))


async def read_alone(chip: VirtualChip) -> SocialSecurityCard | SmartCardFault:
    """The conversation with a chip, without reader and pcscd."""

    async def transmit(command: Command) -> Response:
        return Response.from_bytes(chip.exchange(command.to_bytes()))

    chip.power_on()
    return await CardReading(transmit, CardLayout()).holder()


def impatient(**changes: float) -> PcscTimings:
    return replace(TIMINGS, **changes)


def told(doc: str | None, outcome: object, expected: SmartCardFault, status: DeviceStatus) -> None:
    """The resident reads the sentence of this fault, and the right person comes."""
    assert outcome is expected
    sees(doc, SMART_CARD_FAULTS[expected])
    staff(doc, status)
