"""Review, issue, preview. The authority issues; the kiosk only asks, shows and prints."""

from __future__ import annotations

import structlog

from backend.contract.kiosk_api import FieldEntry, IssuedCertificate, IssueRequest, ReviewRequest
from content.schema.text import Text
from kiosk.journal.journal import Intent, IntentKind, Outcome
from kiosk.journeys import counter_texts, matter, texts
from kiosk.journeys.context import Journey, JourneyOver
from kiosk.journeys.steps import Move
from kiosk.journeys.steps.counter import who
from kiosk.journeys.steps.messages import end_with, end_with_fault
from kiosk.link.client import Fault, Refusal, Unreachable
from kiosk.screens import Entry, Milestone, Nav, Preview, PreviewAnswer, Review, Working

log = structlog.get_logger()
_PREVIEW_WIDTH_PX = 900


def entry_of(field: FieldEntry) -> Entry:
    source = Text(field.source_zh, field.source_en) if field.source_zh else None
    return Entry(Text(field.label_zh, field.label_en), Text(field.value_zh, field.value_en), source)


async def review(journey: Journey) -> Move:
    """What the certificate will say, masked; nothing is issued before the resident confirms."""
    journey.stage.show(_working(journey, texts.QUERYING))
    answer = await journey.terminal.link.review(
        ReviewRequest(service_id=journey.service.id, form=matter.form(journey), **who(journey))
    )
    if isinstance(answer, Refusal | Unreachable):
        raise await _refused(journey, answer)
    reply = await journey.stage.ask(
        Review(
            question=texts.REVIEW,
            speech=texts.REVIEW,
            trail=journey.trail(4),
            entries=tuple(entry_of(field) for field in answer.entries),
            confirm=texts.ISSUE,
            note=texts.REVIEW_NOTE,
        )
    )
    return Move.BACK if isinstance(reply, Nav) else Move.ON


async def issue(journey: Journey) -> tuple[Intent, IssuedCertificate]:
    """Intent first, then the request under its id: asking again after a crash gives the same certificate."""
    journey.stage.show(_working(journey, texts.ISSUING))
    intent = await journey.terminal.journal.begin(
        IntentKind.CERTIFICATE, session=journey.session.id, service=journey.service.id
    )
    answer = await journey.terminal.link.issue(
        IssueRequest(
            intent_id=intent.id,
            service_id=journey.service.id,
            form=matter.form(journey),
            **who(journey),
        )
    )
    if isinstance(answer, Refusal):
        await journey.terminal.journal.settle(intent.id, Outcome.NEVER_HAPPENED)
    if isinstance(answer, Refusal | Unreachable):
        raise await _refused(journey, answer)
    log.info("certificate_issued", intent=intent.id, pages=answer.pages)
    return intent, answer


async def preview(journey: Journey, certificate: IssuedCertificate, pdf: bytes, masked: bytes) -> bytes:
    """Show the masked picture until the resident prints; returns the picture for the printing screen (masked)."""
    png, is_masked = masked, True
    while True:
        answer = await journey.stage.ask(
            Preview(
                question=texts.PREVIEW,
                speech=texts.PREVIEW,
                trail=journey.trail(4),
                png=png,
                pages=certificate.pages,
                masked=is_masked,
            )
        )
        if answer is PreviewAnswer.REVEAL:
            raster = journey.terminal.raster
            full = await raster.render(pdf, 0, _PREVIEW_WIDTH_PX) if raster is not None else None
            if full is not None:
                png, is_masked = full, False
            continue
        return masked


async def fetch_file(journey: Journey, intent_id: str) -> tuple[bytes, bytes]:
    """The signed PDF and its masked picture."""
    pdf = await journey.terminal.link.certificate_file(intent_id)
    if isinstance(pdf, Refusal | Unreachable):
        raise await end_with_fault(journey, pdf)
    masked = await journey.terminal.link.certificate_preview(intent_id)
    if isinstance(masked, Refusal | Unreachable):
        raise await end_with_fault(journey, masked)
    return pdf, masked


def _working(journey: Journey, question: Text) -> Working:
    return Working(
        question=question,
        speech=question,
        trail=journey.trail(4),
        milestones=(
            Milestone(texts.DONE_VERIFIED, "done"),
            Milestone(texts.DOING_ISSUE, "now"),
            Milestone(texts.TAKE_CERTIFICATE, "todo"),
        ),
    )


async def _refused(journey: Journey, fault: Fault) -> JourneyOver:
    if isinstance(fault, Refusal) and fault.code in counter_texts.REFUSED:
        return await end_with(journey, *counter_texts.REFUSED[fault.code])
    return await end_with_fault(journey, fault)
