"""Commands: once, in time, for the right enrolment; their outcome is told until it is taken."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from backend.contract.fleet_api import CommandAck, CommandOrder
from content.schema.text import Text
from drivers.receipt_printer.port import ReceiptOutcome
from kiosk.link import files
from kiosk.link.command_kinds.print_test import page_pdf, print_test
from kiosk.link.command_kinds.restart import Restart
from kiosk.link.command_kinds.screenshot import screenshot
from kiosk.link.command_kinds.self_test import self_test
from kiosk.link.command_kinds.service import STAFF, ServiceState, into_service, out_of_service
from kiosk.link.command_kinds.wipe import Wipe, finish_wipe
from kiosk.link.commands import Commands, Fail, Plain, Task
from kiosk.link.desk_clock import DeskClock
from kiosk.link.fleet_desk import DeskFault, DeskRefusal, DeskSilent
from kiosk.link.fleet_store import FleetStore
from kiosk.link.identity_files import IdentityFiles
from kiosk.link.key_store import FileKeyStore
from tests.kiosk.link.terminal import PNG, FakeTerminal, Time, clock_at, until

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
EPOCH = 3


class Desk:
    """Takes outcomes, unless `fault` says otherwise."""

    def __init__(self) -> None:
        self.acks: list[tuple[str, CommandAck]] = []
        self.files: dict[str, bytes] = {}
        self.fault: DeskFault | None = None

    async def ack(self, command_id: str, ack: CommandAck) -> DeskFault | None:
        self.acks.append((command_id, ack))
        return self.fault

    async def put_file(self, command_id: str, data: bytes, content_type: str) -> DeskFault | None:
        self.files[command_id] = data
        return self.fault

    def of(self, command_id: str) -> CommandAck:
        return next(ack for known, ack in self.acks if known == command_id)


class Bench:
    """One kiosk's commands over a store that outlives the program."""

    def __init__(self, tmp_path: Path, store: FleetStore, clock: DeskClock | None = None, boot: str = "b1") -> None:
        self.terminal = FakeTerminal()
        self.desk = Desk()
        self.store = store
        self.time = Time()
        self.clock = clock or clock_at(NOW, self.time)
        self.service = ServiceState(self.terminal, store)
        self.reboots = 0
        self.machine = "m1"
        self.ran: list[str] = []
        self.commands = Commands(
            {
                "note": Plain(self._note),
                "breaks": Plain(self._breaks),
                "hangs": Plain(self._hangs),
                "fails": Plain(self._fails),
                "restart": Restart(
                    self.terminal, store, self.clock, reboot=self._reboot, boot_of_machine=lambda: self.machine
                ),
                "self-test": self_test(self.terminal),
                "out-of-service": out_of_service(self.service),
                "into-service": into_service(self.service),
                "screenshot": screenshot(self.terminal, lambda: self.desk),  # type: ignore[arg-type,return-value]
                "print-test": print_test(self.terminal),
                "wipe": Wipe(self.terminal, tmp_path, lambda: self.desk, sleep=_no_sleep),  # type: ignore[arg-type,return-value]
            },
            store,
            self.clock,
            lambda: self.desk,  # type: ignore[arg-type,return-value]
            boot=boot,
            epoch=lambda: EPOCH,
        )

    async def run(self, *orders: CommandOrder) -> None:
        await self.commands.take(orders)
        await self.commands.settled()

    async def _note(self, task: Task) -> dict[str, Any]:
        self.ran.append(task.command_id)
        return {"n": len(self.ran)}

    async def _breaks(self, task: Task) -> dict[str, Any]:
        raise RuntimeError("519999199001010025 must not be told")

    async def _hangs(self, task: Task) -> dict[str, Any]:
        self.ran.append(task.command_id)
        await asyncio.Event().wait()
        return {}

    async def _fails(self, task: Task) -> dict[str, Any]:
        raise Fail("jam", {"sheets": 1})

    async def _reboot(self) -> None:
        self.reboots += 1


async def _no_sleep(seconds: float) -> None:
    await asyncio.sleep(0)


def order(
    command_id: str, kind: str = "note", seconds: float = 60, epoch: int = EPOCH, **arguments: Any
) -> CommandOrder:
    return CommandOrder(
        command_id=command_id,
        kind=kind,
        arguments=arguments,
        expires_at=NOW + timedelta(seconds=seconds),
        epoch=epoch,
    )


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[FleetStore]:
    store = await FleetStore.open(tmp_path / "fleet.sqlite3")
    yield store
    await store.close()


@pytest.fixture
def bench(tmp_path: Path, store: FleetStore) -> Bench:
    return Bench(tmp_path, store)


async def test_an_id_runs_once_however_often_it_comes(tmp_path: Path, store: FleetStore, bench: Bench) -> None:
    await bench.run(order("c1"), order("c1"))
    await bench.run(order("c1"))
    after = Bench(tmp_path, store, boot="b2")  # the program was started again
    await after.commands.recover()
    await after.run(order("c1"))
    assert bench.ran == ["c1"]
    assert after.ran == []
    assert bench.desk.of("c1") == CommandAck(state="done", result={"n": 1})


@pytest.mark.parametrize(
    ("given", "code"),
    [
        (order("c", seconds=0), "expired"),
        (order("c", seconds=-3600), "expired"),
        (order("c", epoch=EPOCH - 1), "wrong-epoch"),
        (order("c", epoch=EPOCH + 1), "wrong-epoch"),
        (order("c", kind="dance"), "unknown-kind"),
        (order("c", kind="print-test", printer="everything"), "invalid-arguments"),
        (order("c", kind="print-test", printer=["receipt_printer"]), "invalid-arguments"),
        (order("c", kind="print-test", printer="document_printer"), "no-such-device"),
        (order("c", kind="restart", what="the world"), "invalid-arguments"),
        (order("c", kind="out-of-service", reason_zh="x" * 500), "invalid-arguments"),
        (order("c", kind="out-of-service", reason_zh="a\nb"), "invalid-arguments"),
    ],
)
async def test_what_is_refused(bench: Bench, given: CommandOrder, code: str) -> None:
    await bench.run(given)
    assert bench.desk.of("c") == CommandAck(state="refused", code=code)
    assert bench.ran == []
    assert bench.terminal.closed == {}


async def test_without_the_desks_time_nothing_runs(tmp_path: Path, store: FleetStore) -> None:
    bench = Bench(tmp_path, store, DeskClock())
    await bench.run(order("c1", seconds=10**9))
    assert bench.desk.of("c1").code == "clock-unknown"


async def test_our_own_clock_jumps_and_nothing_changes(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """Time is the desk's, counted on by a clock that does not jump."""
    import kiosk.link.commands as module

    class Jumped(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> datetime:  # type: ignore[override]
            return NOW + timedelta(days=400)

    monkeypatch.setattr(module, "datetime", Jumped)
    await bench.run(order("c1"))
    assert bench.ran == ["c1"]
    bench.time.seconds += 61
    await bench.run(order("c2"))
    assert bench.desk.of("c2").code == "expired"


async def test_faults_are_outcomes_without_their_words(bench: Bench) -> None:
    await bench.run(order("c1", "breaks"), order("c2", "fails"))
    assert bench.desk.of("c1") == CommandAck(state="failed", code="internal")
    assert bench.desk.of("c2") == CommandAck(state="failed", code="jam", result={"sheets": 1})


async def test_an_outcome_is_told_until_it_is_taken(tmp_path: Path, store: FleetStore, bench: Bench) -> None:
    bench.desk.fault = DeskSilent("gone")
    await bench.run(order("c1"))
    await bench.commands.tell()
    after = Bench(tmp_path, store, boot="b2")
    await after.commands.recover()
    await after.commands.tell()
    await after.commands.tell()
    assert after.desk.acks == [("c1", CommandAck(state="done", result={"n": 1}))]


@pytest.mark.parametrize(("status", "again"), [(409, False), (404, False), (503, True), (403, True)])
async def test_what_the_desk_refuses_for_good_is_not_told_again(bench: Bench, status: int, again: bool) -> None:
    bench.desk.fault = DeskRefusal(status, "no")
    await bench.run(order("c1"))
    told = len(bench.desk.acks)
    await bench.commands.tell()
    assert (len(bench.desk.acks) > told) is again


async def test_cut_off_in_the_middle_is_told_and_not_begun_again(
    tmp_path: Path, store: FleetStore, bench: Bench
) -> None:
    await bench.commands.take([order("c1", "hangs")])
    await until(lambda: bench.ran)
    await bench.commands.stop()
    after = Bench(tmp_path, store, boot="b2")
    await after.commands.recover()
    await after.run(order("c1", "hangs"))
    assert after.ran == []
    assert after.desk.of("c1") == CommandAck(state="failed", code="interrupted")


async def test_ids_are_remembered_a_day_beyond_their_end(bench: Bench, store: FleetStore) -> None:
    await bench.run(order("c1"))
    await store.forget_old(NOW + timedelta(hours=20))
    await bench.run(order("c1"))
    assert bench.ran == ["c1"]
    await store.forget_old(NOW + timedelta(hours=25))
    bench.time.seconds += 25 * 3600
    await bench.run(order("c1"))
    assert bench.ran == ["c1"], "forgotten, but it has expired"


async def test_a_clock_that_jumps_forgets_nothing(tmp_path: Path, store: FleetStore, bench: Bench) -> None:
    """Power cut, the kiosk's own clock comes back years ahead, and the desk is not heard for a while."""
    bench.desk.fault = DeskSilent("away")
    await bench.run(order("c1"))
    after = Bench(tmp_path, store, DeskClock(Time(), own=lambda: NOW + timedelta(days=4000)), boot="b2")
    after.desk.fault = DeskSilent("away")
    await after.commands.recover()
    await after.commands.tell_again()
    assert [known.command_id for known in await store.undelivered()] == ["c1"]
    after.clock.hear(NOW + timedelta(days=30))
    await after.commands.tell_again()
    assert [known.command_id for known in await store.undelivered()] == ["c1"], "its outcome was not told"
    after.clock.hear(NOW)
    after.desk.fault = None
    await after.run(order("c1"))
    assert after.ran == []
    assert after.desk.of("c1").state == "done"
    after.clock.hear(NOW + timedelta(days=30))
    await after.commands.tell_again()
    assert await store.of_kind_since("note", NOW - timedelta(days=1)) == []


# --- restart


async def test_restart_waits_for_the_resident_and_is_done_when_it_is_back(
    tmp_path: Path, store: FleetStore, bench: Bench
) -> None:
    async with bench.terminal.session():
        await bench.commands.take([order("c1", "restart", what="program")])
        await asyncio.sleep(0.05)
        assert not bench.terminal.stopped.is_set()
        await bench.commands.take([order("c2")])
        await until(lambda: bench.ran)  # others need not wait with it
    await until(bench.terminal.stopped.is_set)
    await bench.commands.stop()
    assert not [known for known, _ in bench.desk.acks if known == "c1"], "not yet: it is not back"
    after = Bench(tmp_path, store, boot="b2")
    await after.commands.recover()
    await after.commands.tell()
    assert after.desk.of("c1") == CommandAck(state="done", result={"restarted": "program"})


async def test_a_machine_that_did_not_restart_is_a_failure(tmp_path: Path, store: FleetStore, bench: Bench) -> None:
    await bench.commands.take([order("c1", "restart", what="machine")])
    await until(lambda: bench.reboots)
    await bench.commands.stop()
    after = Bench(tmp_path, store, boot="b2")
    await after.commands.recover()
    await after.commands.tell()
    assert after.desk.of("c1").code == "machine-not-restarted"


async def test_a_session_that_does_not_end_in_time_refuses_the_restart(bench: Bench) -> None:
    async with bench.terminal.session():
        await bench.run(order("c1", "restart", seconds=0.1))
    assert bench.desk.of("c1") == CommandAck(state="refused", code="session-open")
    assert not bench.terminal.stopped.is_set()


async def test_no_more_than_three_restarts_an_hour(tmp_path: Path, store: FleetStore) -> None:
    for number in range(4):
        bench = Bench(tmp_path, store, boot=f"b{number}")
        bench.machine = f"m{number}"
        await bench.commands.recover()
        await bench.commands.take([order(f"c{number}", "restart", what="machine")])
        if number < 3:
            await until(lambda bench=bench: bench.reboots)  # type: ignore[misc]
        else:
            await bench.commands.settled()
            assert bench.desk.of("c3") == CommandAck(state="refused", code="too-many-restarts")
            assert bench.reboots == 0
        await bench.commands.stop()
    late = Bench(tmp_path, store, clock_at(NOW + timedelta(minutes=61)), boot="b9")
    await late.commands.recover()
    await late.commands.take([order("c9", "restart", seconds=4000, what="machine")])
    await until(lambda: late.reboots)
    await late.commands.stop()


# --- out of service


async def test_out_of_service_lasts_over_a_restart(tmp_path: Path, store: FleetStore, bench: Bench) -> None:
    await bench.run(order("c1", "out-of-service", reason_zh="正在换纸", reason_en="Paper is being changed"))
    assert bench.terminal.closed == {STAFF: Text("正在换纸", "Paper is being changed")}
    after = Bench(tmp_path, store, boot="b2")
    await after.service.restore()
    assert after.terminal.closed[STAFF].zh == "正在换纸"
    await after.run(order("c2", "into-service"))
    assert after.terminal.closed == {}
    last = Bench(tmp_path, store, boot="b3")
    await last.service.restore()
    assert last.terminal.closed == {}


# --- devices and screen


async def test_self_test_asks_every_device(bench: Bench) -> None:
    await bench.run(order("c1", "self-test"))
    result = bench.desk.of("c1").result
    assert result["ready"] is True
    assert result["devices"]["receipt_printer"]["device"] == "online"
    assert bench.terminal.printer.refreshed == 1


async def test_a_picture_never_of_a_session(bench: Bench) -> None:
    async with bench.terminal.session():
        await bench.run(order("c1", "screenshot"))
    assert bench.desk.of("c1") == CommandAck(state="refused", code="session-open")
    assert bench.desk.files == {}
    await bench.run(order("c2", "screenshot"))
    assert bench.desk.files == {"c2": PNG}
    assert bench.desk.of("c2").state == "done"


async def test_a_picture_is_not_taken_of_what_a_session_left(bench: Bench) -> None:
    """Ordered just before a session begins, it gets its turn when the last screen of it is still there."""
    bench.terminal.at_home = False
    async with bench.terminal.floor:
        await bench.commands.take([order("c1", "screenshot")])
        await asyncio.sleep(0.05)
    await bench.commands.settled()
    assert bench.desk.of("c1") == CommandAck(state="refused", code="not-at-home")
    assert bench.desk.files == {}


async def test_a_print_that_fails_is_told(bench: Bench) -> None:
    await bench.run(order("c1", "print-test", printer="receipt_printer"))
    assert bench.desk.of("c1").state == "done"
    bench.terminal.printer.outcome = ReceiptOutcome.PAPER_OUT
    await bench.run(order("c2", "print-test", printer="receipt_printer"))
    assert bench.desk.of("c2") == CommandAck(state="failed", code="paper-out")
    async with bench.terminal.session():
        await bench.run(order("c3", "print-test", printer="receipt_printer"))
    assert bench.desk.of("c3").code == "session-open"
    assert len(bench.terminal.printer.slips) == 2


def test_the_test_page_is_one_page_of_a4() -> None:
    import pypdfium2

    page = page_pdf(["Print test", "a(b)c\\"])
    document = pypdfium2.PdfDocument(page)
    assert len(document) == 1
    assert document[0].get_size() == (595, 842)
    assert "Print test" in document[0].get_textpage().get_text_range()


# --- wipe


def _lived_in(tmp_path: Path) -> IdentityFiles:
    identity = IdentityFiles(tmp_path / "identity", FileKeyStore())
    identity.attempt("x")
    (tmp_path / "trial").mkdir()
    for name in (
        "journal.sqlite3",
        "journal.sqlite3-wal",
        "settings.json",
        "sequence",
        "fleet.sqlite3.damaged",
        "journal.sqlite3-wal.damaged",
        "settings.json.new",
        "trial/current",
    ):
        (tmp_path / name).write_text("x")
    (tmp_path / "log").mkdir()
    (tmp_path / "log" / "events.jsonl").write_text("x")
    return identity


async def test_wipe_forgets_everything_and_tells_before(tmp_path: Path, bench: Bench, store: FleetStore) -> None:
    _lived_in(tmp_path)
    await bench.commands.take([order("c1", "wipe")])
    await until(bench.terminal.stopped.is_set)
    await bench.commands.stop()
    assert bench.desk.of("c1").state == "done"
    await store.close()
    assert finish_wipe(tmp_path, IdentityFiles(tmp_path / "identity", FileKeyStore())) is True
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
    assert finish_wipe(tmp_path, IdentityFiles(tmp_path / "identity", FileKeyStore())) is False
    bench.store._db = (await FleetStore.open(tmp_path / "again.sqlite3"))._db  # for the fixture's end


async def test_the_mark_is_on_the_disk_before_it_is_told(
    tmp_path: Path, bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    happened: list[str] = []
    right = files.os.fsync
    monkeypatch.setattr(files.os, "fsync", lambda number: (happened.append("fsync"), right(number)))
    heard = bench.desk.ack

    async def ack(command_id: str, ack: CommandAck) -> DeskFault | None:
        happened.append("told")
        assert (tmp_path / "wiping").exists()
        return await heard(command_id, ack)

    monkeypatch.setattr(bench.desk, "ack", ack)
    await bench.commands.take([order("c1", "wipe")])
    await until(bench.terminal.stopped.is_set)
    await bench.commands.stop()
    assert happened[:3] == ["fsync", "fsync", "told"], "file and folder"


async def test_a_desk_that_does_not_hear_does_not_stop_a_wipe(bench: Bench) -> None:
    bench.desk.fault = DeskSilent("gone")
    await bench.commands.take([order("c1", "wipe")])
    await until(bench.terminal.stopped.is_set)
    assert len(bench.desk.acks) == 3
    await bench.commands.stop()


async def test_money_in_the_air_is_not_wiped(tmp_path: Path, bench: Bench) -> None:
    _lived_in(tmp_path)
    bench.terminal.intents = 1
    await bench.run(order("c1", "wipe"))
    assert bench.desk.of("c1") == CommandAck(state="refused", code="open-intents")
    assert not bench.terminal.stopped.is_set()
    assert finish_wipe(tmp_path, files) is False
    assert (tmp_path / "journal.sqlite3").exists()
