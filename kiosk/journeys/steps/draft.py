"""存下来下次办: what was filled in so far, under a code on paper, to go on with at any terminal."""

from __future__ import annotations

import structlog

from backend.contract.kiosk_api import ProblemCode
from backend.contract.service_api import Draft, DraftSaved, DraftToOpen, DraftToSave, ServiceProblem
from content.schema.service import Kind
from content.schema.text import Text
from kiosk import form_rules
from kiosk.journal.slips import print_note
from kiosk.journeys import matter
from kiosk.journeys import service_texts as texts
from kiosk.journeys.context import Journey, JourneyOver
from kiosk.journeys.service_slips import draft_slip, minute
from kiosk.journeys.steps import Move
from kiosk.journeys.steps.messages import end_with_fault, tell
from kiosk.journeys.steps.prove_again import prove_again
from kiosk.link.client import Fault, Refusal
from kiosk.screens import Choice, Choose, Entry, Keypad, Nav, Tone, Working

log = structlog.get_logger()
PARTS = "parts"  # in `Session.resumed`


def can_save(journey: Journey) -> bool:
    """A draft belongs to whoever was proven, and opens to nobody else."""
    applied = journey.service.journey in (Kind.APPLICATION, Kind.PACKAGE)
    return applied and journey.session.proof is not None and bool(journey.service.form or journey.service.package)


async def save_and_leave(journey: Journey, step: int) -> None:
    """Ends the journey once it is saved. Returns when it could not be and the resident would rather go on."""
    while True:
        journey.stage.show(Working(question=texts.SAVING, speech=texts.SAVING, trail=journey.trail(step)))
        answer = await _save(journey)
        if isinstance(answer, DraftSaved):
            break
        if isinstance(answer, Refusal) and answer.code == ProblemCode.PROOF_EXPIRED:
            if await prove_again(journey) is Move.BACK:
                return
            continue
        log.warning("draft_not_saved", code=answer.code if isinstance(answer, Refusal) else "unreachable")
        buttons = (Choice("back", texts.GO_ON_FILLING), Choice("again", texts.TRY_AGAIN))
        if await tell(journey, Tone.PROBLEM, texts.NOT_SAVED, texts.NOT_SAVED_BODY, buttons) != "again":
            return
    slip = draft_slip(journey.service, journey.settings, answer)
    terminal = journey.terminal
    printed = await print_note(terminal.journal, terminal.devices.receipt_printer, slip)
    entries = (
        Entry(texts.DRAFT_CODE, Text.same(grouped(answer.code))),
        Entry(texts.DRAFT_UNTIL, Text.same(minute(answer.expires_at))),
    )
    body = texts.SAVED_BODY if printed else texts.SAVED_WRITE_DOWN
    await tell(journey, Tone.GOOD, texts.SAVED, body, entries=entries)
    raise JourneyOver("saved")


async def _save(journey: Journey) -> DraftSaved | Fault:
    session = journey.session
    if session.proof is None:
        raise RuntimeError("identity not proven in this session")
    return await journey.terminal.link.save_draft(
        DraftToSave(
            service_id=journey.service.id,
            service_version=journey.service.version,
            proof_id=session.proof.proof_id,
            situation=matter.situation(journey),
            form=matter.form(journey),
            parts=session.parts or [],
            code=session.draft_code,
            principal_number=_principal(journey),
        )
    )


async def offer_draft(journey: Journey, step: int) -> Move:
    """ "接着上次办": asked once the resident is known, before the questions."""
    if not can_save(journey):
        return Move.SKIP
    while True:
        answer = await journey.stage.ask(
            Choose(
                question=texts.START_HOW,
                speech=texts.START_HOW,
                trail=journey.trail(step),
                choices=(
                    Choice("new", texts.START_NEW),
                    Choice("resume", texts.START_RESUME, texts.START_RESUME_HINT),
                ),
            )
        )
        if isinstance(answer, Nav):
            return Move.BACK
        if answer != "resume":
            _forget(journey)
            return Move.ON
        draft = await _open(journey, step)
        if draft is not None:
            await _restore(journey, draft)
            return Move.ON


def _forget(journey: Journey) -> None:
    """New after all: nothing of a draft that was opened before stays."""
    if journey.session.draft_code is not None:
        journey.session.forget_matter()


async def _open(journey: Journey, step: int) -> Draft | None:
    """None: gone back to the choice."""
    error: Text | None = None
    typed = ""
    while True:
        code = await journey.stage.ask(
            Keypad(
                question=texts.TYPE_CODE,
                speech=error or texts.TYPE_CODE,
                trail=journey.trail(step),
                label=texts.DRAFT_CODE,
                hint=texts.TYPE_CODE_HINT,
                min_length=10,
                max_length=10,
                group=5,
                error=error,
                value=typed,
            )
        )
        if isinstance(code, Nav):
            return None
        typed = code
        answer = await _ask_for(journey, code)
        if isinstance(answer, Draft):
            if answer.service_id == journey.service.id:
                journey.session.draft_code = code
                return answer
            error = texts.CODE_OF_ANOTHER
        elif isinstance(answer, Refusal) and answer.code in (ServiceProblem.DRAFT_UNKNOWN, "invalid"):
            error = texts.CODE_UNKNOWN
        elif isinstance(answer, Refusal) and answer.code == ServiceProblem.DRAFT_FOR_OTHER:
            error = texts.CODE_FOR_ANOTHER if answer.detail == "another" else texts.CODE_FOR_SELF
        elif isinstance(answer, Refusal) and answer.code == ServiceProblem.DRAFT_OUTDATED:
            back = (Choice("ok", texts.START_NEW),)
            await tell(journey, Tone.INFO, texts.DRAFT_TOO_OLD, texts.DRAFT_TOO_OLD_BODY, back)
            return None
        elif isinstance(answer, Refusal) and answer.code == ProblemCode.PROOF_EXPIRED:
            if await prove_again(journey) is Move.BACK:
                return None
        else:
            raise await end_with_fault(journey, answer)


async def _ask_for(journey: Journey, code: str) -> Draft | Fault:
    if journey.session.proof is None:
        raise RuntimeError("identity not proven in this session")
    return await journey.terminal.link.open_draft(
        DraftToOpen(code=code, proof_id=journey.session.proof.proof_id, principal_number=_principal(journey))
    )


def _principal(journey: Journey) -> str:
    principal = journey.session.principal
    return principal.principal_number if principal is not None else ""


async def _restore(journey: Journey, draft: Draft) -> None:
    """What still fits the service as it is now; what does not is left out, and said so. What was begun before it was
    opened is not mixed with it."""
    session, service = journey.session, journey.service
    code = session.draft_code
    session.forget_matter()
    session.draft_code = code
    session.situation = {
        each.name: draft.situation[each.name]
        for each in service.situations
        if draft.situation.get(each.name) in {option.value for option in each.options if option.stop is None}
    }
    offered = {part.id for part in matter.parts(journey)}
    session.parts = [part for part in draft.parts if part in offered] or None
    session.form = dict(draft.form)
    fitting = {
        field.name: draft.form[field.name]
        for field in matter.fields(journey)
        if draft.form.get(field.name) and form_rules.wrong(field, draft.form[field.name]) is None
    }
    dropped = (
        draft.dropped
        + len(draft.form.keys() - fitting.keys())
        + len(draft.situation.keys() - session.situation.keys())
        + len(set(draft.parts) - offered)
    )
    session.form = fitting
    session.resumed = set(session.situation) | ({PARTS} if session.parts else set())
    if dropped or draft.service_version != service.version:
        body = texts.DROPPED.format(n=dropped) if dropped else texts.NOTHING_DROPPED
        await tell(journey, Tone.INFO, texts.SERVICE_CHANGED, body, (Choice("ok", texts.OK),))


def grouped(code: str) -> str:
    return f"{code[:5]} {code[5:]}"
