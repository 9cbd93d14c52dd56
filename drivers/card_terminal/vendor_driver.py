"""Card terminals whose vendor gives no protocol, only a library: a bridge program of the vendor's or the integrator's
runs it in a process of its own, and we speak JSON lines with it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace

import structlog

from drivers.card_terminal.base import BaseCardTerminal, Ears, Patience, Untold
from drivers.card_terminal.masking import clean_line
from drivers.card_terminal.port import CardOutcome, CardResult, EndOfDay
from drivers.card_terminal.vendor_channel import DEVICE, VendorChannel, VendorTimings
from drivers.card_terminal.vendor_messages import PROTOCOL, Ask, Day, Prompt, Result, State
from drivers.card_terminal.vendor_process import ProcessStream, start_process
from drivers.link.stream import LinkLost
from drivers.link.supervise import Backoff, end_supervision, keep_connected
from drivers.status import Action, DeviceState, DeviceStatus

log = structlog.get_logger()


@dataclass(frozen=True)
class VendorSettings:
    """`command`: the program and its arguments."""

    command: tuple[str, ...]
    timings: VendorTimings = field(default_factory=VendorTimings)
    backoff: Backoff = field(default_factory=lambda: Backoff(0.5, 30.0, 60.0))


class VendorCardTerminal(BaseCardTerminal):
    """A `CardTerminal`."""

    def __init__(self, settings: VendorSettings) -> None:
        super().__init__()
        self._settings = settings
        self._timings = settings.timings
        self._channel: VendorChannel | None = None
        self._channel_changed = asyncio.Condition()
        self._keeper: asyncio.Task[None] | None = None
        self._closing = False
        self._moved = asyncio.Event()  # money moved: the newest transaction is another

    async def open(self) -> None:
        if self._keeper is None:
            self._closing = False
            self._set_state(DeviceStatus(DeviceState.STARTING))
            self._keeper = keep_connected(DEVICE, self._connect, self._serve, self._on_lost, self._settings.backoff)

    async def close(self) -> None:
        self._closing = True
        await end_supervision(self._keeper)
        self._keeper = None
        await self._publish(None)
        await self._end_tasks()
        self._set_state(DeviceStatus(DeviceState.OFFLINE, detail="closed"))

    # the program

    async def _connect(self) -> ProcessStream:
        return await start_process(self._settings.command, self._timings.exit)

    async def _serve(self, stream: ProcessStream) -> None:
        channel = VendorChannel(stream, self._timings)
        tasks = {asyncio.create_task(channel.run()), asyncio.create_task(self._keep(channel))}
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        except LinkLost as lost:
            raise channel.reason or lost from lost
        finally:
            channel.give_up(LinkLost("bridge closed"))
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)
            await self._publish(None)

    async def _keep(self, channel: VendorChannel) -> None:
        self._mark_asked = self._mark_known
        await self._ask_status(channel, self._timings.start)
        await self._publish(channel)
        while True:
            async with self._turn:
                if not self._mark_asked and not self._shut:
                    await self._learn_mark(Patience.NONE)
            self._moved.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout(self._timings.status_interval):
                    await self._moved.wait()
                    continue
            async with self._turn:
                await self._ask_status(channel, self._timings.status)

    async def _ask_status(self, channel: VendorChannel, patience_s: float) -> None:
        event = await channel.ask(Ask.STATUS, patience_s)
        if not isinstance(event, State) or event.protocol != PROTOCOL:
            reason = LinkLost("bridge speaks another protocol")
            channel.end(reason)
            raise reason
        self._identity = clean_line(event.identity)
        device = DeviceState.ONLINE if event.ready else DeviceState.HARDWARE_ERROR
        action = Action(event.action)
        if not event.ready and action is Action.NONE:
            action = Action.MAINTENANCE
        self._set_state(DeviceStatus(device, action=action, detail=clean_line(event.detail)))

    async def _publish(self, channel: VendorChannel | None) -> None:
        async with self._channel_changed:
            self._channel = channel
            self._channel_changed.notify_all()

    def _on_lost(self, reason: LinkLost) -> None:
        self._set_state(DeviceStatus(DeviceState.OFFLINE, action=Action.MAINTENANCE, detail=str(reason)))

    # what `BaseCardTerminal` asks for

    def _interrupt(self) -> None:
        if self._channel is not None:
            self._channel.stir()

    async def _prepare(self) -> bool:
        with suppress(TimeoutError):
            async with asyncio.timeout(self._timings.connect_grace), self._channel_changed:
                while not self._closing and self._keeper is not None:
                    if self._channel is not None and self._channel.alive:
                        return True
                    await self._channel_changed.wait()
        return False

    async def _take(self, amount: int, ears: Ears) -> CardResult:
        def hear(prompt: Prompt) -> None:
            ears.hear(prompt.prompt)

        result = await self._money_command(Ask.PAY, hear, amount=amount)
        if result.outcome is CardOutcome.APPROVED and result.amount != amount:
            return replace(result, outcome=CardOutcome.UNKNOWN)
        return result

    async def _give_back(self, receipt: int) -> CardResult:
        return await self._money_command(Ask.REVERSE, lambda prompt: None, receipt=receipt)

    async def _money_command(self, ask: Ask, hear: Callable[[Prompt], None], **details: int) -> CardResult:
        channel = self._channel
        if channel is None:
            return CardResult(CardOutcome.NOT_POSSIBLE)
        unknown = CardResult(CardOutcome.UNKNOWN, details.get("amount", 0))
        try:
            event = await channel.ask(ask, self._timings.payment, hear, lambda: self._cancelled, **details)
        except LinkLost as lost:
            log.error("card_terminal_doubt", reason=str(lost))
            return unknown
        finally:
            self._moved.set()
        return event.card_result() if isinstance(event, Result) else unknown

    async def _newest(self, patience: Patience) -> CardResult | Untold:
        channel = self._channel
        if channel is None:
            raise LinkLost("bridge not running")
        event = await channel.ask(Ask.LAST, self._timings.last)
        if not isinstance(event, Result):
            return Untold.CANNOT_TELL
        if not event.found:
            return Untold.NONE
        return Untold.CANNOT_TELL if event.outcome is CardOutcome.UNKNOWN else event.card_result()

    async def _hand_in(self) -> EndOfDay:
        channel = self._channel
        if channel is None:
            return EndOfDay(done=False)
        try:
            event = await channel.ask(Ask.END_OF_DAY, self._timings.payment)
        except LinkLost:
            return EndOfDay(done=False)
        day = event.end_of_day() if isinstance(event, Day) else EndOfDay(done=False)
        self._counters["end_of_days"] += day.done
        self._moved.set()
        return day

    async def _ask_how_it_is(self) -> None:
        if self._channel is not None and self._channel.alive:
            await self._ask_status(self._channel, self._timings.status)
