"""Banknote validators that speak ITL SSP (NV9, NV10, BV20 and their like), unencrypted, as acceptors only."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from dataclasses import dataclass
from enum import Enum

import structlog

from drivers.cash.event_queue import EventQueue, Place
from drivers.cash.port import CashEvent, Note
from drivers.cash.ssp_channel import TRIES, SspChannel
from drivers.cash.ssp_frames import Frame
from drivers.cash.ssp_messages import Command, Event, Generic, PollReply, inhibit_mask, reject_reason
from drivers.cash.ssp_note_path import Heard, NotePath
from drivers.cash.ssp_settings import SspSettings
from drivers.cash.ssp_unit import UnitFault, recognise
from drivers.cash.troubles import Trouble, TroubleBook
from drivers.link.serial import SerialStream, open_serial
from drivers.link.stream import LinkLost
from drivers.link.supervise import end_supervision, keep_connected
from drivers.link.trace import Way, trace
from drivers.status import Action, DeviceState, DeviceStatus

log = structlog.get_logger()

HOST_PROTOCOLS = (6, 5, 4)  # the newest whose events we know comes first; old firmware refuses it
DISABLED_AT_MOST = 5  # polls in a row: then it does not enable itself, whatever we say
ASK_AGAIN = 3
REFRESH_S = 3.0


class _Do(Enum):
    ENABLE = "enable"
    DISABLE = "disable"
    STACK = "stack"
    GIVE_BACK = "give-back"
    LOOK = "look"


@dataclass(frozen=True)
class _Order:
    do: _Do
    done: asyncio.Future[bool]
    values: frozenset[int] = frozenset()


class SspAcceptor:
    """A `CashAcceptor`.

    One task speaks to the unit; the methods hand it their orders. Every second of a note's way is in `NotePath`.
    Crash semantics: a fresh object first returns a note in escrow (nobody knows whose intent it was) and then polls, so
    that nothing is stacked by merely looking; credits that no poll has fetched come as late events. After a lost link
    the poll whose reply went missing is asked again with its old sequence flag, before SYNC wipes the unit's memory.
    """

    def __init__(self, settings: SspSettings) -> None:
        self._settings = settings
        self._timings = settings.timings
        self._events = EventQueue()
        self._troubles = TroubleBook()
        self._path = NotePath(self._events, self._troubles, self._now)
        self._orders: asyncio.Queue[_Order] = asyncio.Queue()
        self._keeper: asyncio.Task[None] | None = None
        self._status = DeviceStatus()
        self._live = False
        self._unanswered: Frame | None = None  # a poll; its reply may have a credit in it
        self._asked_again = 0
        self._identity = ""
        self._notes: tuple[Note, ...] = ()
        self._resolve_by = 0.0  # a note of before the loss whose fate nobody has told by then is given up
        self._disabled_polls = 0
        self._own_reset = False
        self._moved = asyncio.Condition()  # notified when the path may have become clear

    # CashAcceptor

    @property
    def status(self) -> DeviceStatus:
        return self._status

    @property
    def notes(self) -> tuple[Note, ...]:
        return self._notes

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
        if self._live:
            try:
                async with asyncio.timeout(REFRESH_S):
                    await self._order(_Do.LOOK)
            except TimeoutError:
                log.info("cash_busy")
        return self._status

    async def enable(self, values: Collection[int]) -> bool:
        return await self._order(_Do.ENABLE, frozenset(values))

    async def disable(self) -> None:
        if not await self._order(_Do.DISABLE):
            return
        limit = self._timings.stack + self._timings.reject
        try:
            async with asyncio.timeout(limit), self._moved:
                await self._moved.wait_for(lambda: not self._live or not self._path.busy or self._path.stuck)
        except TimeoutError:
            log.warning("cash_note_does_not_leave")

    async def next_event(self) -> CashEvent:
        return await self._events.next()

    async def stack(self) -> bool:
        return await self._order(_Do.STACK)

    async def give_back(self) -> bool:
        return await self._order(_Do.GIVE_BACK)

    # orders

    async def _order(self, do: _Do, values: frozenset[int] = frozenset()) -> bool:
        if not self._live:
            return False
        done: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._orders.put_nowait(_Order(do, done, values))
        return await done

    async def _obey(self, channel: SspChannel, order: _Order) -> None:
        if order.done.cancelled():
            return
        try:
            result = await self._carry_out(channel, order)
        except BaseException:
            # a lost link leaves it open whether the unit has heard; for a note, an event will tell
            _answer(order, order.do in (_Do.STACK, _Do.GIVE_BACK))
            raise
        _answer(order, result)

    async def _carry_out(self, channel: SspChannel, order: _Order) -> bool:
        match order.do:
            case _Do.ENABLE:
                return await self._enable(channel, order.values)
            case _Do.DISABLE:
                await self._stop_taking(channel)
                return True
            case _Do.STACK:
                return await self._stack(channel)
            case _Do.GIVE_BACK:
                return self._path.in_escrow and await self._reject(channel)
            case _Do.LOOK:
                await self._beat(channel)
                return True

    async def _enable(self, channel: SspChannel, values: frozenset[int]) -> bool:
        accepted = frozenset(number for number, note in self._path.channels.items() if note.value in values)
        if not accepted or self._troubles.blocking or self._path.busy:
            return False
        if not (await channel.ask(Command.SET_INHIBITS, inhibit_mask(accepted))).ok:
            return False
        if not (await channel.ask(Command.ENABLE)).ok:
            return False
        self._disabled_polls = 0
        self._path.wanted = frozenset(self._path.channels[number].value for number in accepted)
        self._events.drop_old_news()
        return True

    async def _stop_taking(self, channel: SspChannel) -> None:
        self._path.wanted = frozenset()
        if self._path.in_escrow:
            await self._reject(channel)
        await channel.ask(Command.DISABLE)

    async def _stack(self, channel: SspChannel) -> bool:
        """A poll lets the note go; HOLD had kept it."""
        note = self._path.note
        if note is None or not self._path.in_escrow or not note.wanted:
            return False
        note.move(Place.STACKING, self._now())
        return not (await self._poll(channel)).returned

    async def _reject(self, channel: SspChannel) -> bool:
        """Whether the unit had a note to return."""
        if (note := self._path.note) is not None and note.place in (Place.ESCROW, Place.STACKING):
            note.move(Place.RETURNING, self._now())
        return (await channel.ask(Command.REJECT)).ok

    # the connection

    async def _serve(self, stream: SerialStream) -> None:
        channel = SspChannel(stream, self._settings.line, self._timings, self._settings.address)
        try:
            await self._greet(channel)
            self._live = self._path.live = True
            self._publish()
            while True:
                await self._obey_or_beat(channel)
        except LinkLost as lost:
            self._path.lose_touch(str(lost))
            self._on_lost(lost)  # before anybody reads that event and looks
            raise
        finally:
            self._live = self._path.live = False
            frame = channel.unanswered
            if frame is not None and frame.data[0] == Command.POLL:
                self._unanswered = frame
            self._path.lose_touch("closed")
            while not self._orders.empty():
                _answer(self._orders.get_nowait(), False)
            await self._notify()

    async def _greet(self, channel: SspChannel) -> None:
        """From a fresh line to a disabled unit whose news are told. LinkLost, UnitFault."""
        if self._unanswered is not None:
            await self._hear_again(channel, self._unanswered)
        await channel.sync()
        if self._unanswered is not None:
            self._unanswered = None
            self._path.miss_news()
        # In this order: a poll would let a note in escrow go to the cashbox.
        await self._reject(channel)
        await channel.ask(Command.DISABLE)
        for version in HOST_PROTOCOLS:
            if (await channel.ask(Command.HOST_PROTOCOL_VERSION, bytes([version]))).ok:
                break
        else:
            raise UnitFault(f"unit knows none of the protocols {HOST_PROTOCOLS}")
        unit = await recognise(channel, self._settings)
        self._path.channels, self._notes, self._identity = unit.channels, unit.notes, unit.identity
        self._resolve_by = self._now() + self._timings.power_up
        heard = self._path.hear(await self._ask_poll(channel))
        self._check(heard)
        log.info("cash_connected", unit=self._identity)

    async def _hear_again(self, channel: SspChannel, lost: Frame) -> None:
        """Whatever else is said with another sequence flag wipes out what the unit would repeat. So it is asked again
        and again; only every third time it may be one that wants SYNC first."""
        self._asked_again += 1
        try:
            reply = await channel.send(lost, TRIES)
        except LinkLost:
            if self._asked_again % ASK_AGAIN:
                raise
            return
        self._unanswered, self._asked_again = None, 0
        said = PollReply.from_data(reply.data) if reply.ok else PollReply(())
        if any(each.event is Event.RESET for each in said.events):
            self._path.miss_news_by_restart()  # what it says is new: it cannot repeat what it said before
        self._path.hear(said)
        if self._path.in_escrow:
            await self._reject(channel)

    def _on_lost(self, reason: LinkLost) -> None:
        state = DeviceState.HARDWARE_ERROR if isinstance(reason, UnitFault) else DeviceState.OFFLINE
        status = DeviceStatus(
            state,
            action=Action.MAINTENANCE,
            detail=str(reason),
            counters=self._events.counters,
            identity=self._identity,
        )
        self._set_status(status)

    # work

    async def _obey_or_beat(self, channel: SspChannel) -> None:
        pause = self._timings.poll if self._path.wanted or self._path.busy else self._timings.idle_poll
        try:
            async with asyncio.timeout(pause):
                order = await self._orders.get()
        except TimeoutError:
            await self._beat(channel)
        else:
            await self._obey(channel, order)
        self._publish()
        await self._notify()

    async def _beat(self, channel: SspChannel) -> None:
        """Hold the note in escrow, or ask what is new."""
        note, now = self._path.note, self._now()
        if note is not None and note.place is Place.ESCROW:
            overdue = now - note.since > self._timings.escrow_decision
            if self._path.wanted and note.wanted and not overdue and (await channel.ask(Command.HOLD)).ok:
                return
            # Before the poll that shows what happened: should the note be there all the same, it must not go.
            await self._reject(channel)
        elif note is not None and note.open:
            await self._look_after(channel, now)
        await self._poll(channel)

    async def _look_after(self, channel: SspChannel, now: float) -> None:
        """Of a note under way: whether it takes too long."""
        note = self._path.note
        if note is None:
            return
        if Trouble.JAM in self._troubles:
            note.since = now  # time stands still for it
        elif (note.jam_told and not note.late and now - note.since > self._timings.reject) or (
            note.late and now > self._resolve_by
        ):
            self._path.give_up()  # if it was stuck, a clerk has freed it, one way or the other
            await self._stop_taking(channel)
        elif note.place is Place.STACKING and not note.late and now - note.since > self._timings.stack:
            log.warning("cash_stack_without_effect")
            await self._reject(channel)
        elif note.place is Place.RETURNING and not note.late and now - note.since > self._timings.reject:
            log.warning("cash_reject_without_effect")
            self._path.say_stuck()
            self._troubles.add(Trouble.STUCK)
            await self._stop_taking(channel)
            note.late = True
            self._resolve_by = now + self._timings.power_up
            self._own_reset = True
            await channel.ask(Command.RESET)

    async def _ask_poll(self, channel: SspChannel) -> PollReply:
        reply = await channel.ask(Command.POLL)
        if reply.ok:
            return PollReply.from_data(reply.data)
        if reply.generic != Generic.CANNOT_PROCESS:  # which is "busy"
            raise UnitFault(f"unit answers {reply.generic:02X} to a poll")
        return PollReply(())

    async def _poll(self, channel: SspChannel) -> Heard:
        heard = self._path.hear(await self._ask_poll(channel))
        self._check(heard)
        if heard.restarted:
            raise LinkLost("unit restarted")
        if heard.bar_code:
            await channel.ask(Command.REJECT)
        if heard.refused:
            await self._ask_why(channel)
        if heard.stop:
            await self._stop_taking(channel)
        self._disabled_polls = self._disabled_polls + 1 if heard.disabled and self._path.wanted else 0
        if self._disabled_polls > DISABLED_AT_MOST:
            raise LinkLost("unit stays disabled")
        if self._disabled_polls:
            await channel.ask(Command.ENABLE)
        return heard

    def _check(self, heard: Heard) -> None:
        if heard.not_understood is not None:
            raise UnitFault(f"unit tells event {heard.not_understood:02X}, which no acceptor has")
        if heard.restarted:
            if not self._own_reset:
                self._troubles.end(Trouble.STUCK)
            self._own_reset = False

    async def _ask_why(self, channel: SspChannel) -> None:
        reply = await channel.ask(Command.LAST_REJECT_CODE)
        if reply.ok and len(reply.data) == 1:
            reason = reject_reason(reply.data[0])
            trace("cash", Way.NOTE, f"refused: {reason}")
            log.info("cash_note_refused", reason=reason)

    # status

    def _publish(self) -> None:
        self._set_status(self._troubles.status(self._identity, self._events.counters))

    def _set_status(self, status: DeviceStatus) -> None:
        if not status.same_trouble(self._status):
            log.info("cash_status", device=status.device.value, action=status.action.value, detail=status.detail)
        self._status = status

    async def _notify(self) -> None:
        async with self._moved:
            self._moved.notify_all()

    def _now(self) -> float:
        return asyncio.get_running_loop().time()


def _answer(order: _Order, result: bool) -> None:
    if not order.done.done():
        order.done.set_result(result)
