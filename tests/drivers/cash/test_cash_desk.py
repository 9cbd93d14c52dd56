"""The slot in the cabinet: each button at the other end of the wire."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from drivers.cash.port import CashEventKind
from drivers.cash.ssp_driver import SspAcceptor
from drivers.device import DeviceClass
from drivers.manager import make_device
from drivers.virtual.cabinet import cash_desk
from drivers.virtual.cabinet.cash_desk import CashDesk, InsertNote
from drivers.virtual.cabinet.desk import RefusedError
from drivers.virtual.cabinet.events import EventLog
from tests.drivers.link.waiting import until
from tests.faults.cash_bench import ALL, ssp_settings


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[CashDesk]:
    desk = CashDesk(tmp_path, 40, EventLog())
    await desk.start()
    yield desk
    await desk.stop()


@pytest.fixture
async def cash(desk: CashDesk) -> AsyncIterator[SspAcceptor]:
    cash = SspAcceptor(ssp_settings(desk.path))
    await cash.open()
    await until(lambda: cash.status.ready)
    assert await cash.enable(ALL)
    await until(lambda: desk.view().taking)
    yield cash
    await cash.close()


def test_the_table_makes_a_driver(tmp_path: Path) -> None:
    table = CashDesk(tmp_path, 1, EventLog()).table()
    assert isinstance(make_device(DeviceClass.CASH, table), SspAcceptor)
    assert table["path"] == str(tmp_path / "dev" / "cash")


async def test_a_note(desk: CashDesk, cash: SspAcceptor) -> None:
    await desk.act("insert-2000")
    assert (await cash.next_event()).kind is CashEventKind.ESCROWED
    view = desk.view()
    assert (view.note, view.place, view.active, view.taking) == (2000, "escrow", True, False)
    with pytest.raises(RefusedError):
        desk.insert(InsertNote().value)
    await cash.stack()
    assert (await cash.next_event()).kind is CashEventKind.STACKED
    await until(lambda: desk.view().cashbox == 2000)
    assert (desk.view().cashbox_notes, desk.view().out) == (1, 0)


async def test_pulled_back(desk: CashDesk, cash: SspAcceptor) -> None:
    with pytest.raises(RefusedError):
        await desk.act("pull-back")
    desk.insert(500)
    await cash.next_event()
    await desk.act("pull-back")
    assert (await cash.next_event()).kind is CashEventKind.RETURNED
    assert desk.view().out == 1


@pytest.mark.parametrize(
    ("action", "undo", "kind"),
    [
        ("stacker-full", "empty", CashEventKind.STACKER_FULL),
        ("cashbox-out", "cashbox-in", CashEventKind.CASHBOX_REMOVED),
        ("unplug", "replug", CashEventKind.LOST),
        ("silent", "repair", CashEventKind.LOST),
    ],
)
async def test_broken_and_mended(
    desk: CashDesk, cash: SspAcceptor, action: str, undo: str, kind: CashEventKind
) -> None:
    await desk.act(action)
    assert (await cash.next_event()).kind is kind
    if action == "unplug":
        assert not desk.view().plugged
    else:
        assert desk.view().trouble == [action]
    await until(lambda: not cash.status.ready)
    polls = len(desk.unit.commands)
    await until(lambda: len(desk.unit.commands) > polls + 3 or action in ("unplug", "silent"))
    await desk.act(undo)
    assert desk.view().trouble == []
    await until(lambda: cash.status.ready)


async def test_fraud_and_power(desk: CashDesk, cash: SspAcceptor) -> None:
    await desk.act("fraud")
    assert (await cash.next_event()).kind is CashEventKind.FRAUD
    await desk.act("power-cut")
    assert (await cash.next_event()).kind is CashEventKind.LOST
    await until(lambda: cash.status.ready)


async def test_every_action_is_known_and_reset_mends_all(desk: CashDesk, cash: SspAcceptor) -> None:
    names = [action.undo for action in cash_desk.ACTIONS if action.undo] + [action.id for action in cash_desk.ACTIONS]
    refused = set()
    for name in names:
        try:
            await desk.act(name)
        except RefusedError as error:
            refused.add(error.status)
    assert refused == {409}, "notes cannot be fed in every state; but every name is known"
    assert set(desk.view().trouble) == {
        *("counterfeit", "lost-reply", "only-words", "silent", "noise", "stacker-full", "jam", "cashbox-out")
    }
    await desk.reset()
    assert desk.view().trouble == []
    await until(lambda: cash.status.ready)


async def test_no_such_thing(desk: CashDesk) -> None:
    for action in ("", "insert-1", "insert-x", "explode"):
        with pytest.raises(RefusedError) as refused:
            await desk.act(action)
        assert refused.value.status == 404


async def test_not_running(tmp_path: Path) -> None:
    with pytest.raises(RefusedError) as refused:
        CashDesk(tmp_path, 1, EventLog()).insert(1000)
    assert refused.value.status == 503
