"""The next step of a payment: ask the gateway, close, book at the department, give back.

Every step is: read under no lock, ask the other system, write what it said under the row's lock. Every question to
another system can be asked again without harm, so a process may die at any point and another one goes on.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from backend.contract.kiosk_api import PaymentState
from backend.db.engine import Sessions, writing
from backend.exchange.client import ExchangeClient
from backend.payments import state as states
from backend.payments.alipay_client import AlipayClient, Declined, Done, Unknown
from backend.payments.facts import Fact, FactKind
from backend.payments.leases import Leases
from backend.payments.models import PaymentRow
from backend.problems import Refused

log = structlog.get_logger()

BACK_OFF_S = (1, 2, 3, 5, 5, 5, 10, 20, 30, 60)
_POLL = timedelta(seconds=5)
_WATCH = timedelta(seconds=30)
_POSTING_DEADLINE = timedelta(minutes=10)
_CANCEL_TRIES = 3
_REFUND_TRIES = 4  # refused more often than this, a refund needs a person

# The department's documented noes to `post`. Any other word is no answer at all, and no reason to give money back.
_NOT_POSTABLE = ("not-found", "already-paid", "amount-changed", "reversed")

Change = Callable[[AsyncSession, PaymentRow], None]


class PaymentWorker:
    def __init__(
        self,
        sessions: Sessions,
        alipay: AlipayClient,
        exchange: ExchangeClient,
        expiry_s: int,
        clock: Callable[[], datetime] = states.utc_now,
    ) -> None:
        self.sessions = sessions
        self.alipay = alipay
        self.exchange = exchange
        self.expiry_s = expiry_s
        self.clock = clock
        self.leases = Leases(sessions, clock)

    async def advance(self, intent_id: str) -> bool:
        """Take this payment as far as it goes now. False if somebody else is at it."""
        token = await self.leases.take(intent_id)
        if token is None:
            return False
        try:
            await self.advance_leased(intent_id, token)
        finally:
            await self.leases.give_back(intent_id, token)
        return True

    async def advance_leased(self, intent_id: str, token: str) -> None:
        """`advance` for the holder of the lease; stops between two steps when the lease has been lost."""
        for _ in range(6):  # paid → booked, or paid → reversed → refunded: a few steps at most
            if not await self.leases.renew(intent_id, token):
                return
            row = await self.read(intent_id)
            step = self._step(row) if row is not None else None
            if row is None or step is None:
                return
            before = row.state, row.posting_at, row.posted_at, row.qr_code
            await step(row)
            after = await self.read(intent_id)
            if after is None or before == (after.state, after.posting_at, after.posted_at, after.qr_code):
                await self._later(intent_id)
                return
            if after.state in (PaymentState.PENDING, PaymentState.UNKNOWN, PaymentState.CLOSED):
                await self._later(intent_id)
                return

    async def read(self, intent_id: str) -> PaymentRow | None:
        async with self.sessions() as session:
            return await session.get(PaymentRow, intent_id)

    def _step(self, row: PaymentRow) -> Callable[[PaymentRow], Awaitable[None]] | None:
        now = self.clock()
        match PaymentState(row.state):
            case PaymentState.CREATED | PaymentState.UNKNOWN | PaymentState.PENDING:
                if row.close_asked_at is not None or now >= row.expires_at:
                    return self._give_up
                return self._obtain_code if row.qr_code is None else self._ask
            case PaymentState.PAID:
                return self._post if row.posted_at is None else None
            case PaymentState.REFUNDING:
                return self._refund
            case PaymentState.CLOSED:
                return self._watch
            case _:
                return None

    async def change(self, row: PaymentRow, change: Change) -> PaymentRow | None:
        """Apply `change` to the payment as it is now, under its lock; the payment as it is afterwards."""
        async with writing(self.sessions) as session:
            current = await states.locked(session, intent_id=row.intent_id)
            if current is not None:
                change(session, current)
                await session.commit()
        return current

    async def learn(self, row: PaymentRow, fact: Fact) -> None:
        await self.change(row, lambda session, now: _apply(session, now, fact, self.clock()))

    # --- before it is paid ---------------------------------------------------------------------------------------

    async def _obtain_code(self, row: PaymentRow) -> None:
        if row.state == PaymentState.UNKNOWN:
            fact = await self.alipay.query(row.out_trade_no)
            if fact is None:
                return
            if fact.kind in (FactKind.PAID, FactKind.CLOSED, FactKind.REFUNDED):
                await self.learn(row, fact)
                return
        minutes = max(1, -(-self.expiry_s // 60))
        outcome = await self.alipay.precreate(row.out_trade_no, row.amount_fen, row.title_zh, minutes)
        now = self.clock()
        match outcome:
            case Done(fields) if fields.get("qr_code"):
                await self.change(row, lambda _, current: states.offered(current, fields["qr_code"], now))
            case Unknown(sent=True) | Done():
                await self.change(row, lambda _, current: states.lost_sight(current, now))
            case Unknown() if row.state == PaymentState.UNKNOWN:
                pass  # an earlier request may have arrived: stay unknown
            case Unknown() | Declined():
                # Nothing was made, and nobody has ever seen a code of this order.
                await self.change(row, lambda _, current: _close_unseen(current, now))

    async def _ask(self, row: PaymentRow) -> None:
        fact = await self.alipay.query(row.out_trade_no)
        if fact is None:
            await self.change(row, lambda _, current: states.lost_sight(current, self.clock()))
        else:
            await self.learn(row, fact)

    async def _give_up(self, row: PaymentRow) -> None:
        """Ask, then close, then make sure. A paid order comes out of this as paid."""
        fact = await self.alipay.query(row.out_trade_no)
        if fact is not None and fact.kind is FactKind.WAITING:
            await self.alipay.close(row.out_trade_no)
            fact = await self.alipay.query(row.out_trade_no)
        if fact is None or fact.kind is FactKind.WAITING:
            if row.qr_code is None and fact is None:
                # Nobody has ever seen a code, so nobody can have paid.
                await self.change(row, lambda _, current: _close_unseen(current, self.clock()))
            else:
                await self.change(row, lambda _, current: states.lost_sight(current, self.clock()))
            return
        if fact.kind is not FactKind.NOT_EXIST:
            await self.learn(row, fact)
            return
        # Nobody has scanned the code. Our word comes first: whatever is paid from now on goes back, so that the
        # cancel, which refunds what was paid in the same moment, can never meet an order that we deliver.
        closed = await self.change(row, lambda _, current: states.close(current, self.clock()))
        if closed is not None and closed.state == PaymentState.CLOSED:
            await self._withdraw(row)

    async def _withdraw(self, row: PaymentRow) -> None:
        """Kill the code of a closed order. If that stays uncertain, `_watch` comes back to it."""
        for _ in range(_CANCEL_TRIES):
            outcome = await self.alipay.cancel(row.out_trade_no)
            if isinstance(outcome, Done) and outcome.fields.get("action") == "refund":
                await self._look_again(row)
            if not (isinstance(outcome, Unknown) and outcome.again):
                return

    async def _watch(self, row: PaymentRow) -> None:
        """A closed order: money may still come while a wallet holds the code. The watch ends with an answer that was
        asked for when no code could live any more: silence proves nothing, however late."""
        asked_at = self.clock()
        fact = await self.alipay.query(row.out_trade_no)
        if fact is not None and fact.kind is FactKind.WAITING:  # scanned before the cancel arrived
            await self.alipay.close(row.out_trade_no)
            fact = await self.alipay.query(row.out_trade_no)
        if fact is None:
            return
        await self.learn(row, fact)
        if asked_at < self.watch_until(row):
            if fact.kind is FactKind.NOT_EXIST:
                await self._withdraw(row)  # again: the first cancel may have been lost, and a repeated one does no harm
        elif fact.kind in (FactKind.NOT_EXIST, FactKind.CLOSED):
            await self.change(row, lambda _, current: states.forget(current))

    async def _look_again(self, row: PaymentRow) -> None:
        fact = await self.alipay.query(row.out_trade_no)
        if fact is not None:
            await self.learn(row, fact)

    # --- after it is paid ----------------------------------------------------------------------------------------

    async def _post(self, row: PaymentRow) -> None:
        # Between our reading and this lock the money may have been sent back. The department is asked only while the
        # payment stands and the mark is set that makes a refund reverse the booking first.
        marked = await self.change(row, _mark_posting(self.clock()))
        if marked is None or marked.state != PaymentState.PAID or marked.posting_at is None:
            return
        try:
            answer = await self.exchange.call(
                f"{row.department}.post",
                {"bill_no": row.bill_no, "payment_no": row.out_trade_no, "amount_fen": row.amount_fen},
            )
        except Refused:
            await self._stop_waiting_for_department(row)
            return
        if answer["result"] == "ok":
            await self.change(row, lambda session, current: states.booked(session, current, self.clock()))
        elif answer["result"] in _NOT_POSTABLE:
            log.warning("payment_not_postable", out_trade_no=row.out_trade_no, result=answer["result"])
            await self.change(row, lambda _, current: _give_back(current, "not-postable", self.clock()))
        else:
            log.error("posting_answer_not_understood", out_trade_no=row.out_trade_no)
            await self._stop_waiting_for_department(row)

    async def _stop_waiting_for_department(self, row: PaymentRow) -> None:
        """Try again later; after the deadline the resident's money is worth more than the booking."""
        if row.paid_at is not None and self.clock() - row.paid_at > _POSTING_DEADLINE:
            await self.change(row, lambda _, current: _give_back(current, "department-down", self.clock()))

    async def _refund(self, row: PaymentRow) -> None:
        if row.posting_at is not None:
            # It may be booked: the department must let go of it before the money leaves.
            try:
                answer = await self.exchange.call(
                    f"{row.department}.reverse", {"bill_no": row.bill_no, "payment_no": row.out_trade_no}
                )
            except Refused:
                return
            if answer["result"] != "ok":
                log.error("payment_not_reversible", out_trade_no=row.out_trade_no)
                return
            await self.change(row, lambda session, current: states.reversed_(session, current, self.clock()))
            return
        request_no = refund_request_no(row.out_trade_no)
        reason = row.refund_reason or "refund"
        outcome = await self.alipay.refund(row.out_trade_no, row.amount_fen, request_no, reason)
        done = isinstance(outcome, Done) and outcome.fields.get("fund_change") == "Y"
        if not done and await self.alipay.refunded(row.out_trade_no, request_no):
            done = True
        if done:
            await self.change(row, lambda session, current: states.refunded(session, current, self.clock()))
        elif isinstance(outcome, Declined):
            await self._look_again(row)  # perhaps a cancel has already given it back
            after = await self.read(row.intent_id)
            if after is not None and after.state == PaymentState.REFUNDING and after.tries >= _REFUND_TRIES:
                number = row.out_trade_no
                log.error(
                    "refund_keeps_being_refused", out_trade_no=number, sub_code=outcome.sub_code, tries=after.tries
                )

    # --- when to look again --------------------------------------------------------------------------------------

    async def _later(self, intent_id: str) -> None:
        async with writing(self.sessions) as session:
            row = await states.locked(session, intent_id=intent_id)
            if row is None:
                return
            now = self.clock()
            row.touched_at = now
            row.tries += 1
            pause = timedelta(seconds=BACK_OFF_S[min(row.tries, len(BACK_OFF_S)) - 1])
            match PaymentState(row.state):
                case PaymentState.PENDING:
                    row.next_at = min(now + _POLL, max(row.expires_at, now + timedelta(seconds=1)))
                case PaymentState.CREATED | PaymentState.UNKNOWN | PaymentState.REFUNDING:
                    row.next_at = now + pause
                case PaymentState.PAID if row.posted_at is None:
                    row.next_at = now + pause
                case PaymentState.CLOSED:
                    if row.next_at is not None:  # None: the watch has ended
                        row.next_at = now + _WATCH
                case _:
                    row.next_at = None
            await session.commit()

    def watch_until(self, row: PaymentRow) -> datetime:
        """A code scanned in its last second lives for another expiry; a minute of grace for clocks."""
        return row.expires_at + timedelta(seconds=2 * 60 * max(1, -(-self.expiry_s // 60)) + 60)


def refund_request_no(out_trade_no: str) -> str:
    """One payment is refunded once, whole: the number follows from the order's."""
    return f"R{out_trade_no}01"


def _apply(session: AsyncSession, row: PaymentRow, fact: Fact, now: datetime) -> None:
    states.apply_payment_fact(session, row, fact, now)


def _mark_posting(now: datetime) -> Change:
    def mark(_: AsyncSession, row: PaymentRow) -> None:
        if row.state == PaymentState.PAID and row.posting_at is None:
            row.posting_at = now

    return mark


def _close_unseen(row: PaymentRow, now: datetime) -> None:
    if row.qr_code is None:  # else somebody was faster than we, and the code may be on a screen
        states.close(row, now)


def _give_back(row: PaymentRow, reason: str, now: datetime) -> None:
    if row.posted_at is None:  # else another worker's booking came through: what we have heard is out of date
        states.start_refund(row, reason, now)
