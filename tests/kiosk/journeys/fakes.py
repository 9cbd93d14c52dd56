"""A whole world in memory for the journeys: a scripted resident, a backend, printers, each with durable state that
outlives a killed kiosk. `Points` kills the kiosk before or after any effect."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

from backend.contract.kiosk_api import (
    Bill,
    BillQuery,
    CertificateState,
    DeliveryOutcome,
    DeliveryReport,
    FieldEntry,
    Hello,
    IdentityAssertion,
    IdentityMethod,
    IdentityProof,
    IssuedCertificate,
    IssueRequest,
    Payment,
    PaymentRequest,
    PaymentState,
    Rating,
    ReceiptReport,
    ReviewReply,
    ReviewRequest,
    SmsAnswer,
    SmsChallenge,
    SmsRequest,
)
from drivers.document_printer.port import JobProgress, JobState, PrintJob, SubmitFault
from drivers.id_reader.port import CardKind, IdCard, ReadFault
from drivers.receipt_printer.port import Line, Receipt, ReceiptOutcome
from drivers.status import DeviceState, DeviceStatus, SupplyState
from kiosk.link.client import Refusal, Unreachable
from kiosk.link.line import Reachability
from kiosk.screens import Nav, Screen

READY = DeviceStatus(DeviceState.ONLINE, {"paper": SupplyState.FULL})


class Killed(BaseException):
    """The plug was pulled."""


@dataclass
class Points:
    """Counts the moments at which the kiosk can die; dies at number `kill_at`."""

    kill_at: int | None = None
    count: int = 0
    trail: list[str] = field(default_factory=list)

    def __call__(self, name: str) -> None:
        self.count += 1
        self.trail.append(name)
        if self.count == self.kill_at:
            raise Killed(name)


class ScriptedStage:
    """Answers each screen by its kind. A script entry is a value, or a callable that gets the screen."""

    def __init__(self, answers: dict[str, Any]) -> None:
        self.answers = {kind: list(v) if isinstance(v, list) else v for kind, v in answers.items()}
        self.seen: list[Screen[Any]] = []
        self.touched = time.monotonic()

    async def ask(self, screen: Screen[Any]) -> Any:
        self.seen.append(screen)
        kind = type(screen).__name__
        if kind not in self.answers:
            raise AssertionError(f"nobody expected {kind}: {screen.question.zh}")
        answer = self.answers[kind]
        if isinstance(answer, list):
            answer = answer.pop(0) if len(answer) > 1 else answer[0]
        if callable(answer):
            answer = answer(screen)
        if isinstance(answer, Wait):
            await asyncio.sleep(3600 if answer.seconds is None else answer.seconds)
            return answer.then
        await asyncio.sleep(0)
        return answer

    def show(self, screen: Screen[Any]) -> None:
        self.seen.append(screen)

    async def ask_over(self, screen: Screen[Any]) -> Any:
        return await self.ask(screen)

    def last_touch(self) -> float:
        return self.touched

    def patience(self) -> float:
        return 1.0

    def reset(self) -> None:
        self.seen.append(None)  # type: ignore[arg-type]

    def kinds(self) -> list[str]:
        return [type(screen).__name__ for screen in self.seen]


@dataclass(frozen=True)
class Wait:
    """The resident does nothing for this long (None: ever), then answers."""

    seconds: float | None = None
    then: Any = Nav.BACK


class FakeReader:
    def __init__(self, card: IdCard | None = None, faults: Sequence[ReadFault] = ()) -> None:
        self.card = card or demo_card()
        self.faults = list(faults)
        self.status = READY

    async def open(self) -> None: ...
    async def close(self) -> None: ...

    async def read_card(self, timeout_s: float, on_found: Callable[[], None] | None = None) -> IdCard | ReadFault:
        await asyncio.sleep(0.001)
        if on_found is not None:
            on_found()
        return self.faults.pop(0) if self.faults else self.card


def demo_card() -> IdCard:
    return IdCard(
        kind=CardKind.RESIDENT,
        name="李样本",
        sex="2",
        nation="01",
        birth=date(1990, 1, 1),
        address="示范街道 1 号",
        number="519999199001010025",
        issuer="示范公安局",
        valid_from=date(2020, 1, 1),
        valid_to=None,
        photo=b"\0" * 1024,
    )


@dataclass
class World:
    """What is true outside the kiosk, whatever happens to it."""

    certificates: dict[str, CertificateState] = field(default_factory=dict)
    payments: dict[str, PaymentState] = field(default_factory=dict)
    charged: dict[str, int] = field(default_factory=dict)  # times the payer's money moved, by intent
    sheets: list[str] = field(default_factory=list)  # job names of printed A4 jobs
    jobs: dict[str, JobState] = field(default_factory=dict)
    slips: list[Receipt] = field(default_factory=list)
    ratings: set[str] = field(default_factory=set)
    payer: str = "pays"  # pays | refuses | pays-at-the-last-moment
    backend: str = "up"  # up | gone
    refusals: dict[str, str] = field(default_factory=dict)  # call name → problem code
    has_cut_counter: bool = True
    slip_ready: bool = True
    slip_ends: str = "well"  # well | dry: the roll ends with the slip | half: it ends within the slip
    books: bool = True  # the company books what is paid


class FakeLink:
    def __init__(self, world: World, points: Points) -> None:
        self.world, self.points, self.reachable = world, points, True
        self.way = Reachability()
        self.hellos = 0

    def _gate(self, name: str) -> Refusal | Unreachable | None:
        if self.world.backend == "gone":
            return Unreachable("test")
        if name in self.world.refusals:
            return Refusal(self.world.refusals[name])
        return None

    async def _effect(self, name: str, effect: Callable[[], Any]) -> Any:
        await asyncio.sleep(0)
        fault = self._gate(name)
        if fault is not None:
            return fault
        self.points(f"before {name}")
        result = effect()
        self.points(f"after {name}")
        return result

    async def close(self) -> None: ...

    async def rest(self) -> None: ...

    async def hello(self) -> Any:
        self.hellos += 1
        gate = self._gate("hello")
        return gate or Hello(kiosk_id="k", site="s", now=datetime.now(UTC), content_version="1")

    def _proof(self) -> IdentityProof:
        return IdentityProof(
            proof_id="proof-1", method=IdentityMethod.FACE, expires_at=datetime.now(UTC) + timedelta(minutes=15)
        )

    async def assert_identity(self, assertion: IdentityAssertion) -> Any:
        return await self._effect("assert", self._proof)

    async def request_sms(self, request: SmsRequest) -> Any:
        return await self._effect(
            "sms",
            lambda: SmsChallenge(
                challenge_id="c1", phone_masked="138****0025", expires_at=datetime.now(UTC) + timedelta(minutes=5)
            ),
        )

    async def answer_sms(self, challenge_id: str, answer: SmsAnswer) -> Any:
        if answer.code != "123456":
            return Refusal("wrong-code")
        return await self._effect("verify", self._proof)

    async def review(self, request: ReviewRequest) -> Any:
        entry = FieldEntry(label_zh="姓名", label_en="Name", value_zh="李*本", value_en="李*本")
        return await self._effect("review", lambda: ReviewReply(entries=[entry]))

    def _certificate(self, intent_id: str) -> IssuedCertificate | Refusal:
        if intent_id not in self.world.certificates:
            return Refusal("not-found")
        return IssuedCertificate(
            intent_id=intent_id,
            certificate_id="1.2.156.3005.2.11519999000000019R001.11519999000000019R.2026000000001.001.0",
            verification_code="ABCD-EFGH-JKLM-NPQR",
            verification_url="http://verify.example.invalid/v?i=1",
            title_zh="证明",
            title_en="Proof",
            state=self.world.certificates[intent_id],
            pages=1,
            sha256="0" * 64,
            issued_at=datetime.now(UTC),
        )

    async def issue(self, request: IssueRequest) -> Any:
        def effect() -> Any:
            self.world.certificates.setdefault(request.intent_id, CertificateState.ISSUED)
            return self._certificate(request.intent_id)

        return await self._effect("issue", effect)

    async def certificate(self, intent_id: str) -> Any:
        return await self._effect("get certificate", lambda: self._certificate(intent_id))

    async def certificate_file(self, intent_id: str) -> Any:
        return await self._effect("file", lambda: b"%PDF-1.7 fake")

    async def certificate_preview(self, intent_id: str) -> Any:
        return await self._effect("preview", lambda: b"png")

    async def report_delivery(self, intent_id: str, report: DeliveryReport) -> Any:
        states = {
            DeliveryOutcome.PRINTED: CertificateState.DELIVERED,
            DeliveryOutcome.NOT_PRINTED: CertificateState.VOIDED,
            DeliveryOutcome.UNKNOWN: CertificateState.DELIVERY_UNKNOWN,
        }

        def effect() -> Any:
            if self.world.certificates.get(intent_id) is CertificateState.ISSUED:
                self.world.certificates[intent_id] = states[report.outcome]
            return self._certificate(intent_id)

        return await self._effect("delivery", effect)

    async def query_bill(self, query: BillQuery) -> Any:
        return await self._effect(
            "bill",
            lambda: Bill(
                bill_id="b1",
                account_masked="0350 **** 2718",
                customer_masked="林*文",
                period_zh="2026年10月",
                period_en="October 2026",
                usage_zh="14 吨",
                usage_en="14 t",
                amount_fen=4340,
            ),
        )

    def _payment(self, intent_id: str) -> Payment | Refusal:
        state = self.world.payments.get(intent_id)
        if state is None:
            return Refusal("not-found")
        return Payment(
            intent_id=intent_id,
            state=state,
            amount_fen=4340,
            channel="alipay_qr",
            out_trade_no="K20261122000100000001",
            trade_no="2026" if state is PaymentState.PAID else None,
            qr_code="https://qr.example.invalid/bax1",
            expires_at=datetime.now(UTC) + timedelta(seconds=self.expiry_s),
            paid_at=datetime.now(UTC) if state is PaymentState.PAID else None,
            posted=state in (PaymentState.PAID, PaymentState.DELIVERED) and self.world.books,
            receipt_no="R1",
            title_zh="水费",
            title_en="Water",
            account_masked="0350 **** 2718",
            customer_masked="林*文",
            period_zh="2026年10月",
            period_en="October 2026",
        )

    expiry_s = 60.0

    def _charge(self, intent_id: str) -> None:
        self.world.payments[intent_id] = PaymentState.PAID
        self.world.charged[intent_id] = self.world.charged.get(intent_id, 0) + 1

    async def pay(self, request: PaymentRequest) -> Any:
        def effect() -> Any:
            self.world.payments.setdefault(request.intent_id, PaymentState.PENDING)
            return self._payment(request.intent_id)

        return await self._effect("pay", effect)

    async def payment(self, intent_id: str) -> Any:
        def effect() -> Any:
            if self.world.payments.get(intent_id) is PaymentState.PENDING and self.world.payer == "pays":
                self._charge(intent_id)
            return self._payment(intent_id)

        return await self._effect("poll", effect)

    async def close_payment(self, intent_id: str) -> Any:
        def effect() -> Any:
            if self.world.payments.get(intent_id) is PaymentState.PENDING:
                if self.world.payer == "pays-at-the-last-moment":
                    self._charge(intent_id)
                else:
                    self.world.payments[intent_id] = PaymentState.CLOSED
            return self._payment(intent_id)

        return await self._effect("close", effect)

    async def report_receipt(self, intent_id: str, report: ReceiptReport) -> Any:
        def effect() -> Any:
            if self.world.payments.get(intent_id) is PaymentState.PAID:
                printed = report.outcome == "printed"
                self.world.payments[intent_id] = PaymentState.DELIVERED if printed else PaymentState.REFUNDED
            return self._payment(intent_id)

        return await self._effect("receipt", effect)

    def now(self) -> datetime:
        return datetime.now(UTC)

    async def rate(self, rating: Rating) -> Any:
        def effect() -> None:
            self.world.ratings.add(rating.rating_id)

        return await self._effect("rate", effect)


class FakeDocumentPrinter:
    def __init__(self, world: World, points: Points) -> None:
        self.world, self.points, self.status = world, points, READY
        self.script: list[JobProgress] = []

    async def open(self) -> None: ...
    async def close(self) -> None: ...

    async def refresh(self) -> DeviceStatus:
        return self.status

    async def submit(self, document: bytes, job_name: str, mime_type: str = "application/pdf") -> Any:
        await asyncio.sleep(0)
        if not self.status.ready:
            return SubmitFault.OFFLINE
        self.points("before submit")
        self.world.jobs[job_name] = JobState.PROCESSING
        self.points("after submit")
        return PrintJob(1, job_name)

    async def follow(self, job: PrintJob) -> AsyncIterator[JobProgress]:
        for progress in self.script:
            await asyncio.sleep(0.001)
            yield progress
            if progress.state is JobState.STOPPED and progress is self.script[-1]:
                await asyncio.sleep(3600)
        self.points("sheet half out")
        if self.world.jobs[job.job_name] is JobState.PROCESSING:
            self.world.jobs[job.job_name] = JobState.COMPLETED
            self.world.sheets.append(job.job_name)
        self.points("sheet out")
        yield JobProgress(JobState.COMPLETED, 1)

    async def find_job(self, job_name: str) -> Any:
        state = self.world.jobs.get(job_name)
        if state is None:
            return None
        return PrintJob(1, job_name), JobProgress(state, int(state is JobState.COMPLETED))

    async def cancel(self, job: PrintJob) -> JobProgress:
        self.world.jobs[job.job_name] = JobState.CANCELED
        return JobProgress(JobState.CANCELED, 0)


class FakeReceiptPrinter:
    def __init__(self, world: World, points: Points) -> None:
        self.world, self.points = world, points

    async def open(self) -> None: ...
    async def close(self) -> None: ...

    @property
    def status(self) -> DeviceStatus:
        return READY if self.world.slip_ready else DeviceStatus(DeviceState.USER_ERROR, {"paper": SupplyState.OUT})

    async def refresh(self) -> DeviceStatus:
        return self.status

    async def print_receipt(self, receipt: Receipt) -> ReceiptOutcome:
        await asyncio.sleep(0)
        if not self.world.slip_ready:
            return ReceiptOutcome.PAPER_OUT
        self.points("before slip")
        ends, self.world.slip_ends = self.world.slip_ends, "well"
        if ends != "half":
            self.world.slips.append(receipt)
        self.world.slip_ready = ends == "well"
        self.points("after slip")
        return ReceiptOutcome.PRINTED if ends == "well" else ReceiptOutcome.UNKNOWN

    async def cut_count(self) -> int | None:
        """A printer that has stopped does not answer it."""
        return len(self.world.slips) if self.world.has_cut_counter and self.world.slip_ready else None


def is_copy(receipt: Receipt) -> bool:
    return any(isinstance(part, Line) and "补打" in part.text for part in receipt.parts)
