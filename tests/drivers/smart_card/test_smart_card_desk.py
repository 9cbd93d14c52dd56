from __future__ import annotations

from pathlib import Path

import pytest

from drivers.device import DeviceClass
from drivers.manager import make_device
from drivers.smart_card.driver import PcscReader
from drivers.smart_card.port import SmartCardFault, SocialSecurityCard
from drivers.virtual.cabinet.desk import RefusedError
from drivers.virtual.cabinet.events import EventLog
from drivers.virtual.cabinet.smart_card_desk import ACTIONS, CARDS, SmartCardDesk
from tests.drivers.link.waiting import until


async def test_a_kiosk_finds_it_by_its_table_and_reads_every_card(tmp_path: Path) -> None:
    desk = SmartCardDesk(tmp_path, 1.0, EventLog())
    await desk.start()
    if desk.failure:
        pytest.skip(desk.failure)
    driver = make_device(DeviceClass.SMART_CARD, dict(desk.table()))
    assert isinstance(driver, PcscReader)
    await driver.open()
    await until(lambda: driver.status.ready)
    outcomes = {}
    for card in CARDS[:5]:
        await desk.act(f"insert-{card.id}")
        assert desk.view().card == card.id
        outcomes[card.id] = await driver.read_card(20)
    assert all(isinstance(outcomes[who], SocialSecurityCard) for who in ("li", "zhang", "chen"))
    assert {outcomes[what] for what in ("third", "bank")} == {SmartCardFault.NOT_SUPPORTED}
    await desk.act("withdraw")
    assert desk.view().card is None
    await driver.close()
    await desk.stop()


async def test_every_action_and_its_way_back(tmp_path: Path) -> None:
    desk = SmartCardDesk(tmp_path, 1.0, EventLog())
    with pytest.raises(RefusedError):
        await desk.act("unplug")
    await desk.start()
    if desk.failure:
        pytest.skip(desk.failure)
    for action in ("silent", "pull-midway", "unplug", "service-stopped", "service-hangs"):
        named = next(each for each in ACTIONS if each.id == action)
        field, _, value = named.on.removeprefix("smart_card.").partition("=")

        def pressed(field: str = field, value: str = value) -> bool:
            found = getattr(desk.view(), field)
            return value in found if isinstance(found, list) else str(found).lower() == value

        await desk.act(action)
        assert pressed(), action
        if named.undo:
            await desk.act(named.undo)
        else:
            await desk.reset()
        assert not pressed(), named.undo
    await desk.act("unplug")
    with pytest.raises(RefusedError):
        await desk.act("insert-li")
    await desk.reset()
    for unknown in ("insert-nobody", "explode"):
        with pytest.raises(RefusedError):
            await desk.act(unknown)
    await desk.act("insert-li")
    await desk.stop()
