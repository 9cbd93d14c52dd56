"""Banknote acceptors that speak ICT104, single bytes without a checksum.

What can be promised is less than with SSP. The unit tells a result once and remembers nothing: a 10 that is lost is a
note in the cashbox that is not counted. It is told as JAMMED with the note, so that somebody looks, and so is one of
which the line says two things; a note is never counted that was not ordered to be stacked, and none twice.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping
from contextlib import suppress

import structlog

from drivers.cash.event_queue import EventQueue, NoteInHand, Place
from drivers.cash.ict104_codec import Code, Escrow, Message, Order, Parser, PowerUp
from drivers.cash.ict104_note_path import IctNotePath
from drivers.cash.ict104_settings import IctSettings
from drivers.cash.port import CashEvent, CashEventKind, Note
from drivers.cash.troubles import Trouble, TroubleBook
from drivers.link.serial import SerialStream, open_serial
from drivers.link.stream import LinkLost
from drivers.link.supervise import end_supervision, keep_connected
from drivers.link.trace import Way, trace
from drivers.status import Action, DeviceState, DeviceStatus

log = structlog.get_logger()

MISSED_AT_MOST = 3
ENABLE_TRIES = 3
DISABLED_AT_MOST = 3  # answers in a row


_EXCEPTIONS: Mapping[Code, tuple[Trouble, CashEventKind, str]] = {
    Code.BILL_JAM: (Trouble.JAM, CashEventKind.JAMMED, ""),
    Code.STACKER_OPEN: (Trouble.CASHBOX_REMOVED, CashEventKind.CASHBOX_REMOVED, ""),
    Code.STACKER_PROBLEM: (Trouble.STACKER_FULL, CashEventKind.STACKER_FULL, "cash box full or defective"),
    Code.BILL_FISHED: (Trouble.FRAUD, CashEventKind.FRAUD, ""),
    Code.MOTOR_FAILURE: (Trouble.DEFECT, CashEventKind.LOST, "motor failure"),
    Code.CHECKSUM_ERROR: (Trouble.DEFECT, CashEventKind.LOST, "memory damaged"),
    Code.SENSOR_PROBLEM: (Trouble.DEFECT, CashEventKind.LOST, "sensor problem"),
}
# A unit may answer with what it said last of a note that is long out again.
_ENABLED = frozenset({Code.ENABLED, Code.BILL_REJECTED, Code.BILL_REMOVED, Code.EXCEPTION_OVER})
_OVER_WHEN_NOT_SAID = (Trouble.JAM, Trouble.STACKER_FULL, Trouble.CASHBOX_REMOVED, Trouble.DEFECT)


class Ict104Acceptor:
    """A `CashAcceptor`. One task listens and keeps time; orders are single bytes and go out at once."""

    def __init__(self, settings: IctSettings) -> None:
        self._settings = settings
        self._timings = settings.timings
        self._events = EventQueue()
        self._troubles = TroubleBook()
        self._path = IctNotePath(self._events, self._troubles, self._now, settings.timings)
        self._parser = Parser()
        self._kinds = {
            number: Note(value, settings.currency) for number, value in enumerate(settings.bills, start=1) if value
        }
        self._stream: SerialStream | None = None
        self._live = False
        self._keeper: asyncio.Task[None] | None = None
        self._status = DeviceStatus()
        self._heard = asyncio.Condition()  # notified after every round of the listener
        self._poll_answer: Code | None = None  # to the poll somebody waits for
        self._last_answer: Code | None = None
        self._answered = False
        self._missed = 0
        self._asked_at: float | None = None  # the poll that is not answered yet
        self._next_poll = self._next_hold = 0.0
        self._disabled_answers = 0
        self._quiet_rounds = 0

    # CashAcceptor

    @property
    def status(self) -> DeviceStatus:
        return self._status

    @property
    def notes(self) -> tuple[Note, ...]:
        return tuple(sorted(set(self._kinds.values()), key=lambda note: note.value)) if self._live else ()

    async def open(self) -> None:
        if self._keeper is None:
            self._troubles.clear()
            self._set_status(DeviceStatus(DeviceState.STARTING))
            line = self._settings.line
            self._keeper = keep_connected(
                "cash", lambda: open_serial(line), self._serve, self._on_lost, self._settings.backoff
            )

    async def close(self) -> None:
        if self._live and (self._path.wanted or self._path.busy):
            await self.disable()
        await end_supervision(self._keeper)
        self._keeper = None
        self._set_status(DeviceStatus(DeviceState.OFFLINE, detail="closed"))

    async def refresh(self) -> DeviceStatus:
        if self._live and not self._path.busy:
            await self._ask_status()
        return self._status

    async def enable(self, values: Collection[int]) -> bool:
        accepted = frozenset(note.value for note in self._kinds.values()) & frozenset(values)
        if not accepted or not self._live or self._troubles.blocking or self._path.busy:
            return False
        for _ in range(ENABLE_TRIES):
            await self._send(Order.ENABLE)
            if await self._ask_status() in _ENABLED:
                self._path.wanted = accepted
                self._events.drop_old_news()
                return True
        await self._send(Order.DISABLE)
        return False

    async def disable(self) -> None:
        await self._stop_taking()
        await self.give_back()
        limit = self._timings.accept + self._timings.reject
        await self._wait(lambda: not self._live or not self._path.busy or self._path.stuck, limit)

    async def next_event(self) -> CashEvent:
        return await self._events.next()

    async def stack(self) -> bool:
        if not self._live or not self._path.order(Place.STACKING):
            return False
        await self._send(Order.ACCEPT)
        return True

    async def give_back(self) -> bool:
        if not self._live or not self._path.order(Place.RETURNING):
            return False
        await self._send(Order.REJECT)
        return True

    # the connection

    async def _serve(self, stream: SerialStream) -> None:
        self._stream = stream
        self._parser.forget()
        try:
            await self._greet()
            self._live = True
            log.info("cash_connected", unit="ICT104")
            while True:
                await self._round()
                await self._keep_time()
        except LinkLost as lost:
            if self._live:
                self._events.tell(CashEventKind.LOST, why=str(lost))
            self._on_lost(lost)  # before anybody reads that event and looks
            raise
        finally:
            self._live, self._stream = False, None
            self._path.lose_touch()
            async with self._heard:
                self._heard.notify_all()

    async def _greet(self) -> None:
        """Nothing but polls, and a reset when they are not answered. Not 02, which recovers a unit whose power-up
        nobody answered: it would also take a note that waits in escrow."""
        self._answered, self._missed, self._asked_at = False, 0, None
        await self._send(Order.DISABLE)
        for order, patience in (
            (Order.POLL, self._timings.reply),
            (Order.POLL, self._timings.reply),
            (Order.RESET, self._timings.power_up),
            (Order.POLL, self._timings.reply),
        ):
            await self._send(order)
            until = self._now() + patience
            while self._now() < until:
                await self._round()
                if self._answered:
                    return
        raise LinkLost("unit silent")

    def _on_lost(self, reason: LinkLost) -> None:
        self._set_status(
            DeviceStatus(
                DeviceState.OFFLINE,
                action=Action.MAINTENANCE,
                detail=str(reason),
                counters=self._events.counters,
                identity="ICT104",
            )
        )

    async def _stop_taking(self) -> None:
        self._path.wanted = frozenset()
        await self._send(Order.DISABLE)

    async def _send(self, order: int) -> None:
        """A lost link is noticed by the listener."""
        name = Order(order).name if order in list(Order) else "HOLD"
        trace("cash", Way.OUT, name, bytes([order]))
        if self._stream is not None:
            with suppress(LinkLost):
                await self._stream.write(bytes([order]))

    async def _round(self) -> None:
        """Listen for a moment."""
        data, began = b"", self._now()
        if self._stream is None:
            raise LinkLost("closed")
        try:
            async with asyncio.timeout(self._timings.tick):
                data = await self._stream.read(64)
        except TimeoutError:
            pass
        # In rounds, not by the clock: after a pause of the whole machine the second byte may be waiting here.
        self._quiet_rounds = 0 if data else self._quiet_rounds + 1
        if self._parser.waiting and self._quiet_rounds * self._timings.tick > self._timings.pair:
            self._parser.forget()
        messages = self._parser.feed(data)
        if data:
            names = (getattr(message, "name", type(message).__name__) for message in messages)
            trace("cash", Way.IN, " ".join(names), data)
        taking = bool(self._path.wanted)
        for message in messages:
            await self._hear(message)
        if self._live:
            self._path.keep_time(began)  # not the time now: after a pause of the machine, words wait to be read
        if taking and not self._path.wanted:
            await self._stop_taking()  # a note of unknown fate, or worse
        if self._live:
            self._set_status(self._troubles.status("ICT104", self._events.counters))
        async with self._heard:
            self._heard.notify_all()

    async def _wait(self, condition: object, limit: float) -> bool:
        try:
            async with asyncio.timeout(limit), self._heard:
                await self._heard.wait_for(condition)  # type: ignore[arg-type]
        except TimeoutError:
            return False
        return True

    async def _ask_status(self) -> Code | None:
        """What a poll is answered with, or None."""
        self._poll_answer = None
        await self._poll()
        await self._wait(lambda: not self._live or self._poll_answer is not None, self._timings.reply)
        return self._poll_answer

    # time

    async def _keep_time(self) -> None:
        now = self._now()
        note = self._path.note
        if note is not None and note.place is Place.ESCROW:
            await self._keep_in_escrow(note, now)
        if self._asked_at is not None and now - self._asked_at > self._timings.reply:
            self._asked_at = None
            self._missed += 1
            if self._missed >= MISSED_AT_MOST:
                raise LinkLost("unit silent")
        if not self._path.busy and self._asked_at is None and now >= self._next_poll:
            await self._poll()

    async def _poll(self) -> None:
        now = self._now()
        self._asked_at, self._next_poll = now, now + self._timings.poll
        await self._send(Order.POLL)

    async def _keep_in_escrow(self, note: NoteInHand, now: float) -> None:
        if not self._path.wanted or not note.wanted or now - note.since > self._timings.escrow_decision:
            await self.give_back()
        elif now >= self._next_hold:
            self._next_hold = now + self._timings.hold
            await self._send(self._settings.hold_code)

    # what the unit says

    async def _hear(self, message: Message) -> None:
        self._missed = 0
        self._answered = self._answered or message not in (Code.STACKED, Code.REJECTED)
        match message:
            case PowerUp():
                await self._power_up()
            case Escrow():
                await self._escrow(message.bill_type)
            case Code.STACKED:
                self._path.stacked()
            case Code.BILL_REJECTED | Code.BILL_REMOVED if self._said_before(message):
                self._note_answer(message)
            case Code.BILL_REJECTED | Code.BILL_REMOVED if self._asked_at is not None:
                self._note_answer(message)
                self._path.came_out()
            case Code.REJECTED | Code.BILL_REJECTED | Code.BILL_REMOVED:
                self._path.came_out()
            case Code.ENABLED | Code.DISABLED:
                await self._poll_answered(message)
            case Code.EXCEPTION_OVER:
                self._well_again()
            case Code() if message in _EXCEPTIONS:
                await self._exception(message)
            case _:
                self._asked_at = None  # BUSY and the like: it is there

    def _said_before(self, code: Code) -> bool:
        """Whether it is the answer to a poll that was given last time too: of a note that is out."""
        return code is self._last_answer and (not self._path.busy or self._asked_at is not None)

    async def _power_up(self) -> None:
        """02 within 2 s, or the unit takes nothing. Should this be noise while a note is in escrow, the 02 would take
        it; the 0F before it prevents that, and means nothing to a unit that just started."""
        note = self._path.note
        if note is not None and note.place is Place.ESCROW:
            await self._send(Order.REJECT)
        await self._send(Order.ACCEPT)
        await self._send(Order.DISABLE)
        self._troubles.restarted()
        if self._live and (self._path.wanted or note is not None):
            self._events.tell(CashEventKind.LOST, why="unit restarted")
        self._path.lose_touch()
        self._path.give_up()  # it clears its path, and does not say where to

    async def _escrow(self, bill_type: int) -> None:
        before = self._path.note.since if self._path.note is not None else float("-inf")
        self._path.in_escrow(self._kinds.get(bill_type))
        note = self._path.note
        if note is not None and note.place is Place.ESCROW:
            if not note.wanted:
                await self.give_back()
            elif note.since > before:
                self._next_hold = note.since + self._timings.hold

    def _note_answer(self, code: Code) -> None:
        self._asked_at, self._poll_answer, self._last_answer = None, code, code

    async def _poll_answered(self, code: Code) -> None:
        self._note_answer(code)
        if any(trouble in self._troubles for trouble in _OVER_WHEN_NOT_SAID):
            self._well_again()
        self._disabled_answers = self._disabled_answers + 1 if code is Code.DISABLED and self._path.wanted else 0
        if self._disabled_answers > DISABLED_AT_MOST:
            raise LinkLost("unit stays disabled")
        if self._disabled_answers:
            await self._send(Order.ENABLE)  # it was off for a reason of its own

    def _well_again(self) -> None:
        if Trouble.CASHBOX_REMOVED in self._troubles:
            self._events.tell(CashEventKind.CASHBOX_REPLACED)
            self._troubles.cashbox_is_back()
        self._troubles.end(*_OVER_WHEN_NOT_SAID)

    async def _exception(self, code: Code) -> None:
        self._note_answer(code)
        trouble, kind, detail = _EXCEPTIONS[code]
        if not self._troubles.add(trouble, detail):
            return
        if kind is CashEventKind.JAMMED:
            self._path.jammed()
        else:
            self._events.tell(kind, why=detail)
        await self._stop_taking()
        await self.give_back()

    # status

    def _set_status(self, status: DeviceStatus) -> None:
        if not status.same_trouble(self._status):
            log.info("cash_status", device=status.device.value, action=status.action.value, detail=status.detail)
        self._status = status

    def _now(self) -> float:
        return asyncio.get_running_loop().time()
