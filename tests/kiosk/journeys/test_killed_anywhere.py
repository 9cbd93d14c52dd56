"""Pull the plug at every point of both journeys: no double charge, no double print, nothing paid without a slip or
a refund."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from backend.contract.kiosk_api import CertificateState, PaymentState
from tests.kiosk.journeys.fakes import Killed, Points, World, is_copy
from tests.kiosk.journeys.house import House

Walk = Callable[[House], Awaitable[object]]


async def _certificate(house: House) -> object:
    return await house.certificate()


async def _water(house: House) -> object:
    return await house.water()


async def _points_of(walk: Walk, tmp_path: Path, **world: object) -> int:
    """How many points the undisturbed journey has."""
    points = Points()
    async with House(tmp_path / "count.sqlite3", World(**world), points) as house:  # type: ignore[arg-type]
        await walk(house)
    assert points.count > 8
    return points.count


async def _kill_and_restart(walk: Walk, path: Path, kill_at: int, world: World) -> None:
    async with House(path, world, Points(kill_at)) as house:
        with pytest.raises(Killed):
            await walk(house)
    async with House(path, world) as house:
        assert await house.recover() == 0, "every intent is resolved at the next start"
    async with House(path, world) as house:
        before = (list(world.sheets), len(world.slips), dict(world.charged))
        assert await house.recover() == 0
        assert before == (world.sheets, len(world.slips), world.charged), "recovering again does nothing"


@pytest.mark.parametrize("cut_counter", [True, False])
async def test_water_bill(tmp_path: Path, cut_counter: bool) -> None:
    for kill_at in range(1, await _points_of(_water, tmp_path) + 1):
        world = World(has_cut_counter=cut_counter)
        await _kill_and_restart(_water, tmp_path / f"{kill_at}.sqlite3", kill_at, world)
        assert all(times == 1 for times in world.charged.values()), f"charged twice when killed at {kill_at}"
        for intent, state in world.payments.items():
            if intent in world.charged:
                assert state in (PaymentState.DELIVERED, PaymentState.REFUNDED), f"{state} when killed at {kill_at}"
                assert world.slips or state is PaymentState.REFUNDED
            else:
                assert state is PaymentState.CLOSED, f"still payable when killed at {kill_at}"
        unmarked = [slip for slip in world.slips if not is_copy(slip)]
        assert len(unmarked) <= 1, f"two slips, neither marked as a copy, when killed at {kill_at}"
        if cut_counter:
            assert len(world.slips) <= 1, f"two slips when killed at {kill_at}"


async def test_certificate(tmp_path: Path) -> None:
    for kill_at in range(1, await _points_of(_certificate, tmp_path) + 1):
        world = World()
        await _kill_and_restart(_certificate, tmp_path / f"{kill_at}.sqlite3", kill_at, world)
        assert len(world.sheets) <= 1, f"printed twice when killed at {kill_at}"
        for intent, state in world.certificates.items():
            if intent in world.sheets:
                assert state in (CertificateState.DELIVERED, CertificateState.DELIVERY_UNKNOWN)
            else:
                assert state is not CertificateState.DELIVERED, f"not printed but delivered, killed at {kill_at}"
                assert state is not CertificateState.ISSUED, f"left open when killed at {kill_at}"


@pytest.mark.parametrize("payer", ["refuses", "pays-at-the-last-moment"])
async def test_killed_while_waiting_for_the_payer(tmp_path: Path, payer: str) -> None:
    """The payer may pay between our death and our closing of the trade: that counts, and gets its slip."""
    for kill_at in range(5, 12):
        world = World(payer=payer)
        path = tmp_path / f"{payer}-{kill_at}.sqlite3"
        async with House(path, world, Points(kill_at)) as house:
            with pytest.raises(Killed):
                await house.water()
        async with House(path, world) as house:
            assert await house.recover() == 0
        expected = PaymentState.DELIVERED if payer.startswith("pays") else PaymentState.CLOSED
        assert list(world.payments.values()) == [expected]
        assert len(world.slips) == len(world.charged)


async def test_no_printer_after_the_restart_gives_the_money_back(tmp_path: Path) -> None:
    world = World()
    path = tmp_path / "journal.sqlite3"
    points = Points(6)  # dies just after the payment was seen
    async with House(path, world, points) as house:
        with pytest.raises(Killed):
            await house.water()
    world.slip_ready = False
    async with House(path, world) as house:
        assert await house.recover() == 0
    assert list(world.payments.values()) == [PaymentState.REFUNDED], points.trail
    assert not world.slips


async def test_backend_gone_keeps_the_intent_open_until_it_is_back(tmp_path: Path) -> None:
    world = World()
    path = tmp_path / "journal.sqlite3"
    async with House(path, world, Points(6)) as house:
        with pytest.raises(Killed):
            await house.water()
    world.backend = "gone"
    async with House(path, world) as house:
        assert await house.recover() == 1
        world.backend = "up"
        assert await house.recover() == 0
    assert list(world.payments.values()) == [PaymentState.DELIVERED]
    assert len(world.slips) == 1
