"""Rest on any screen: "需要更多时间吗?"; yes goes on with everything kept, no answer ends and clears.

Device: session
Resident: 您还需要更多时间吗？
Staff: none
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from pathlib import Path

import pytest

from content.schema.text import Text
from kiosk.idle import PatientStage
from kiosk.journeys.context import TimedOut
from kiosk.screens import Consent, Message, MoreTime, Tone
from tests.kiosk.journeys.fakes import ScriptedStage, Wait, World
from tests.kiosk.journeys.house import House

CONSENT = Consent(question=Text("同意吗？", "Agree?"), speech=Text("同意吗？", "Agree?"), entries=(), idle_s=0.05)


async def test_more_time_keeps_the_question() -> None:
    stage = ScriptedStage({"Consent": Wait(0.3, True), "MoreTime": True})
    assert await PatientStage(stage, more_time_s=0.2).ask(CONSENT) is True
    assert stage.kinds().count("Consent") == 1, "asked once: the screen below keeps its state"
    assert stage.kinds().count("MoreTime") >= 2, "asked again and again, without a limit"


@pytest.mark.parametrize("answer", [False, Wait()])
async def test_no_answer_ends(answer: object) -> None:
    stage = ScriptedStage({"Consent": Wait(), "MoreTime": answer})
    with pytest.raises(TimedOut):
        await PatientStage(stage, more_time_s=0.05).ask(CONSENT)


async def test_a_touch_starts_the_time_again() -> None:
    stage = ScriptedStage({"Consent": Wait(0.12, True), "MoreTime": False})
    patient = PatientStage(stage, more_time_s=0.05)

    async def touch() -> None:
        for _ in range(20):
            stage.touched = time.monotonic()
            await asyncio.sleep(0.01)

    touching = asyncio.create_task(touch())
    assert await patient.ask(CONSENT) is True
    touching.cancel()


async def test_every_screen_of_both_journeys_has_a_limit_or_is_the_machines_own(tmp_path: Path) -> None:
    async with House(tmp_path / "j.sqlite3", World()) as house:
        await house.certificate()
        await house.water()
        unlimited = {type(s).__name__ for s in house.stage.seen if s is not None and s.idle_s is None}
    # The machine works (Working, Printing), or the step has its own limit (FaceCheck, Pay, Rate, Goodbye).
    assert unlimited <= {"Working", "Printing", "FaceCheck", "Pay", "Rate", "Goodbye"}
    assert MoreTime(question=CONSENT.question, speech=CONSENT.speech).seconds >= 20, "WCAG 2.2.1"


async def test_an_open_message_does_not_eat_the_time_to_answer() -> None:
    """The number to call lies over the screen when the rest is over: the question waits for it, and then is asked
    in full, or not at all if the resident has just touched."""
    stage = ScriptedStage({"Consent": Wait(), "MoreTime": Wait(), "Message": Wait(0.3, "ok")})
    patient = PatientStage(stage, more_time_s=0.1)
    message = Message(
        question=CONSENT.question, speech=CONSENT.speech, tone=Tone.INFO, body=CONSENT.question, buttons=()
    )
    covering = asyncio.create_task(patient.ask_over(message))
    await asyncio.sleep(0)
    since = time.monotonic()
    with pytest.raises(TimedOut):
        await patient.ask(CONSENT)
    assert time.monotonic() - since > 0.35, "the question was asked after the message had gone"
    assert stage.kinds().index("MoreTime") > stage.kinds().index("Message")
    await covering


async def test_any_touch_counts_as_yes() -> None:
    """Somebody who touches beside the box is there."""
    stage = ScriptedStage({"Consent": Wait(2.0, True), "MoreTime": Wait()})
    patient = PatientStage(stage, more_time_s=20.0)

    async def touch() -> None:
        while "MoreTime" not in stage.kinds():
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.05)
        stage.touched = time.monotonic()

    touching = asyncio.create_task(touch())
    assert await patient.ask(replace(CONSENT, idle_s=0.5)) is True
    await touching
