"""The whole agent against a desk: enrolled while it runs, refused, renewed, ordered about."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from backend.contract.enrolment import new_code
from backend.contract.fleet_api import Inventory, KioskReport, Settings
from drivers.status import Action, DeviceState, DeviceStatus
from kiosk.journal.journal import IntentKind, Journal, Outcome
from kiosk.link import agent as module
from kiosk.link import heartbeat
from kiosk.link.agent import NOT_REGISTERED, SUSPENDED, AgentOptions, FleetAgent
from kiosk.link.desired_settings import DesiredSettings
from kiosk.link.enrolment import Invitation, enrol
from kiosk.link.errors import ErrorBook
from kiosk.link.fleet_store import FleetStore
from kiosk.link.identity_files import Identity, IdentityFiles
from kiosk.link.key_store import FileKeyStore
from kiosk.link.line import Reachability
from kiosk.link.log_tail import LogTail
from kiosk.link.tally import Tally
from tests.kiosk.link.fake_desk import FakeDesk, refusal
from tests.kiosk.link.terminal import PNG, FakeTerminal, until


@pytest.fixture(autouse=True)
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, seconds in (
        ("_LOOK_S", 0.02),
        ("_LOOK_UNREGISTERED_S", 0.02),
        ("_RENEW_AGAIN_S", 0.1),
        ("_POLL_AGAIN_S", 0.02),
    ):
        monkeypatch.setattr(module, name, seconds)
    for name in ("LOOK_S", "SETTLE_S", "APART_S"):
        monkeypatch.setattr(heartbeat, name, 0.02)
    monkeypatch.setattr("kiosk.link.pace._LEAST_S", 0.05)
    monkeypatch.setattr("kiosk.link.pace._STRANGER_S", 0.1)
    monkeypatch.setattr("kiosk.link.pace._BASE_S", 0.02)


class Kiosk:
    """One kiosk's disk; `running()` is its program."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.terminal = FakeTerminal()
        self.files = IdentityFiles(home / "identity", FileKeyStore())
        self.contexts: list[ssl.SSLContext] = []
        self.hours = ("00:00", "24:00")
        self.journal: Journal
        self.tally: Tally
        self.agent: FleetAgent
        self.errors = ErrorBook()
        self.way = Reachability()

    async def enrol(self, desk: FakeDesk) -> Identity:
        identity = await enrol(self.files, Invitation.scanned(desk.ticket()), Inventory())
        assert isinstance(identity, Identity)
        return identity

    @asynccontextmanager
    async def running(self, wait_s: int = 1) -> AsyncIterator[None]:
        self.terminal = FakeTerminal()
        self.way = Reachability()
        store = await FleetStore.open(self.home / "fleet.sqlite3")
        self.journal = await Journal.open(self.home / "journal.sqlite3")
        self.tally = Tally(store, self.journal)
        self.agent = FleetAgent(
            AgentOptions(self.home, "1.0", lambda: "c1", first_within_s=0, wait_s=wait_s),
            self.files,
            store,
            self.tally,
            self.terminal,
            DesiredSettings(self.home / "settings.json", self.errors),
            on_identity=lambda url, context: self.contexts.append(context),
            hours=lambda: self.hours,
            way=self.way,
            errors=self.errors,
            tail=LogTail(),
        )
        task = asyncio.create_task(self.agent.run())
        try:
            yield
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
            await store.close()
            await self.journal.close()


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[FakeDesk]:
    async with FakeDesk(tmp_path / "desk") as desk:
        yield desk


@pytest.fixture
def kiosk(tmp_path: Path) -> Kiosk:
    return Kiosk(tmp_path / "kiosk")


def _report(desk: FakeDesk) -> KioskReport:
    return msgspec.json.decode(desk.heartbeats[-1].report, type=KioskReport)


async def test_it_is_nobody_until_it_is_enrolled_and_then_at_once_somebody(desk: FakeDesk, kiosk: Kiosk) -> None:
    async with kiosk.running():
        await until(lambda: kiosk.terminal.closed == {"identity": NOT_REGISTERED})
        assert desk.asked == []
        await kiosk.enrol(desk)
        await until(lambda: desk.heartbeats)
        assert kiosk.terminal.closed == {}
        assert len(kiosk.contexts) == 1
        assert _report(desk).devices["receipt_printer"].state == "online"


async def test_revoked_it_closes_and_asks_seldom_and_comes_back(desk: FakeDesk, kiosk: Kiosk) -> None:
    await kiosk.enrol(desk)
    async with kiosk.running():
        await until(lambda: desk.heartbeats)
        desk.before = lambda method, path: refusal(403, "unknown-identity")
        await until(lambda: kiosk.terminal.closed == {"identity": NOT_REGISTERED})
        desk.before = lambda method, path: refusal(403, "quarantined")
        await until(lambda: kiosk.terminal.closed == {"identity": SUSPENDED})
        desk.before = lambda method, path: None
        await until(lambda: kiosk.terminal.closed == {})


async def test_enrolled_anew_while_it_runs(desk: FakeDesk, kiosk: Kiosk) -> None:
    first = await kiosk.enrol(desk)
    async with kiosk.running():
        await until(lambda: desk.heartbeats)
        desk.serials.clear()
        await until(lambda: "identity" in kiosk.terminal.closed)
        desk.code, desk.epoch = new_code(), 2
        second = await kiosk.enrol(desk)
        assert second.folder != first.folder
        await until(lambda: kiosk.terminal.closed == {})
        desk.commands = [desk.order("c1", "volume", percent=30)]
        await until(lambda: desk.acks_of("c1"))
        assert desk.acks_of("c1")[0].state == "done"
        desk.epoch = 1
        desk.commands = [desk.order("c2", "volume", percent=90)]
        await until(lambda: desk.acks_of("c2"))
        assert desk.acks_of("c2")[0].code == "wrong-epoch"
        assert kiosk.terminal.volume == 30


async def test_a_desk_that_is_away_changes_nothing(desk: FakeDesk, kiosk: Kiosk) -> None:
    await kiosk.enrol(desk)
    desk.before = lambda method, path: refusal(500, "broken")
    async with kiosk.running():
        await until(lambda: desk.asked.count("POST /heartbeat") > 3)
        assert kiosk.terminal.closed == {}
        desk.before = lambda method, path: None
        await until(lambda: desk.heartbeats)


async def test_renewal_when_it_is_time_or_wanted(desk: FakeDesk, kiosk: Kiosk) -> None:
    await kiosk.enrol(desk)
    async with kiosk.running():
        await until(lambda: desk.heartbeats)
        desk.renew = True
        await until(lambda: desk.asked.count("POST /renew") == 1)
        desk.renew = False
        await until(lambda: len(kiosk.contexts) >= 2)
        desk.serials = desk.serials[-1:]  # the one before is good no more
        before = len(desk.heartbeats)
        await until(lambda: len(desk.heartbeats) > before + 2)
        assert kiosk.terminal.closed == {}
        renewed = desk.asked.count("POST /renew")
        desk.offset = timedelta(days=21)  # the desk's clock: past renew_after
        await until(lambda: desk.asked.count("POST /renew") > renewed)
        await asyncio.sleep(0.3)
        assert desk.asked.count("POST /renew") == renewed + 1, "the next one is good for another month"


async def test_urgent_orders_do_not_wait_and_pictures_arrive(desk: FakeDesk, kiosk: Kiosk) -> None:
    await kiosk.enrol(desk)
    async with kiosk.running():
        await until(lambda: desk.heartbeats)
        desk.urgent = [desk.order("c1", "screenshot")]
        await until(lambda: desk.acks_of("c1"))
        assert desk.files["c1"] == PNG
        assert desk.asked.index("PUT /commands/c1/file") < desk.asked.index("POST /commands/c1/ack")
        desk.urgent = [desk.order("c2", "log-bundle", hours=2)]
        await until(lambda: desk.acks_of("c2"))
        assert desk.files["c2"].startswith(b"PK")


async def test_without_long_polls_nothing_is_asked(desk: FakeDesk, kiosk: Kiosk) -> None:
    await kiosk.enrol(desk)
    async with kiosk.running(wait_s=0):
        await until(lambda: len(desk.heartbeats) > 5)
        assert "GET /wait" not in desk.asked


async def test_a_large_fleet_s_desk_wants_no_long_polls(desk: FakeDesk, kiosk: Kiosk) -> None:
    await kiosk.enrol(desk)
    desk.polls = False
    async with kiosk.running():
        await until(lambda: len(desk.heartbeats) > 5)
        assert "GET /wait" not in desk.asked
        desk.polls = True
        await until(lambda: "GET /wait" in desk.asked)


async def test_settings_are_fetched_once_and_put_in_force_between_sessions(desk: FakeDesk, kiosk: Kiosk) -> None:
    await kiosk.enrol(desk)
    desk.settings = Settings(revision=4, values={"volume": 20, "idle_scale": -1, "colour": "red"})
    async with kiosk.running():
        async with kiosk.terminal.session():
            await until(lambda: "GET /settings" in desk.asked)
            before = len(desk.heartbeats)
            await until(lambda: len(desk.heartbeats) > before + 2)  # they do not wait with it
            assert kiosk.terminal.settings is None
            assert _report(desk).settings == 0
        await until(lambda: kiosk.terminal.settings == {"volume": 20})
        assert not kiosk.terminal.applied_in_session
        await until(lambda: _report(desk).settings == 4)
        await asyncio.sleep(0.2)
        assert desk.asked.count("GET /settings") == 1
        codes = {(error.code, error.where) for beat in desk.heartbeats for error in beat.errors}
        assert {("setting_value_unusable", "idle_scale"), ("setting_unknown", "colour")} <= codes
        desk.commands = [desk.order("c1", "resync")]
        await until(lambda: desk.asked.count("GET /settings") == 2)


async def test_a_fault_and_staff_out_of_service_are_reported(desk: FakeDesk, kiosk: Kiosk) -> None:
    await kiosk.enrol(desk)
    async with kiosk.running():
        await until(lambda: desk.heartbeats)
        kiosk.terminal.printer.status = DeviceStatus(DeviceState.HARDWARE_ERROR, action=Action.MAINTENANCE)
        await until(lambda: _report(desk).devices["receipt_printer"].action == "maintenance")
        desk.commands = [desk.order("c1", "out-of-service", reason_zh="维护", reason_en="Maintenance")]
        await until(lambda: not _report(desk).in_service)
        assert _report(desk).out_of_service == "Maintenance"


async def test_the_hours_close_the_terminal(desk: FakeDesk, kiosk: Kiosk) -> None:
    await kiosk.enrol(desk)
    async with kiosk.running():
        await until(lambda: desk.heartbeats)
        now = kiosk.agent.clock.best() + timedelta(hours=8)
        kiosk.hours = (f"{now + timedelta(hours=2):%H:%M}", f"{now + timedelta(hours=4):%H:%M}")
        await until(lambda: "hours" in kiosk.terminal.closed)
        kiosk.hours = ("00:00", "24:00")
        await until(lambda: kiosk.terminal.closed == {})


async def test_totals_of_its_life_are_counted_once(desk: FakeDesk, kiosk: Kiosk) -> None:
    await kiosk.enrol(desk)
    async with kiosk.running():
        payment = await kiosk.journal.begin(IntentKind.PAYMENT, session="s", service="water-bill")
        slip = await kiosk.journal.begin(IntentKind.RECEIPT, session="s", service="water-bill", parent=payment.id)
        lost = await kiosk.journal.begin(IntentKind.PAYMENT, session="s", service="water-bill")
        await kiosk.journal.settle(payment.id, Outcome.DONE)
        await kiosk.journal.settle(slip.id, Outcome.DONE)
        await kiosk.journal.settle(lost.id, Outcome.CLOSED)
        await kiosk.tally.session_ended("completed")
        await kiosk.tally.session_ended("left")
        await until(lambda: desk.heartbeats and desk.heartbeats[-1].counters.get("sessions") == 2)
    desk.heartbeats.clear()
    async with kiosk.running():
        await until(lambda: desk.heartbeats)
        await kiosk.tally.session_ended("failed")
        await until(lambda: desk.heartbeats[-1].counters.get("failed") == 1)
        assert desk.heartbeats[-1].counters == {
            "sessions": 3,
            "completed": 1,
            "failed": 1,
            "prints": 0,
            "receipts": 1,
            "payments": 1,
        }


async def test_a_damaged_store_does_not_stop_it(desk: FakeDesk, kiosk: Kiosk) -> None:
    await kiosk.enrol(desk)
    (kiosk.home / "fleet.sqlite3").write_bytes(b"not a database" * 1000)
    async with kiosk.running():
        await until(lambda: desk.heartbeats)
    assert (kiosk.home / "fleet.sqlite3.damaged").exists()


async def test_a_screen_that_never_drew_is_as_old_as_the_program(
    desk: FakeDesk, kiosk: Kiosk, monkeypatch: pytest.MonkeyPatch
) -> None:
    await kiosk.enrol(desk)
    async with kiosk.running():
        now = module.time.monotonic
        kiosk.agent._time = lambda: now() + 500  # type: ignore[method-assign]
        await until(lambda: desk.heartbeats and desk.heartbeats[-1].interface_age_s >= 500)
        kiosk.agent.interface_beat()
        count = len(desk.heartbeats)
        await until(lambda: len(desk.heartbeats) > count + 1)
        assert desk.heartbeats[-1].interface_age_s < 20


async def test_what_fails_at_the_start_does_not_silence_the_kiosk(
    desk: FakeDesk, kiosk: Kiosk, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(self: object) -> None:
        raise OSError("a dying disk")

    monkeypatch.setattr("kiosk.link.rollouts.Rollouts.restore", broken)
    monkeypatch.setattr(module, "_START_AGAIN_S", 0.01)
    await kiosk.enrol(desk)
    async with kiosk.running():
        await until(lambda: desk.heartbeats)
