"""A2: the card is read and its holder proven, by face or, beside it, without a face (SMS code and PIN)."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from zoneinfo import ZoneInfo

import structlog

from backend.contract.kiosk_api import IdentityAssertion, IdentityProof, ProblemCode, SmsAnswer, SmsRequest
from content.codes import resident_number
from content.schema.text import Text
from drivers.cabinet.port import Light
from drivers.id_reader.port import CardKind, IdCard, ReadFault
from kiosk.identity.face.port import FaceOutcome, FaceReason, FaceResult
from kiosk.journeys import texts
from kiosk.journeys.context import Journey
from kiosk.journeys.steps import Move
from kiosk.journeys.steps.messages import end_with, end_with_fault, tell
from kiosk.journeys.waiting import first_of
from kiosk.link.client import Fault, Refusal, Unreachable
from kiosk.screens import (
    RESEND,
    Choice,
    Choose,
    FaceAnswer,
    FaceCheck,
    FaceCue,
    IdentityWay,
    Keypad,
    Nav,
    PlaceCard,
    Tone,
)

log = structlog.get_logger()
_ADULT_ALONE = 16  # under this age a guardian must be there (domain rule of the certificate services)
_CARD_HINTS = {
    ReadFault.CARD_REMOVED: texts.CARD_REMOVED,
    ReadFault.UNREADABLE: texts.CARD_UNREADABLE,
    ReadFault.EXPIRED: texts.CARD_EXPIRED,
    ReadFault.UNSUPPORTED: texts.CARD_UNSUPPORTED,
    ReadFault.READER_LOST: texts.CARD_READER_LOST,
}


async def read_card(journey: Journey) -> Move:
    """Until a good card is read or the resident goes back. Faults say what to do and stay on the screen."""
    reader = journey.terminal.devices.id_reader
    if reader is None:
        raise await end_with(journey, texts.UNAVAILABLE, texts.NO_ID_READER)
    hint: Text | None = None
    while True:
        screen = PlaceCard(
            question=texts.PLACE_CARD, speech=hint or texts.PLACE_CARD_SPEECH, trail=journey.trail(2), hint=hint
        )
        asking = journey.stage.ask(screen)
        reading = replace(screen, question=texts.CARD_READING, speech=texts.CARD_READING, hint=None, reading=True)
        # Once there is advice on the screen it stays: a worn card left lying is read again and again.
        show_reading = partial(journey.stage.show, reading) if hint is None else None
        with journey.lights.guiding(Light.ID_READER):
            answer = await first_of(asking, reader.read_card(journey.settings.card_timeout_s, show_reading))
        if isinstance(answer, Nav) or answer is None:
            return Move.BACK
        if isinstance(answer, ReadFault):
            log.info("card_not_read", fault=answer.value)
            hint = _CARD_HINTS.get(answer, hint)
            if answer is ReadFault.READER_LOST:
                await asyncio.sleep(1.0)
            continue
        journey.session.card = answer  # a refused one too: its holder is reminded of it at the end
        problem = _refuse_card(answer)
        if problem is not None:
            raise await end_with(journey, texts.UNAVAILABLE, problem)
        log.info("card_read", kind=answer.kind.value, session=journey.session.id)
        return Move.ON


def _refuse_card(card: IdCard) -> Text | None:
    """What the chip says must make sense before anyone is asked about it."""
    # The 15-character number of 2017 has no published check.
    if card.kind is not CardKind.FOREIGNER_2017 and not resident_number.check_resident_number(card.number).valid:
        return texts.CARD_NUMBER_WRONG
    today = datetime.now(UTC).astimezone(ZoneInfo("Asia/Shanghai")).date()
    age = today.year - card.birth.year - ((today.month, today.day) < (card.birth.month, card.birth.day))
    return texts.TOO_YOUNG if age < _ADULT_ALONE else None


async def prove_holder(journey: Journey) -> Move:
    """Two equal ways; after two refusals by face only the others are offered, never "try until it passes"."""
    while True:
        way = await _choose_way(journey)
        if isinstance(way, Nav):
            return Move.BACK
        if way is IdentityWay.FACE:
            result = await _by_face(journey)
            if result is FaceAnswer.OTHER_WAY:
                way = IdentityWay.SMS_PIN
            elif isinstance(result, Nav):
                continue
            elif result.outcome is FaceOutcome.MATCH:
                journey.session.proof = await _assert_face(journey, result)
                return Move.ON
            else:
                if _was_compared(result):
                    journey.session.face_refusals += 1
                if await _after_face_fault(journey, result):
                    continue
                way = IdentityWay.SMS_PIN
        proof = await _by_sms(journey)
        if proof is not None:
            journey.session.proof = proof
            return Move.ON


async def _choose_way(journey: Journey) -> IdentityWay | Nav:
    face = journey.terminal.face
    reason: Text | None = None
    if journey.session.face_refusals >= journey.settings.face_attempts:
        reason = texts.FACE_USED_UP
    elif face is None or not _card(journey).photo or not await face.camera_ready():
        reason = texts.FACE_NOT_HERE
    answer = await journey.stage.ask(
        Choose(
            question=texts.CHOOSE_WAY,
            speech=Text(
                f"{texts.CHOOSE_WAY.zh}{texts.CHOOSE_WAY_NOTE.zh}", f"{texts.CHOOSE_WAY.en} {texts.CHOOSE_WAY_NOTE.en}"
            ),
            trail=journey.trail(2),
            choices=(
                Choice(IdentityWay.FACE, texts.WAY_FACE, texts.WAY_FACE_HINT, "scan-face", reason),
                Choice(IdentityWay.SMS_PIN, texts.WAY_SMS, texts.WAY_SMS_HINT, "message-square-text"),
            ),
            note=texts.CHOOSE_WAY_NOTE,
        )
    )
    return answer if isinstance(answer, Nav) else IdentityWay(answer)


def _card(journey: Journey) -> IdCard:
    if journey.session.card is None:
        raise RuntimeError("no card in this session")
    return journey.session.card


# --- by face --------------------------------------------------------------------------------------------------------


async def _by_face(journey: Journey) -> FaceResult | FaceAnswer | Nav:
    face = journey.terminal.face
    if face is None:
        return FaceResult(FaceOutcome.ERROR, FaceReason.CAMERA_UNPLUGGED)
    done: list[FaceCue] = []

    def screen(cue: FaceCue) -> FaceCheck:
        text = texts.FACE_CUES[cue.value]
        return FaceCheck(
            question=text,
            speech=text,
            trail=journey.trail(2),
            cue=cue,
            done=tuple(done),
            preview=face.preview,
            idle_s=None,  # the check has its own limit
        )

    def on_cue(cue: FaceCue) -> None:
        journey.stage.show(screen(cue))
        if cue in (FaceCue.HOLD_STILL, FaceCue.CHECKING) and cue not in done:
            done.append(cue)

    asking = journey.stage.ask(screen(FaceCue.LOOK))
    result = await first_of(asking, face.check(_card(journey).photo, on_cue, journey.settings.face_timeout_s))
    if isinstance(result, FaceResult):
        log.info("face_checked", outcome=result.outcome.value, reason=result.reason.value if result.reason else "")
    return result


async def _assert_face(journey: Journey, result: FaceResult) -> IdentityProof:
    card = _card(journey)
    answer = await journey.terminal.link.assert_identity(
        IdentityAssertion(
            name=card.name,
            number=card.number,
            card_valid_to=card.valid_to,
            score_band=result.band.value if result.band is not None else "match",
            algorithm=result.algorithm,
        )
    )
    if isinstance(answer, Refusal | Unreachable):
        raise await end_with_fault(journey, answer)
    return answer


def _was_compared(result: FaceResult) -> bool:
    """A face was seen and did not match clearly; too close to tell counts like a refusal, or trying until it
    passes would be possible."""
    return result.outcome in (FaceOutcome.NO_MATCH, FaceOutcome.INCONCLUSIVE) and result.reason is None


async def _after_face_fault(journey: Journey, result: FaceResult) -> bool:
    """Tell what went wrong. True: back to the choice of ways (or try again), False: straight to the other way."""
    again, other = Choice("again", texts.TRY_AGAIN), Choice("other", texts.USE_OTHER_WAY)
    if result.outcome is FaceOutcome.ERROR:
        title = texts.FACE_CAMERA_LOST if result.reason is FaceReason.CAMERA_UNPLUGGED else texts.FACE_OUT_OF_ORDER
        await tell(journey, Tone.PROBLEM, title, texts.FACE_OTHER_WAY_BODY, (other,))
        return False
    if _was_compared(result) and journey.session.face_refusals >= journey.settings.face_attempts:
        await tell(journey, Tone.PROBLEM, texts.FACE_NO_MATCH, texts.FACE_USED_UP, (other,))
        return False
    if _was_compared(result):
        title, body = texts.FACE_NO_MATCH, texts.FACE_NO_MATCH_BODY
    else:
        title, body = (
            texts.FACE_NOT_SEEN.get(result.reason or FaceReason.NOBODY, texts.FACE_NOBODY),
            texts.FACE_NOBODY_BODY,
        )
    return await tell(journey, Tone.PROBLEM, title, body, (other, again)) == "again"


# --- without a face -------------------------------------------------------------------------------------------------


async def _by_sms(journey: Journey) -> IdentityProof | None:
    """SMS code, then PIN. None: the resident went back to the choice of ways."""
    card = _card(journey)
    request = SmsRequest(name=card.name, number=card.number, card_valid_to=card.valid_to)
    challenge = await journey.terminal.link.request_sms(request)
    error: Text | None = None
    while True:
        if isinstance(challenge, Refusal | Unreachable):
            await _sms_refused(journey, challenge)
            return None
        code = await journey.stage.ask(
            Keypad(
                question=texts.SMS_CODE,
                speech=texts.SMS_CODE,
                trail=journey.trail(2),
                label=texts.SMS_LABEL,
                hint=texts.SMS_CODE_HINT.format(phone=challenge.phone_masked),
                min_length=6,
                max_length=6,
                group=3,
                error=error,
                resend=True,
            )
        )
        if isinstance(code, Nav):
            return None
        if code == RESEND:
            challenge, error = await journey.terminal.link.request_sms(request), None
            continue
        pin = await journey.stage.ask(
            Keypad(
                question=texts.PIN,
                speech=texts.PIN,
                trail=journey.trail(2),
                label=texts.PIN_LABEL,
                hint=texts.PIN_HINT,
                min_length=6,
                max_length=6,
                group=6,
                secret=True,
            )
        )
        if isinstance(pin, Nav):
            error = None
            continue
        answer = await journey.terminal.link.answer_sms(challenge.challenge_id, SmsAnswer(code=code, pin=pin))
        if isinstance(answer, IdentityProof):
            return answer
        log.info("sms_refused", fault=answer.code if isinstance(answer, Refusal) else "unreachable")
        if isinstance(answer, Refusal) and answer.code == ProblemCode.WRONG_CODE:
            error = texts.SMS_WRONG
            continue
        await _sms_refused(journey, answer)
        return None


async def _sms_refused(journey: Journey, fault: Fault) -> None:
    other = (Choice("other", texts.USE_OTHER_WAY),)
    if isinstance(fault, Refusal) and fault.code == ProblemCode.NO_PHONE:
        await tell(journey, Tone.PROBLEM, texts.SMS_NO_PHONE, texts.SMS_NO_PHONE_BODY, other)
        return
    if isinstance(fault, Refusal) and fault.code == ProblemCode.TOO_MANY_TRIES:
        await tell(journey, Tone.PROBLEM, texts.SMS_TOO_MANY, texts.SMS_TOO_MANY_BODY, other)
        return
    raise await end_with_fault(journey, fault)
