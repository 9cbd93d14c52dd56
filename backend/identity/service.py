"""Proving who somebody is: assertions of a face match on the kiosk, and SMS code + PIN for those without a face."""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any, Protocol
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from backend.contract.kiosk_api import (
    IdentityAssertion,
    IdentityMethod,
    IdentityProof,
    ProblemCode,
    SmsAnswer,
    SmsChallenge,
    SmsRequest,
)
from backend.db.engine import Sessions, writing
from backend.identity.crypto import Vault
from backend.identity.models import Challenge, Proof
from backend.problems import Refused
from content.codes.masking import mask_phone
from content.codes.resident_number import check_resident_number

log = structlog.get_logger()

PROOF_LIFE = timedelta(minutes=15)
ISSUES_PER_PROOF = 5  # a jam issues anew under the same proof, but not without end
CODE_LIFE = timedelta(minutes=5)
CODE_TRIES = 3
RATE_WINDOW = timedelta(minutes=15)
CODES_PER_PERSON = 5  # in a window
CODES_PER_KIOSK = 30  # in a window

_SHANGHAI = ZoneInfo("Asia/Shanghai")


class Exchange(Protocol):
    async def call(self, operation: str, params: dict[str, Any]) -> dict[str, Any]: ...


@dataclass(frozen=True)
class Person:
    """A proven holder. Not shown in reprs."""

    name: str = field(repr=False)
    number: str = field(repr=False)
    person_hash: str
    method: str


class IdentityService:
    def __init__(self, sessions: Sessions, exchange: Exchange, vault: Vault) -> None:
        self._sessions = sessions
        self._exchange = exchange
        self._vault = vault

    async def assert_face(self, kiosk_id: str, assertion: IdentityAssertion) -> IdentityProof:
        """The kiosk matched the holder locally. Refused: id-invalid, card-expired."""
        number = _checked(assertion.number, assertion.card_valid_to)
        async with writing(self._sessions) as session:
            await purge(session)
            proof = self._new_proof(kiosk_id, IdentityMethod.FACE, assertion.name, number)
            proof.score_band, proof.algorithm = assertion.score_band, assertion.algorithm
            session.add(proof)
            await session.commit()
        log.info("identity_proven", method="face", kiosk=kiosk_id, person=proof.person_hash[:16])
        return _wire(proof)

    async def request_code(self, kiosk_id: str, request: SmsRequest) -> SmsChallenge:
        """Send a code to the phone the population registry knows.

        Refused: id-invalid, card-expired, no-record, no-phone, too-many-tries (rate), department-down.
        """
        number = _checked(request.number, request.card_valid_to)
        person_hash = self._vault.person_hash(number)
        challenge_id = secrets.token_urlsafe(18)
        now = datetime.now(UTC)
        async with writing(self._sessions) as session:
            await purge(session)
            await self._limit_rate(session, kiosk_id, person_hash, now)
            # Written before anybody is asked, so that refused attempts count as well.
            session.add(
                Challenge(
                    id=challenge_id,
                    kiosk_id=kiosk_id,
                    person_hash=person_hash,
                    tries_left=CODE_TRIES,
                    open=False,
                    created_at=now,
                    expires_at=now + CODE_LIFE,
                )
            )
            await session.commit()

        phone = await self._phone_of(request.name, number)
        code = f"{secrets.randbelow(10**6):06d}"
        text = f"【门口自助终端】验证码 {code}，5 分钟内有效，用于确认您本人正在办事。请勿告诉他人。"
        answer = await self._exchange.call("sms.send", {"phone": phone, "text": text})
        if answer["result"] != "ok":
            raise Refused(ProblemCode.DEPARTMENT_DOWN, "sms.send")

        expires_at = datetime.now(UTC) + CODE_LIFE
        async with writing(self._sessions) as session:
            challenge = await session.get_one(Challenge, challenge_id)
            challenge.name, challenge.number = request.name, number
            challenge.code_mac = self._code_mac(challenge_id, code)
            challenge.expires_at = expires_at
            challenge.open = True
            await session.commit()
        log.info("sms_code_sent", kiosk=kiosk_id, person=person_hash[:16])
        return SmsChallenge(challenge_id=challenge_id, phone_masked=mask_phone(phone), expires_at=expires_at)

    async def verify_code(self, kiosk_id: str, challenge_id: str, answer: SmsAnswer) -> IdentityProof:
        """The code first, then the PIN at the registry; which of the two was wrong is not told.

        Refused: not-found, proof-expired, wrong-code, too-many-tries, department-down.
        """
        challenge = await self._take_try(kiosk_id, challenge_id)
        last = challenge.tries_left == 0
        right = hmac.compare_digest(challenge.code_mac or b"", self._code_mac(challenge_id, answer.code))
        if right:
            try:
                right, locked = await self._ask_pin(challenge, answer.pin)
            except Refused:
                await self._give_back_try(challenge_id)  # the code was right: nothing was guessed
                raise
            last = last or locked
        if not right:
            log.info("sms_code_refused", kiosk=kiosk_id, person=challenge.person_hash[:16], last=last)
            if last:
                await self._close(challenge_id)
                raise Refused(ProblemCode.TOO_MANY_TRIES)
            raise Refused(ProblemCode.WRONG_CODE)

        async with writing(self._sessions) as session:
            closed = await session.execute(_closing(Challenge.id == challenge_id).where(Challenge.open))
            if closed.rowcount != 1:  # type: ignore[attr-defined]  # answered twice at the same time
                raise Refused(ProblemCode.PROOF_EXPIRED)
            proof = self._new_proof(kiosk_id, IdentityMethod.SMS_PIN, challenge.name or "", challenge.number or "")
            session.add(proof)
            await session.commit()
        log.info("identity_proven", method="sms-pin", kiosk=kiosk_id, person=proof.person_hash[:16])
        return _wire(proof)

    async def _ask_pin(self, challenge: Challenge, pin: str) -> tuple[bool, bool]:
        """Whether the PIN is right, and whether the registry takes no more tries. Refused(DEPARTMENT_DOWN)."""
        answer = await self._exchange.call(
            "pin.verify", {"name": challenge.name, "number": challenge.number, "pin": pin}
        )
        if answer["result"] == "no-record":
            return False, False
        if answer["result"] != "ok" or not isinstance(answer.get("ok"), bool):
            raise Refused(ProblemCode.DEPARTMENT_DOWN, "pin.verify")
        return answer["ok"], answer.get("tries_left") == 0

    def _new_proof(self, kiosk_id: str, method: IdentityMethod, name: str, number: str) -> Proof:
        now = datetime.now(UTC)
        return Proof(
            id=secrets.token_urlsafe(18),
            kiosk_id=kiosk_id,
            method=method.value,
            person_hash=self._vault.person_hash(number),
            name=name,
            number=number,
            issues_left=ISSUES_PER_PROOF,
            created_at=now,
            expires_at=now + PROOF_LIFE,
        )

    async def _limit_rate(self, session: AsyncSession, kiosk_id: str, person_hash: str, now: datetime) -> None:
        recent = select(func.count()).select_from(Challenge).where(Challenge.created_at > now - RATE_WINDOW)
        by_person = await session.scalar(recent.where(Challenge.person_hash == person_hash)) or 0
        by_kiosk = await session.scalar(recent.where(Challenge.kiosk_id == kiosk_id)) or 0
        if by_person >= CODES_PER_PERSON or by_kiosk >= CODES_PER_KIOSK:
            log.warning("sms_rate_limited", kiosk=kiosk_id, person=person_hash[:16])
            raise Refused(ProblemCode.TOO_MANY_TRIES, "rate")

    async def _phone_of(self, name: str, number: str) -> str:
        answer = await self._exchange.call("population.phone", {"name": name, "number": number})
        if answer["result"] == "no-record":
            raise Refused(ProblemCode.NO_RECORD)
        if answer["result"] == "no-phone":
            raise Refused(ProblemCode.NO_PHONE)
        phone = answer.get("phone")
        if answer["result"] != "ok" or not isinstance(phone, str) or not phone:
            raise Refused(ProblemCode.DEPARTMENT_DOWN, "population.phone")
        return phone

    async def _take_try(self, kiosk_id: str, challenge_id: str) -> Challenge:
        """Count the try before it is judged, so that parallel guesses cannot share one."""
        async with writing(self._sessions) as session:
            challenge = await session.get(Challenge, challenge_id)
            if challenge is None or challenge.kiosk_id != kiosk_id:
                raise Refused(ProblemCode.NOT_FOUND)
            if challenge.tries_left <= 0:
                raise Refused(ProblemCode.TOO_MANY_TRIES)
            if not challenge.open or challenge.expires_at <= datetime.now(UTC):
                await session.execute(_closing(Challenge.id == challenge_id))
                await session.commit()
                raise Refused(ProblemCode.PROOF_EXPIRED)
            challenge.tries_left -= 1
            await session.commit()
            return challenge

    async def _give_back_try(self, challenge_id: str) -> None:
        async with writing(self._sessions) as session:
            await session.execute(
                update(Challenge).where(Challenge.id == challenge_id).values(tries_left=Challenge.tries_left + 1)
            )
            await session.commit()

    async def _close(self, challenge_id: str) -> None:
        async with writing(self._sessions) as session:
            await session.execute(_closing(Challenge.id == challenge_id).values(tries_left=0))
            await session.commit()

    def _code_mac(self, challenge_id: str, code: str) -> bytes:
        return self._vault.mac("sms-code", challenge_id, code)


async def person_of(session: AsyncSession, kiosk_id: str, proof_id: str) -> Person:
    """The holder behind a living proof of this kiosk; Refused(PROOF_EXPIRED) otherwise."""
    proof = await session.get(Proof, proof_id)
    if proof is None or proof.kiosk_id != kiosk_id or proof.expires_at <= datetime.now(UTC) or proof.issues_left <= 0:
        raise Refused(ProblemCode.PROOF_EXPIRED)
    return Person(proof.name, proof.number, proof.person_hash, proof.method)


async def spend(session: AsyncSession, proof_id: str) -> None:
    """Count one issue; a proof used up is deleted. The caller commits.

    Refused: proof-expired, when others have used it up or its time has run out since `person_of`.
    """
    living = (Proof.id == proof_id, Proof.issues_left > 0, Proof.expires_at > datetime.now(UTC))
    spent = await session.execute(update(Proof).where(*living).values(issues_left=Proof.issues_left - 1))
    if spent.rowcount != 1:  # type: ignore[attr-defined]
        raise Refused(ProblemCode.PROOF_EXPIRED)
    await session.execute(delete(Proof).where(Proof.id == proof_id, Proof.issues_left <= 0))


async def purge(session: AsyncSession) -> None:
    """Remove expired proofs, the personal columns of ended challenges, and old challenges. The caller commits."""
    now = datetime.now(UTC)
    await session.execute(delete(Proof).where(Proof.expires_at <= now))
    await session.execute(delete(Challenge).where(Challenge.created_at <= now - RATE_WINDOW - CODE_LIFE))
    # Not those without tries: the last one may still be waiting for the registry. A wrong one closes by itself.
    await session.execute(_closing(Challenge.open, Challenge.expires_at <= now))


def _closing(*which: Any) -> Any:
    return update(Challenge).where(*which).values(open=False, name=None, number=None, code_mac=None)


def _checked(raw: str, valid_to: date | None) -> str:
    result = check_resident_number(raw)
    if result.fault is not None:
        raise Refused(ProblemCode.ID_INVALID, result.fault.value)
    if valid_to is not None and valid_to < datetime.now(_SHANGHAI).date():
        raise Refused(ProblemCode.CARD_EXPIRED)
    return result.number


def _wire(proof: Proof) -> IdentityProof:
    return IdentityProof(proof_id=proof.id, method=IdentityMethod(proof.method), expires_at=proof.expires_at)
