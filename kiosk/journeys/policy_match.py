"""Which policies fit a business: a few questions → a report (政策匹配), decided here by the content's conditions."""

from __future__ import annotations

from functools import partial

from content.schema.base import holds
from content.schema.outputs import Policy
from content.schema.text import Text
from drivers.receipt_printer.port import Heading, Line, Pair, Receipt, ReceiptPart, Rule
from kiosk.journeys import counter_texts as texts
from kiosk.journeys import matter
from kiosk.journeys import texts as common
from kiosk.journeys.apply import identify
from kiosk.journeys.context import Journey, JourneyOver
from kiosk.journeys.steps import StepCoroutine
from kiosk.journeys.steps.counter import can_slip, slip, walk_or_leave
from kiosk.journeys.steps.explain import ask_consent, show_guide
from kiosk.journeys.steps.finish import goodbye, rate
from kiosk.journeys.steps.form import pages
from kiosk.journeys.steps.messages import end_with, tell
from kiosk.journeys.steps.situations import questions
from kiosk.screens import Choice, Entry, Tone
from kiosk.service_screens import Record, RecordAnswer


async def match_policies(journey: Journey) -> None:
    journey.steps = 3
    steps: list[StepCoroutine] = [
        partial(show_guide, journey),
        partial(ask_consent, journey),
        partial(identify, journey),
        *questions(journey, 2),
        *pages(journey, 2),
    ]
    if not await walk_or_leave(steps):
        raise JourneyOver("left at the guide")
    found = matching(journey)
    if not found:
        raise await end_with(journey, texts.NO_POLICY, texts.NO_POLICY_BODY, tone=Tone.INFO)
    printed = False
    while True:
        answer = await journey.stage.ask(
            Record(
                question=texts.POLICIES,
                speech=Text(
                    f"{texts.POLICIES.zh}，{texts.POLICY_COUNT.format(n=len(found)).zh}",
                    f"{texts.POLICIES.en}: {texts.POLICY_COUNT.format(n=len(found)).en}",
                ),
                trail=journey.trail(3),
                entries=tuple(Entry(policy.title, policy.benefit, policy.apply) for policy in found),
                note=texts.SLIP_PRINTED if printed else texts.POLICY_NOTE,
                can_print=can_slip(journey) and not printed,
            )
        )
        if answer is not RecordAnswer.PRINT:
            break
        printed = await slip(journey, _report(journey, found))
        if not printed:
            ok = (Choice("ok", common.OK),)
            await tell(journey, Tone.PROBLEM, common.NO_RECEIPT_PRINTER, common.UNAVAILABLE_ADVICE, ok)
    await rate(journey, 3)
    await goodbye(journey, (common.TAKE_SLIP,) if printed else ())


def matching(journey: Journey) -> list[Policy]:
    given = matter.answers(journey)
    return [policy for policy in journey.service.policies if holds(policy.when, given)]


def _report(journey: Journey, found: list[Policy]) -> Receipt:
    parts: list[ReceiptPart] = [Heading("政策精准测算报告"), Line(journey.settings.site), Rule()]
    claims = journey.session.licence_claims
    if claims is not None:
        parts.append(Pair("企业", claims.name))
    for number, policy in enumerate(found, 1):
        parts += [
            Line(f"{number}. {policy.title.zh}", bold=True),
            Line(f"　{policy.benefit.zh}"),
            Line(f"　{policy.apply.zh}"),
        ]
    parts += [Rule(), Line(texts.POLICY_NOTE.zh), Pair("终端", journey.settings.terminal)]
    return Receipt(tuple(parts))
