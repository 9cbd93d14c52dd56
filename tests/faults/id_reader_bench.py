"""A real driver on the real simulator, and a resident before the step that asks for the card."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from content.schema.text import Text
from drivers.id_reader.driver import SdtIdReader
from drivers.id_reader.port import IdCard
from drivers.status import DeviceState
from drivers.virtual.cabinet import cards
from drivers.virtual.id_reader import VirtualIdReader
from kiosk.journeys.context import Journey
from kiosk.journeys.steps import Move
from kiosk.journeys.steps.identify import read_card
from kiosk.screens import PlaceCard
from tests.drivers.id_reader.conftest import TIMINGS, TODAY, settings
from tests.drivers.link.waiting import PATIENCE_S, until
from tests.faults.resident import PROOF, tile
from tests.kiosk.journeys.fakes import World
from tests.kiosk.journeys.house import SERVICES, House

SHORT = replace(
    TIMINGS,
    reset_sam=0.3,
    sam_status=0.3,
    read_sam_id=0.3,
    find_card=0.3,
    select_card=0.3,
    read_card=0.3,
    probe=0.1,
    status_interval=0.1,
    connect_grace=0.3,
)
SPEED = 20


@dataclass
class Bench:
    device: VirtualIdReader
    reader: SdtIdReader
    house: House

    def lay(self, card: str = "li") -> None:
        """One of the cards beside the virtual reader; the picture in the chip plays no part here."""
        self.device.lay_card(cards.BY_ID[card].card)

    def tile(self) -> Text | None:
        return tile(PROOF, self.house.terminal.devices)

    async def ready(self) -> None:
        await until(lambda: self.reader.status.ready)

    async def out_of_service(self) -> None:
        """The first attempt to reach it has failed, or it said that it cannot work."""
        broken = (DeviceState.OFFLINE, DeviceState.HARDWARE_ERROR)
        await until(lambda: self.tile() is not None and self.reader.status.device in broken)

    def hints(self) -> list[Text]:
        """What was said to the resident who is asked for the card, in order."""
        seen = (screen for screen in self.house.stage.seen if isinstance(screen, PlaceCard) and not screen.reading)
        return [screen.hint for screen in seen if screen.hint is not None]

    @asynccontextmanager
    async def asked_for_the_card(self) -> AsyncIterator[asyncio.Task[IdCard]]:
        """The step of the journey; the task ends with the card that was read."""
        journey = Journey(self.house.terminal, SERVICES[PROOF])

        async def step() -> IdCard:
            assert await read_card(journey) is Move.ON
            assert journey.session.card is not None
            return journey.session.card

        task = asyncio.create_task(step())
        try:
            yield task
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def told_of(self, detail: str) -> None:
        """Until the technician would read this."""
        await until(lambda: self.reader.status.detail == detail)

    async def told(self, hint: Text) -> None:
        """Until the resident has been told this."""
        await until(lambda: hint in self.hints())


async def read(bench: Bench) -> IdCard:
    """The card lies there, or comes: it is read."""
    async with bench.asked_for_the_card() as task:
        return await asyncio.wait_for(task, PATIENCE_S)


@asynccontextmanager
async def bench(tmp_path: Path, *, baud: int | None = None, plugged: bool = True, **more: Any) -> AsyncIterator[Bench]:
    """`more`: fields of `SdtSettings`. The reader is opened, and not waited for."""
    device = VirtualIdReader(tmp_path / "dev" / "id_reader", speed=SPEED, late_s=0.5, baud=baud)
    await device.start()
    if not plugged:
        device.unplug()
    reader = SdtIdReader(settings(device.pty.path, SHORT, **more), today=lambda: TODAY)
    async with House(tmp_path / "journal.sqlite3", World()) as house:
        house.reader = reader  # type: ignore[assignment]
        await reader.open()
        try:
            yield Bench(device, reader, house)
        finally:
            await reader.close()
            await device.stop()
