"""The case and its slip: refused, lost on the way, owed, given up."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from backend.contract import service_api as wire
from kiosk.journal.journal import IntentKind, Outcome
from kiosk.journeys import service_texts as texts
from kiosk.journeys.context import JourneyOver
from kiosk.journeys.steps import case as case_step
from kiosk.link.client import Refusal
from kiosk.screens import Choose, Message, Review
from kiosk.service_screens import Form, Papers
from tests.kiosk.journeys.fakes import Wait, demo_card
from tests.kiosk.journeys.office import CHOOSE, Office, words
from tests.kiosk.journeys.sample_services import ALLOWANCE, service
from tests.kiosk.journeys.service_world import ServiceWorld


async def test_nothing_of_the_person_on_slips_and_in_the_journal(tmp_path: Path, world: ServiceWorld) -> None:
    async with Office(tmp_path / "j.sqlite3", world, Choose=CHOOSE) as office:
        await office.walk(service(ALLOWANCE))
    card = demo_card()
    content = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    for private in (card.name, card.number, "13800000000", "户籍路"):
        assert private not in words(world.slips[0])
        assert private.encode() not in content


async def test_a_proof_that_ran_out_costs_no_answer(tmp_path: Path, world: ServiceWorld) -> None:
    world.refuse_once["open case"] = Refusal("proof-expired")
    async with Office(tmp_path / "j.sqlite3", world, Choose=CHOOSE) as office:
        await office.walk(service(ALLOWANCE))
        assert office.stage.kinds().count("FaceCheck") >= 2
        assert office.stage.kinds().count("Review") == 2
        outcomes = [each.outcome for each in await office.journal.all_intents() if each.kind is IntentKind.CASE]
    assert outcomes == [Outcome.NEVER_HAPPENED, Outcome.DONE]


@pytest.mark.parametrize(
    ("detail", "screen"),
    [
        ("living", Form),
        ("situation:age", Choose),
        ("material:lease", Papers),
        ("delivery", Choose),
        ("signature", Review),
        ("agent", Choose),
    ],
)
async def test_what_the_backend_does_not_accept_is_asked_again(
    tmp_path: Path, world: ServiceWorld, detail: str, screen: type
) -> None:
    world.refuse_once["open case"] = Refusal("form-invalid", detail)
    async with Office(tmp_path / "j.sqlite3", world, Choose=CHOOSE) as office:
        await office.walk(service(ALLOWANCE))
        kinds = office.stage.kinds()
        told = next(
            i
            for i, each in enumerate(office.stage.seen)
            if getattr(each, "buttons", ()) and each.buttons[0].value == "mend"
        )
        assert kinds[told + 1] == screen.__name__
        if screen is Form:
            assert [entry.name for entry in office.stage.seen[told + 1].fields] == ["living"]
    assert len(world.cases) == 1


async def test_a_department_that_refuses_is_told_and_nothing_stays_open(tmp_path: Path, world: ServiceWorld) -> None:
    world.refusals["open case"] = "refused-by-department"
    async with Office(tmp_path / "j.sqlite3", world, Choose=CHOOSE) as office:
        with pytest.raises(JourneyOver):
            await office.walk(service(ALLOWANCE))
        assert office.screens(Message)[-1].question.zh == "部门没有受理"
        assert not await office.journal.open_intents()
    assert not world.slips


async def test_without_an_answer_the_slip_comes_later(
    tmp_path: Path, world: ServiceWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(case_step, "_PAUSE_S", 0.0)
    world.lose_answers = 2
    async with Office(tmp_path / "j.sqlite3", world, Choose=CHOOSE) as office:
        with pytest.raises(JourneyOver):
            await office.walk(service(ALLOWANCE))
        assert office.screens(Message)[-1].question == texts.CASE_UNKNOWN
        assert len(world.cases) == 1, "asked again under the same id"
        assert not world.slips
        [intent] = await office.journal.open_intents()
        assert intent.updated_at > intent.created_at, "when it was asked last"
        assert await office.recover() == 0
        assert len(world.slips) == 1
        assert await office.recover() == 0
        assert len(world.slips) == 1


async def test_no_slip_shows_the_numbers_and_is_owed_until_they_were_seen(tmp_path: Path, world: ServiceWorld) -> None:
    def told(screen: Message) -> Any:
        return Wait() if screen.question == texts.RECEIVED else "ok"

    async with Office(tmp_path / "j.sqlite3", world, Choose=CHOOSE, Message=told, MoreTime=False) as office:
        world.slip_ready = False
        walking = asyncio.create_task(office.walk(service(ALLOWANCE)))
        while not any(each.question == texts.RECEIVED for each in office.screens(Message)):
            await asyncio.sleep(0.01)
        shown = next(each for each in office.screens(Message) if each.question == texts.RECEIVED)
        assert shown.body == texts.RECEIVED_WRITE_DOWN
        assert "7391" in [entry.value.zh for entry in shown.entries]
        walking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await walking
        assert await office.recover() == 1, "the resident has gone without saying so: the slip is still owed"
        world.slip_ready = True
        assert await office.recover() == 0
    assert len(world.slips) == 1


async def test_a_slip_nobody_waits_for_is_given_up(tmp_path: Path, world: ServiceWorld) -> None:
    async with Office(tmp_path / "j.sqlite3", world, Choose=CHOOSE) as office:
        intent = await office.journal.begin(IntentKind.CASE, session="s", service="sample-allowance")
        world.cases[intent.id] = wire.CaseRequest(
            intent_id=intent.id, service_id="sample-allowance", service_version=1, form={}
        )
        world.slip_ready = False
        assert await office.recover() == 1
        assert await office.recover(case_slip_patience=timedelta(0)) == 0
        assert (await office.journal.get(intent.id)).outcome is Outcome.DONE
    assert not world.slips


async def test_a_number_written_down_is_enough(tmp_path: Path, world: ServiceWorld) -> None:
    async with Office(tmp_path / "j.sqlite3", world, Choose=CHOOSE) as office:
        world.slip_ready = False
        await office.walk(service(ALLOWANCE))
        world.slip_ready = True
        assert await office.recover() == 0
    assert not world.slips, "nobody waits for it any more"


@pytest.mark.parametrize("code", ["forbidden", "internal"])
async def test_what_is_refused_for_ever_is_given_up_and_told(tmp_path: Path, world: ServiceWorld, code: str) -> None:
    world.lose_answers = 2
    async with Office(tmp_path / "j.sqlite3", world, Choose=CHOOSE) as office:
        with pytest.raises(JourneyOver):
            await office.walk(service(ALLOWANCE))
        world.refusals["get case"] = code
        assert await office.recover() == 1, "perhaps the backend is being mended"
        with capture_logs() as logs:
            assert await office.recover(give_up=timedelta(0)) == 0
        outcomes = [each.outcome for each in await office.journal.all_intents() if each.kind is IntentKind.CASE]
    assert outcomes == [Outcome.UNKNOWN]
    assert [each["code"] for each in logs if each["log_level"] == "error"] == [code]
