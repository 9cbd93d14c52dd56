"""What all card terminals have in common, whatever their protocol: one command at a time, payments that outlive their
caller, and no second payment while it is in doubt how the first one ended."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from dataclasses import replace
from enum import Enum
from typing import Any, TypeVar

import structlog

from drivers.card_terminal.port import CardMark, CardOutcome, CardPrompt, CardResult, EndOfDay, PromptHandler
from drivers.card_terminal.recovery import Doubt, judge
from drivers.link.stream import LinkLost
from drivers.status import Action, DeviceState, DeviceStatus

log = structlog.get_logger()
T = TypeVar("T")

MOST = 999_999_999_999  # fen; six BCD bytes
_NOT_POSSIBLE = CardResult(CardOutcome.NOT_POSSIBLE)


class Patience(Enum):
    """With a terminal that is busy."""

    NONE = "none"  # nobody waits
    PAYMENT = "payment"  # somebody stands there
    RECOVERY = "recovery"  # money is in doubt


class Untold(Enum):
    """Instead of the newest transaction. The two must never be confused: a payment is called made because a transaction
    is there that was not there before it."""

    NONE = "none"  # the terminal said clearly that it has none
    CANNOT_TELL = "cannot tell"  # refused, aborted, damaged, without numbers…: there may be one


class Ears:
    """The caller's prompt handler, for as long as there is a caller. Its mistakes do not harm the payment."""

    def __init__(self, on_prompt: PromptHandler | None) -> None:
        self._on_prompt = on_prompt
        self._last: CardPrompt | None = None

    def close(self) -> None:
        self._on_prompt = None

    def hear(self, prompt: CardPrompt) -> None:
        if self._on_prompt is None or prompt is self._last:
            return
        self._last = prompt
        try:
            self._on_prompt(prompt)
        except Exception as error:  # noqa: BLE001 - whatever a screen does
            log.error("card_terminal_prompt_handler_failed", error=type(error).__name__)


class BaseCardTerminal(ABC):
    """A `CardTerminal`, given the protocol's few operations."""

    def __init__(self) -> None:
        self._state = DeviceStatus()
        self._identity = ""
        self._counters: Counter[str] = Counter()
        self._turn = asyncio.Lock()  # one command at a time
        self._money: asyncio.Task[Any] | None = None  # the payment, reversal or end of day that runs
        self._tasks: set[asyncio.Task[Any]] = set()
        self._cancelled = False  # somebody asked for the end of what runs
        self._doubt: Doubt | None = None  # what `last_result` answers
        self._shut = False  # no more money moves until somebody asked how the doubtful payment ended
        self._last: CardResult | None = None  # how the newest command of this process ended, when that is known
        self._mark: CardMark | None = None
        self._mark_known = False  # the terminal itself said so, and no money moved since
        self._mark_asked = False  # it answered since money moved, even if it could not tell

    # what differs from protocol to protocol

    @abstractmethod
    async def _prepare(self) -> bool:
        """Be sure that the terminal is there and listens, within a few seconds."""

    @abstractmethod
    async def _take(self, amount: int, ears: Ears) -> CardResult:
        """The payment. UNKNOWN when its end was not seen; raises nothing."""

    @abstractmethod
    async def _give_back(self, receipt: int) -> CardResult:
        """The reversal, likewise."""

    @abstractmethod
    async def _hand_in(self) -> EndOfDay:
        """The end of day."""

    @abstractmethod
    async def _newest(self, patience: Patience) -> CardResult | Untold:
        """The terminal's newest transaction. LinkLost when it could not be asked; a busy one is asked again for as long
        as `patience` says."""

    @abstractmethod
    async def _ask_how_it_is(self) -> None:
        """Update the status. LinkLost when the terminal does not answer."""

    @abstractmethod
    def _interrupt(self) -> None:
        """`_cancelled` was set: let whoever talks to the terminal look at it."""

    # Device

    @property
    def status(self) -> DeviceStatus:
        state = self._state
        if self._shut and state.device is DeviceState.ONLINE and not self._busy:
            state = replace(state, device=DeviceState.BUSY, action=Action.RESET, detail="a payment is in doubt")
        return replace(state, counters=dict(self._counters), identity=self._identity)

    async def refresh(self) -> DeviceStatus:
        if not self._turn.locked():
            with suppress(TimeoutError):
                await asyncio.wait_for(self._to_its_end(self._refresh()), 5.0)
        return self.status

    async def _refresh(self) -> None:
        async with self._turn:
            with suppress(LinkLost):
                await self._ask_how_it_is()

    def _set_state(self, state: DeviceStatus) -> None:
        if not state.same_trouble(self._state):
            log.info("card_terminal_status", device=state.device.value, action=state.action.value, detail=state.detail)
        self._state = state

    # CardTerminal

    @property
    def mark(self) -> CardMark | None:
        return self._mark

    async def pay(self, amount: int, on_prompt: PromptHandler | None = None) -> CardResult:
        """See `CardTerminal`. ValueError for an amount no terminal takes."""
        if not 0 < amount <= MOST:
            raise ValueError("amount must be positive")
        ears = Ears(on_prompt)
        try:
            return await self._alone(lambda: self._pay(amount, ears), _NOT_POSSIBLE)
        finally:
            ears.close()

    async def reverse(self, receipt: int) -> CardResult:
        if not 0 <= receipt <= 9999:
            raise ValueError("a receipt number has four digits")
        return await self._alone(lambda: self._reverse(receipt), _NOT_POSSIBLE)

    async def end_of_day(self) -> EndOfDay:
        return await self._alone(self._end_of_day, EndOfDay(done=False))

    async def cancel(self) -> None:
        if self._busy:
            self._cancelled = True
            self._interrupt()

    async def last_result(self) -> CardResult | None:
        while self._money is not None and not self._money.done():
            await asyncio.wait([self._money])
        return await self._to_its_end(self._last_result())

    # inside

    @property
    def _busy(self) -> bool:
        return self._money is not None and not self._money.done()

    async def _alone(self, command: Callable[[], Coroutine[Any, Any, T]], refused: T) -> T:
        """Run `command` to its end, even if the caller is cancelled; `refused` while another one runs."""
        if self._busy:
            log.info("card_terminal_busy")
            return refused
        self._cancelled = False
        self._money = asyncio.create_task(command(), name="card-terminal-command")
        return await asyncio.shield(self._money)

    async def _to_its_end(self, work: Coroutine[Any, Any, T]) -> T:
        """`work` goes on when the caller is cancelled: half a question would spoil the next one."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return await asyncio.shield(task)

    async def _end_tasks(self) -> None:
        """For `close`, once the link is gone: nothing can wait for long."""
        running = {task for task in (*self._tasks, self._money) if task is not None and not task.done()}
        if running:
            await asyncio.wait(running)

    async def _pay(self, amount: int, ears: Ears) -> CardResult:
        async def take() -> CardResult:
            return await self._take(amount, ears)

        result = await self._with_doubt(Doubt(amount, None), take)
        self._counters[f"payments_{result.outcome.value}"] += 1
        log.info("card_payment_ended", outcome=result.outcome.value, receipt=result.receipt, code=result.code)
        return result

    async def _reverse(self, receipt: int) -> CardResult:
        result = await self._with_doubt(Doubt(0, None, reversal=True), lambda: self._give_back(receipt))
        self._counters[f"reversals_{result.outcome.value}"] += 1
        log.info("card_reversal_ended", outcome=result.outcome.value, receipt=receipt, code=result.code)
        return result

    async def _end_of_day(self) -> EndOfDay:
        async with self._turn:
            if self._shut or not await self._prepare():
                return EndOfDay(done=False)
            self._mark_known = self._mark_asked = False
            return await self._hand_in()

    async def _with_doubt(self, doubt: Doubt, move: Callable[[], Awaitable[CardResult]]) -> CardResult:
        """Move money: in doubt from before the first byte until the end is known."""
        async with self._turn:
            if self._shut:
                log.warning("card_terminal_in_doubt")
                return _NOT_POSSIBLE
            if not await self._prepare() or not await self._learn_mark(Patience.PAYMENT):
                return _NOT_POSSIBLE
            if self._cancelled:
                return CardResult(CardOutcome.ABORTED)
            known, before = self._mark_known, self._mark
            self._doubt = replace(doubt, before=before if known else None, asked=known)
            self._shut = True
            self._last = self._mark = None
            self._mark_known = self._mark_asked = False
            result = await move()
            if result.outcome is not CardOutcome.UNKNOWN:
                self._doubt, self._shut = None, False
                self._last = result
                self._mark = result.mark or before
            return result

    async def _learn_mark(self, patience: Patience) -> bool:
        """Know the newest transaction before adding one, if the terminal can tell. False when it cannot be asked."""
        if not self._mark_known:
            try:
                newest = await self._newest(patience)
            except LinkLost:
                return False
            self._note_newest(newest)
        return True

    def _note_newest(self, newest: CardResult | Untold) -> None:
        mark = None if isinstance(newest, Untold) else newest.mark
        self._mark_asked = True
        if mark is not None or newest is Untold.NONE:
            self._mark, self._mark_known = mark, True

    async def _last_result(self) -> CardResult | None:
        async with self._turn:
            if self._doubt is None and self._last is not None:
                return self._last
            if not await self._prepare():
                return None
            try:
                newest = await self._newest(Patience.RECOVERY)
            except LinkLost:
                return None
            self._note_newest(newest)
            told = None if isinstance(newest, Untold) else newest
            if self._doubt is None:
                return told
            verdict = judge(told, self._doubt)
            self._shut = False  # a terminal that cannot tell is not shut for ever
            log.info("card_payment_recovered", outcome=verdict.outcome.value, receipt=verdict.receipt)
            if verdict.outcome is CardOutcome.UNKNOWN:
                return None  # and the doubt stays: asked again, it must not answer with an older payment
            self._doubt = None
            self._last = verdict
            return verdict
