"""The cabinet's card terminal, worked by its buttons."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from drivers.card_terminal.port import CardOutcome, CardTerminal
from drivers.device import DeviceClass
from drivers.manager import make_device
from drivers.virtual.cabinet.card_terminal_desk import ACTIONS, CUTS, TAPS, CardTerminalDesk
from drivers.virtual.cabinet.desk import RefusedError
from drivers.virtual.cabinet.events import EventLog
from tests.drivers.link.waiting import until


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[CardTerminalDesk]:
    desk = CardTerminalDesk(tmp_path, 50, EventLog())
    await desk.start()
    yield desk
    await desk.stop()


@pytest.fixture
async def terminal(desk: CardTerminalDesk) -> AsyncIterator[CardTerminal]:
    driver = make_device(DeviceClass.CARD_TERMINAL, dict(desk.table()))
    await driver.open()
    await until(lambda: driver.status.ready)
    yield driver  # type: ignore[misc]
    await driver.close()


async def _pay(desk: CardTerminalDesk, terminal: CardTerminal, outcome: str) -> CardOutcome:
    paying = asyncio.create_task(terminal.pay(1250))
    await until(lambda: desk.view().step == "card")
    assert desk.view().active
    desk.tap(outcome)
    return (await paying).outcome


async def test_taps(desk: CardTerminalDesk, terminal: CardTerminal) -> None:
    with pytest.raises(RefusedError, match="wants no card"):
        desk.tap()
    outcomes = {tap.id: await _pay(desk, terminal, tap.id) for tap in TAPS}
    assert outcomes == {
        "pay": CardOutcome.APPROVED,
        "wrong-pin": CardOutcome.APPROVED,
        "pin-blocked": CardOutcome.DECLINED,
        "declined": CardOutcome.DECLINED,
        "unreadable": CardOutcome.DECLINED,
        "key": CardOutcome.ABORTED,
    }
    view = desk.view()
    assert [payment.state for payment in view.payments] == ["taken", "taken", "declined", "declined"]
    await terminal.reverse(view.payments[0].receipt)
    assert [payment.state for payment in desk.view().payments][::4] == ["given-back", "reversal"]
    assert view.registered
    with pytest.raises(RefusedError, match="outcome"):
        desk.tap("dance")


@pytest.mark.parametrize("cut", sorted(CUTS))
async def test_cuts(desk: CardTerminalDesk, terminal: CardTerminal, cut: str) -> None:
    await desk.act(cut)
    assert desk.view().cut == cut
    expected = CardOutcome.APPROVED if cut == "cut-after-completion" else CardOutcome.UNKNOWN
    assert await _pay(desk, terminal, "pay") is expected
    assert desk.view().cut == ""
    found = await terminal.last_result()
    assert found is not None
    assert found.outcome is CardOutcome.APPROVED


async def test_unplug_and_replug(desk: CardTerminalDesk, terminal: CardTerminal) -> None:
    await desk.act("unplug")
    assert not desk.view().plugged
    await until(lambda: not terminal.status.ready)
    await desk.act("replug")
    assert desk.view().plugged
    await until(lambda: terminal.status.ready)


async def test_every_button_does_something_and_reset_mends_it(desk: CardTerminalDesk, terminal: CardTerminal) -> None:
    for action in ACTIONS:
        before = desk.view()
        await desk.act(action.id)
        if action.on:
            field, _, value = action.on.partition("=")
            shown = getattr(desk.view(), field.removeprefix("card_terminal."))
            assert str(shown).lower() == value or value in shown
            await desk.act(action.undo)
        assert desk.view().model_copy(update={"registered": True}) == before.model_copy(update={"registered": True})
    await desk.act("unplug")
    await desk.act("busy")
    await desk.reset()
    assert desk.view().faults == []
    assert desk.view().plugged
    with pytest.raises(RefusedError):
        await desk.act("dance")
