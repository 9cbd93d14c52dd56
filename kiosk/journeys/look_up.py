"""An enquiry: explain → consent → identify → fill in → what the department knows → perhaps on paper."""

from __future__ import annotations

from functools import partial

from backend.contract.service_api import RecordQuery
from kiosk.journeys import counter_texts as texts
from kiosk.journeys import matter
from kiosk.journeys import texts as common
from kiosk.journeys.apply import identify
from kiosk.journeys.context import Journey, JourneyOver
from kiosk.journeys.issue_certificate import issue_and_print
from kiosk.journeys.steps import StepCoroutine
from kiosk.journeys.steps.counter import asked, can_slip, slip, walk_or_leave, who
from kiosk.journeys.steps.explain import ask_consent, show_guide
from kiosk.journeys.steps.finish import goodbye, rate
from kiosk.journeys.steps.form import short_questions
from kiosk.journeys.steps.messages import tell
from kiosk.journeys.steps.record import record_slip, show_record
from kiosk.screens import Choice, Tone
from kiosk.service_screens import RecordAnswer


async def look_up(journey: Journey) -> None:
    """Ends like `issue_certificate`."""
    journey.steps = 4
    steps: list[StepCoroutine] = [
        partial(show_guide, journey),
        partial(ask_consent, journey),
        partial(identify, journey),
        *short_questions(journey, 3),
    ]
    if not await walk_or_leave(steps):
        raise JourneyOver("left at the guide")
    query = RecordQuery(service_id=journey.service.id, form=matter.form(journey), **who(journey))
    reply = await asked(journey, journey.terminal.link.record(query), texts.ASKING, 4)
    reminders = [common.TAKE_CARD] if journey.session.card is not None else []
    on_paper = journey.service.certificate is not None
    answer = await show_record(journey, reply, 4, can_print=_can_print(journey))
    if answer is RecordAnswer.PRINT and on_paper:
        with_slip = await issue_and_print(journey)
        reminders += [common.TAKE_PAPER, common.TAKE_SLIP if with_slip else common.NO_SLIP]
    elif answer is RecordAnswer.PRINT:
        if await slip(journey, record_slip(journey, reply)):
            reminders.append(common.TAKE_SLIP)
        else:
            ok = (Choice("ok", common.OK),)
            await tell(journey, Tone.PROBLEM, common.NO_RECEIPT_PRINTER, common.UNAVAILABLE_ADVICE, ok)
    await rate(journey, 4)
    await goodbye(journey, tuple(reminders))


def _can_print(journey: Journey) -> bool:
    if journey.service.certificate is None:
        return can_slip(journey)
    printer = journey.terminal.devices.document_printer
    return printer is not None and printer.status.ready
