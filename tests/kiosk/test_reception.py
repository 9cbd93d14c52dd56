"""The terminal's day: nothing that happens to one resident takes it from the next."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from backend.contract.kiosk_api import PaymentState
from content.build import CATALOGUE, build
from content.load import Pack, load_pack
from content.schema.service import Kind
from content.schema.text import Text
from drivers.id_reader.port import CardKind
from drivers.manager import DeviceSet
from kiosk import form_rules
from kiosk import reception as reception_module
from kiosk.journal.recovery import Recovery
from kiosk.journeys import texts
from kiosk.journeys.receipts import payment_slip
from kiosk.link.client import Refusal
from kiosk.link.line import Line
from kiosk.reception import Reception
from kiosk.screens import Home
from tests.kiosk.journeys.fakes import Wait, World, demo_card
from tests.kiosk.journeys.house import SETTINGS, House
from tests.kiosk.journeys.office import Office
from tests.kiosk.journeys.service_world import ServiceWorld
from tests.packs import small_pack


@pytest.fixture(scope="module")
def pack(tmp_path_factory: pytest.TempPathFactory) -> Pack:
    return build(CATALOGUE, tmp_path_factory.mktemp("pack"))


def _reception(house: House, pack: Pack) -> Reception:
    recovery = Recovery(
        house.journal,
        house.link,  # type: ignore[arg-type]
        document_printer=house.document_printer,
        receipt_printer=house.receipt_printer,
        slip=lambda payment, copy: payment_slip(payment, SETTINGS, copy=copy),
        slip_patience_s=0.05,
    )
    return Reception(house.terminal, pack, recovery)


async def _until(condition: Any, timeout_s: float = 20.0) -> None:
    async with asyncio.timeout(timeout_s):
        while not condition():
            await asyncio.sleep(0.01)


async def _end(task: asyncio.Task[None]) -> None:
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_a_service_may_open_by_itself_once(tmp_path: Path, pack: Pack) -> None:
    async with House(tmp_path / "j.sqlite3", World(), Home=[Wait()]) as house:
        reception = _reception(house, pack)
        reception._terminal.settings = SETTINGS.model_copy(update={"start_service": "water-bill"})
        task = asyncio.create_task(reception.run())
        await _until(lambda: "Goodbye" in house.stage.kinds() and house.stage.kinds()[-1] == "Home")
        assert house.stage.kinds().count("Goodbye") == 1
        await _end(task)


async def test_two_residents_one_after_the_other(tmp_path: Path, pack: Pack) -> None:
    answers = ["service:water-bill", "service:social-insurance-enrolment-proof", Wait()]
    async with House(tmp_path / "j.sqlite3", World(), Home=answers) as house:
        task = asyncio.create_task(_reception(house, pack).run())
        await _until(lambda: house.stage.seen.count(None) == 2)  # type: ignore[arg-type]
        assert len(house.world.slips) == 2
        assert len(house.world.sheets) == 1
        await _end(task)


async def test_leaving_at_the_code_closes_the_trade(tmp_path: Path, pack: Pack) -> None:
    world = World(payer="refuses")
    async with House(tmp_path / "j.sqlite3", world, Home=["service:water-bill", Wait()]) as house:
        reception = _reception(house, pack)
        task = asyncio.create_task(reception.run())
        await _until(lambda: "Pay" in house.stage.kinds())
        reception.leave()
        await _until(lambda: list(world.payments.values()) == [PaymentState.CLOSED])
        await _until(lambda: house.stage.kinds().count("Home") >= 2)
        await _end(task)


async def test_a_bug_in_a_journey_is_told_and_survived(tmp_path: Path, pack: Pack) -> None:
    def explode(screen: Any) -> Any:
        raise RuntimeError("519999199001010025 must not be logged")

    async with House(
        tmp_path / "j.sqlite3", World(), Home=["service:water-bill", Wait()], Review=explode, Message="ok"
    ) as house:
        with capture_logs() as logs:
            task = asyncio.create_task(_reception(house, pack).run())
            await _until(lambda: house.stage.kinds().count("Home") >= 2)
        said = [screen.body for screen in house.stage.seen if screen is not None and hasattr(screen, "body")]
        assert said == [texts.INTERNAL_FAULT_BODY]
        failed = next(line for line in logs if line["event"] == "journey_failed")
        assert failed["error"] == "RuntimeError"
        assert "519999" not in str(logs)
        await _end(task)


async def test_what_cannot_start_says_why(tmp_path: Path, pack: Pack) -> None:
    world = World(slip_ready=False)
    async with House(tmp_path / "j.sqlite3", world, Home=["service:water-bill", Wait()], Unavailable=None) as house:
        task = asyncio.create_task(_reception(house, pack).run())
        await _until(lambda: house.stage.kinds().count("Home") >= 2)
        reasons = [screen.reason for screen in house.stage.seen if type(screen).__name__ == "Unavailable"]
        assert reasons == [texts.RECEIPT_PAPER_OUT]
        assert "Guide" not in house.stage.kinds()
        await _end(task)


async def test_personal_data_is_gone_after_every_ending(tmp_path: Path, pack: Pack) -> None:
    async with House(
        tmp_path / "j.sqlite3", World(), Home=["service:social-insurance-enrolment-proof", Wait()]
    ) as house:
        task = asyncio.create_task(_reception(house, pack).run())
        await _until(lambda: house.stage.seen.count(None) == 1)  # type: ignore[arg-type]
        await _end(task)
    content = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert "李样本".encode() not in content
    assert b"519999199001010025" not in content


async def test_the_card_is_remembered_when_a_session_ends_early(tmp_path: Path, pack: Pack) -> None:
    answers: dict[str, Any] = {"Home": ["service:social-insurance-enrolment-proof", Wait()], "Choose": Wait()}
    async with House(tmp_path / "j.sqlite3", World(), **answers) as house:
        reception = _reception(house, pack)
        task = asyncio.create_task(reception.run())
        await _until(lambda: "Choose" in house.stage.kinds())
        reception.leave()
        await _until(lambda: "Goodbye" in house.stage.kinds())
        said = next(screen for screen in house.stage.seen if type(screen).__name__ == "Goodbye")
        assert said.question == texts.TAKE_CARD
        await _end(task)


async def test_a_paper_under_the_camera_is_remembered_when_a_session_ends_early(
    tmp_path: Path, pack: Pack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reception_module, "start_reason", lambda *_: None)  # this house's camera is in no device set
    answers: dict[str, Any] = {"Home": ["service:document-copy", Wait()], "Scan": Wait()}
    async with Office(tmp_path / "j.sqlite3", ServiceWorld(), **answers) as house:
        reception = _reception(house, pack)
        task = asyncio.create_task(reception.run())
        await _until(lambda: "Scan" in house.stage.kinds())
        reception.leave()
        await _until(lambda: "Goodbye" in house.stage.kinds())
        said = next(screen for screen in house.stage.seen if type(screen).__name__ == "Goodbye")
        assert said.reminders == (texts.TAKE_ORIGINAL, texts.DATA_GONE)
        await _end(task)


async def test_who_is_sent_away_for_their_card_is_reminded_of_it(tmp_path: Path, pack: Pack) -> None:
    """Somebody under 16, with a foreigner's permanent residence card."""
    young = replace(
        demo_card(),
        kind=CardKind.FOREIGNER_2017,
        number="USA110088888888",
        birth=form_rules.today() - timedelta(days=12 * 366),
    )
    async with House(
        tmp_path / "j.sqlite3", World(), Home=["service:social-insurance-enrolment-proof", Wait()]
    ) as house:
        house.reader.card = young
        task = asyncio.create_task(_reception(house, pack).run())
        await _until(lambda: "Goodbye" in house.stage.kinds())
        said = [screen for screen in house.stage.seen if type(screen).__name__ in ("Message", "Goodbye")]
        assert said[0].body == texts.TOO_YOUNG
        assert said[1].question == texts.TAKE_CARD
        await _end(task)


async def test_the_watchdog_hears_of_each_round_of_questions_to_the_devices(
    tmp_path: Path, pack: Pack, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a session too, when nobody may ask them; but not for a session that never ends, nor of a round that hangs."""
    monkeypatch.setattr(reception_module, "_HEALTH_S", 0.01)
    monkeypatch.setattr(reception_module, "_SESSION_S", 0.1)
    hung = asyncio.Event()
    refresh = DeviceSet.refresh

    async def ask(devices: DeviceSet) -> None:
        await (hung.wait() if hung_now else refresh(devices))

    hung_now = False
    monkeypatch.setattr(DeviceSet, "refresh", ask)
    async with House(tmp_path / "j.sqlite3", World(), Home=[Wait()]) as house:
        reception, beats = _reception(house, pack), 0

        def beat() -> None:
            nonlocal beats
            beats += 1

        reception.after_each_health_round(beat)
        task = asyncio.create_task(reception.run())
        await _until(lambda: beats > 3)
        async with reception._floor:
            beats = 0
            await _until(lambda: beats > 3)
            await asyncio.sleep(0.3)
            before = beats
            await asyncio.sleep(0.1)
            assert beats == before, "a session that hangs"
        await _until(lambda: beats > before)
        hung_now = True
        await asyncio.sleep(0.1)
        before = beats
        await asyncio.sleep(0.1)
        assert beats == before, "a round that hangs"
        hung.set()
        await _until(lambda: beats > before)
        await _end(task)


async def test_closed_by_staff_the_running_session_ends_and_nobody_new_begins(tmp_path: Path, pack: Pack) -> None:
    world = World(payer="refuses")
    reason = Text("正在换纸", "Paper is being changed")
    answers: list[Any] = ["service:water-bill", Wait(), Wait()]
    async with House(tmp_path / "j.sqlite3", world, Home=answers, OutOfService=Wait()) as house:
        reception, endings = _reception(house, pack), []
        reception.on_session_ended = endings.append
        task = asyncio.create_task(reception.run())
        await _until(lambda: "Pay" in house.stage.kinds())
        assert reception.session_open
        reception.close_for("staff", reason)
        await asyncio.sleep(0.05)
        assert reception.session_open, "the resident who is there may end"
        reception.leave()
        await _until(lambda: "OutOfService" in house.stage.kinds())
        assert not reception.session_open
        assert endings == ["left"]
        shown = next(screen for screen in house.stage.seen if type(screen).__name__ == "OutOfService")
        assert shown.reason == reason
        homes = house.stage.kinds().count("Home")
        reception.close_for("hours", Text("休息", "Closed"))
        reception.close_for("staff", None)
        await asyncio.sleep(0.05)
        assert house.stage.kinds().count("Home") == homes, "somebody still has a reason"
        reception.close_for("hours", None)
        await _until(lambda: house.stage.kinds().count("Home") == homes + 1)
        await _end(task)


async def test_between_sessions_waits_for_the_session_and_holds_off_the_next(tmp_path: Path, pack: Pack) -> None:
    world = World(payer="refuses")
    answers: list[Any] = ["service:water-bill", "service:water-bill", Wait()]
    async with House(tmp_path / "j.sqlite3", world, Home=answers) as house:
        reception = _reception(house, pack)
        inside, leave = asyncio.Event(), asyncio.Event()

        async def work() -> None:
            async with reception.between_sessions():
                assert not reception.session_open
                inside.set()
                await leave.wait()

        task = asyncio.create_task(reception.run())
        await _until(lambda: "Pay" in house.stage.kinds())
        other = asyncio.create_task(work())
        await asyncio.sleep(0.05)
        assert not inside.is_set(), "a session runs"
        reception.leave()
        await asyncio.wait_for(inside.wait(), 20.0)
        pays = house.stage.kinds().count("Pay")
        await asyncio.sleep(0.1)
        assert not reception.session_open
        assert house.stage.kinds().count("Pay") == pays, "the next resident waits"
        leave.set()
        await _until(lambda: house.stage.kinds().count("Pay") > pays)
        await other
        reception.leave()
        await _end(task)


async def test_the_last_screen_of_a_session_is_gone_before_it_counts_as_ended(tmp_path: Path, pack: Pack) -> None:
    async with House(
        tmp_path / "j.sqlite3", World(), Home=["service:social-insurance-enrolment-proof", Wait()]
    ) as house:
        reception, shown = _reception(house, pack), []
        reception.on_session_ended = lambda how: shown.extend(house.stage.kinds()[-2:])
        task = asyncio.create_task(reception.run())

        async def look() -> str:
            while not reception.session_open:
                await asyncio.sleep(0)
            async with reception.between_sessions():
                return [kind for kind in house.stage.kinds() if kind != "NoneType"][-1]

        assert await asyncio.wait_for(look(), 20.0) == "Home"
        assert shown == ["Home", "NoneType"]
        await _end(task)


async def test_the_backend_is_asked_before_a_session_and_not_while_nobody_is_here(
    tmp_path: Path, pack: Pack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reception_module, "_HEALTH_S", 0.01)
    async with House(tmp_path / "j.sqlite3", World(), Home=[Wait(1.0, "service:water-bill"), Wait()]) as house:
        reception, rounds = _reception(house, pack), 0

        def counted() -> None:
            nonlocal rounds
            rounds += 1

        reception.after_each_health_round(counted)
        house.link.way.line(Line.WATCHED)
        task = asyncio.create_task(reception.run())
        await _until(lambda: rounds > 20)
        assert house.link.hellos == 1, "at the start"
        await _until(lambda: reception.session_open)
        assert house.link.hellos == 2
        await _end(task)


async def test_a_broken_line_closes_the_services_while_nobody_is_here(
    tmp_path: Path, pack: Pack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reception_module, "_HEALTH_S", 0.05)
    world = World()
    async with House(tmp_path / "j.sqlite3", world, Home=[Wait()]) as house:
        reception = _reception(house, pack)
        way = house.link.way
        way.line(Line.WATCHED)
        task = asyncio.create_task(reception.run())
        await _until(lambda: way.reachable and reception.at_home)
        world.backend = "gone"
        await asyncio.sleep(0.2)
        assert way.reachable, "nobody has said so yet"
        way.line(Line.DOUBTFUL)  # as the long poll does
        await _until(lambda: not way.reachable, 6.0)
        world.backend = "up"
        way.answered()
        await _until(lambda: way.reachable, 6.0)
        await _end(task)


async def test_new_content_is_shown_without_a_restart(tmp_path: Path) -> None:
    old, new = load_pack(small_pack()), load_pack(small_pack("second"))
    async with House(tmp_path / "j.sqlite3", World(), Home=[Wait()]) as house:
        reception = _reception(house, old)
        task = asyncio.create_task(reception.run())
        await _until(lambda: house.stage.kinds()[-1:] == ["Home"])

        def titles() -> set[str]:
            shown = [screen for screen in house.stage.seen if isinstance(screen, Home)][-1]
            return {tile.title.zh for tile in shown.frequent}

        assert "水费缴纳" in titles()
        async with reception.between_sessions():
            reception.use(new)
        await _until(lambda: "水费缴纳second" in titles())
        await _end(task)


@pytest.mark.parametrize(("touched", "reported"), [("report", "department-down"), ("ok", None)])
async def test_what_could_not_be_done_may_be_reported(
    tmp_path: Path, pack: Pack, touched: str, reported: str | None
) -> None:
    """After a refusal the resident may go on to 办不成事, which then knows what went wrong and nothing else."""
    answers = ["service:water-bill", Wait()]
    failures: list[str] = []

    async def report(journey: Any) -> None:
        failures.append(journey.session.failure)
        assert journey.session.form == {}

    async with House(tmp_path / "j.sqlite3", World(), Home=answers, Message=touched) as house:
        house.link.query_bill = _refuses  # type: ignore[method-assign]
        reception = _reception(house, pack)
        with pytest.MonkeyPatch.context() as patch:
            patch.setitem(reception_module.JOURNEYS, Kind.COMPLAINT, report)
            task = asyncio.create_task(reception.run())
            await _until(lambda: len(house.stage.kinds()) > 4 and house.stage.kinds()[-1] == "Home")
            await _end(task)
    assert failures == ([reported] if reported else [])


async def _refuses(query: Any) -> Refusal:
    return Refusal("department-down")
