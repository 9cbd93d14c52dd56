"""Smart card readers through PC/SC."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path

import structlog

from drivers.link.stream import LinkLost
from drivers.link.supervise import Backoff, end_supervision, keep_connected
from drivers.link.trace import Way, trace
from drivers.printable import identity
from drivers.smart_card.apdu import ApduError, Command, Ins, Response
from drivers.smart_card.card_layout import CardLayout
from drivers.smart_card.card_reading import CardReading
from drivers.smart_card.messages import Answer, Code, Do, ReaderState
from drivers.smart_card.pcsc_channel import PcscChannel, PcscTimings, WorkerStream, start_worker
from drivers.smart_card.port import SmartCardFault, SocialSecurityCard
from drivers.status import Action, DeviceState, DeviceStatus

log = structlog.get_logger()

_NAME = "smart_card"
_NO_SERVICE = frozenset({Code.NO_SERVICE, Code.SERVICE_STOPPED, Code.INVALID_HANDLE, Code.SERVER_TOO_BUSY})
_READER_GONE = frozenset({Code.UNKNOWN_READER, Code.READER_UNAVAILABLE})
_EVENTS = 0xFFFF0000  # of a reader's state: counted, not told apart


@dataclass(frozen=True)
class PcscSettings:
    """`reader`: a pattern (`*`, `?`) for the reader's name, without regard to case; the first that fits is used.
    `socket`: pcscd's, when it is not the system's."""

    reader: str = "*"
    socket: Path | None = None
    layout: CardLayout = field(default_factory=CardLayout)
    timings: PcscTimings = field(default_factory=PcscTimings)
    backoff: Backoff = field(default_factory=Backoff)


class _Failed(Exception):
    """A PC/SC call did not work; `code` says why."""

    def __init__(self, code: int) -> None:
        super().__init__(Code.text(code))
        self.code = code


class PcscReader:
    """A `SmartCardReader`."""

    def __init__(self, settings: PcscSettings) -> None:
        self._settings = settings
        self._timings = settings.timings
        self._status = DeviceStatus()
        self._counters: Counter[str] = Counter()
        self._reader = ""  # the name of the one in use; empty while there is none
        self._channel: PcscChannel | None = None
        self._channel_changed = asyncio.Condition()
        self._held = False  # the card may still be powered by a reading that was broken off
        self._one_read = asyncio.Lock()
        self._keeper: asyncio.Task[None] | None = None

    @property
    def status(self) -> DeviceStatus:
        return self._status

    async def open(self) -> None:
        if self._keeper is None:
            self._tell(DeviceState.STARTING)
            self._keeper = keep_connected(
                _NAME, lambda: start_worker(self._settings.socket), self._serve, self._on_lost, self._settings.backoff
            )

    async def close(self) -> None:
        await end_supervision(self._keeper)
        self._keeper = None
        self._tell(DeviceState.OFFLINE, detail="closed")

    async def refresh(self) -> DeviceStatus:
        channel = self._channel
        if channel is not None and not self._one_read.locked():
            try:
                await self._look_for_reader(channel)
            except LinkLost as lost:
                self._offline(lost)
        return self._status

    async def read_card(
        self, timeout_s: float, on_found: Callable[[], None] | None = None
    ) -> SocialSecurityCard | SmartCardFault:
        """See `SmartCardReader`. `timeout_s` limits the wait for a card, not the reading of one that came. A card that
        is in the slot already is read."""
        async with self._one_read:
            try:
                outcome = await self._read_connected(timeout_s, on_found or (lambda: None))
            except LinkLost as lost:
                self._offline(lost)  # the session says so too, but perhaps after our caller looked
                outcome = SmartCardFault.READER_LOST
        if isinstance(outcome, SocialSecurityCard):
            self._counters["cards_read"] += 1
            log.info("smart_card_read")
        else:
            self._counters[f"not_read_{outcome.value}"] += 1
            log.info("smart_card_not_read", fault=outcome.value)
        self._tell(self._status.device, self._status.action, self._status.detail)  # the counters
        return outcome

    # the reader

    async def _serve(self, stream: WorkerStream) -> None:
        channel = PcscChannel(stream, self._timings)
        try:
            await self._look_for_reader(channel)
            async with self._channel_changed:
                self._channel = channel
                self._channel_changed.notify_all()
            while True:
                try:
                    await asyncio.wait_for(stream.wait_lost(), self._timings.status_interval)
                except TimeoutError:
                    if not self._one_read.locked():  # a reading in progress notices by itself
                        if self._held:
                            await self._release(channel)
                        await self._look_for_reader(channel)
                    continue
                raise LinkLost(channel.given_up or "PC/SC worker ended")
        finally:
            self._channel, self._reader, self._held = None, "", False

    async def _look_for_reader(self, channel: PcscChannel) -> None:
        """Ask pcscd which readers there are, and choose ours."""
        answer = await channel.ask(Do.READERS)
        before, self._reader = self._reader, ""
        if answer.code != Code.SUCCESS:
            self._trouble(answer.code)
            return
        pattern = self._settings.reader.casefold()
        fitting = [name for name in answer.readers if fnmatchcase(name.casefold(), pattern)]
        if not fitting:
            there = ", ".join(identity(name) for name in answer.readers) or "none"
            self._tell(DeviceState.NO_DEVICE, Action.MAINTENANCE, f"no such reader; there are: {there}")
            return
        self._reader = fitting[0]
        if self._reader != before:
            trace(_NAME, Way.NOTE, f"reader {identity(self._reader)}")
        if self._status.device is DeviceState.BUSY and await self._still_taken(channel):
            return
        self._tell(DeviceState.ONLINE)

    async def _still_taken(self, channel: PcscChannel) -> bool:
        answer = await channel.ask(Do.WATCH, reader=self._reader)
        return bool(answer.state & (ReaderState.EXCLUSIVE | ReaderState.INUSE))

    async def _connected(self, patience_s: float) -> PcscChannel | None:
        """The channel, with a reader behind it that is there now; None when that takes too long."""
        try:
            async with asyncio.timeout(patience_s):
                while True:
                    async with self._channel_changed:
                        while self._channel is None or not self._channel.alive:
                            await self._channel_changed.wait()
                        channel = self._channel
                    await self._look_for_reader(channel)
                    if self._reader:
                        return channel
                    await asyncio.sleep(self._timings.retry_interval)
        except TimeoutError:
            return None

    def _on_lost(self, reason: LinkLost) -> None:
        self._counters["worker_lost"] += 1
        trace(_NAME, Way.NOTE, str(reason))
        self._offline(reason)

    def _offline(self, reason: LinkLost) -> None:
        self._tell(DeviceState.OFFLINE, Action.MAINTENANCE, str(reason))

    def _trouble(self, code: int) -> None:
        """What a failed call says of pcscd and the reader."""
        trace(_NAME, Way.NOTE, Code.text(code))
        if code in _NO_SERVICE:
            self._tell(DeviceState.OFFLINE, Action.MAINTENANCE, f"pcscd is not running: {Code.text(code)}")
        elif code in _READER_GONE:
            self._tell(DeviceState.NO_DEVICE, Action.MAINTENANCE, f"reader gone: {Code.text(code)}")
        elif code == Code.SECURITY_VIOLATION:
            self._tell(DeviceState.OFFLINE, Action.MAINTENANCE, "pcscd refuses this user (polkit)")
        elif code == Code.SHARING_VIOLATION:
            self._tell(DeviceState.BUSY, Action.MAINTENANCE, "another program holds the card")
        else:
            self._tell(DeviceState.HARDWARE_ERROR, Action.RESET, Code.text(code))

    def _tell(self, state: DeviceState, action: Action = Action.NONE, detail: str = "") -> None:
        fresh = DeviceStatus(
            state, action=action, detail=detail, counters=dict(self._counters), identity=identity(self._reader)
        )
        if not fresh.same_trouble(self._status):
            log.info("smart_card_status", device=state.value, action=action.value, detail=detail)
        self._status = fresh

    # the card

    async def _read_connected(
        self, timeout_s: float, on_found: Callable[[], None]
    ) -> SocialSecurityCard | SmartCardFault:
        channel = await self._connected(min(timeout_s, self._timings.connect_grace))
        if channel is None:
            return SmartCardFault.READER_LOST
        try:
            if not await self._card_came(channel, timeout_s):
                return SmartCardFault.NO_CARD
            self._counters["cards_seen"] += 1
            on_found()
            return await self._read_found(channel)
        except _Failed as failed:
            self._trouble(failed.code)
            if failed.code != Code.SHARING_VIOLATION:
                await self._look_for_reader(channel)  # or it looks lost for longer than it is
            return SmartCardFault.READER_LOST

    async def _card_came(self, channel: PcscChannel, timeout_s: float) -> bool:
        """Whether a card is in the slot within `timeout_s`; looks at least once."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + timeout_s
        known = 0
        while True:
            left = max(0.0, deadline - loop.time())
            answer = await self._watch(channel, known, min(left, self._timings.card_poll))
            state = ReaderState(answer.state & ~_EVENTS)
            if ReaderState.PRESENT in state:
                # Its historical bytes may hold the chip's own number (ISO/IEC 7816-3, 8.2).
                trace(_NAME, Way.NOTE, "card present, ATR", bytes.fromhex(answer.atr), secret=[slice(2, None)])
                return True
            if state & (ReaderState.UNKNOWN | ReaderState.UNAVAILABLE):
                raise _Failed(Code.READER_UNAVAILABLE)
            if loop.time() >= deadline:
                return False
            known = answer.state & ~ReaderState.CHANGED

    async def _card_left(self, channel: PcscChannel) -> bool:
        """Whether the slot is empty, as pcscd notices with delay."""
        answer = await self._watch(channel, 0, 0.0)
        if answer.state & ReaderState.PRESENT:
            known = answer.state & ~ReaderState.CHANGED
            answer = await self._watch(channel, known, self._timings.removal_notice)
        return not answer.state & ReaderState.PRESENT

    async def _watch(self, channel: PcscChannel, known: int, wait_s: float) -> Answer:
        answer = await channel.ask(Do.WATCH, reader=self._reader, known=known, wait_s=wait_s)
        if answer.code != Code.SUCCESS:
            raise _Failed(answer.code)
        return answer

    async def _read_found(self, channel: PcscChannel) -> SocialSecurityCard | SmartCardFault:
        """Twice, when the first time does not work: contacts are dirty, and hands shake."""
        for _ in range(2):
            try:
                outcome = await self._read_powered(channel)
            except _Failed as failed:
                if failed.code in _NO_SERVICE | _READER_GONE | {Code.SHARING_VIOLATION, Code.SECURITY_VIOLATION}:
                    raise
                trace(_NAME, Way.NOTE, Code.text(failed.code))
                outcome = SmartCardFault.UNREADABLE
            await self._release(channel)
            if outcome is not SmartCardFault.UNREADABLE:
                return outcome
            if await self._card_left(channel):
                return SmartCardFault.CARD_REMOVED
        return SmartCardFault.UNREADABLE

    async def _read_powered(self, channel: PcscChannel) -> SocialSecurityCard | SmartCardFault:
        self._held = True
        await self._power_up(channel)
        reading = CardReading(lambda command: self._transmit(channel, command), self._settings.layout)
        try:
            async with asyncio.timeout(self._timings.whole_card):
                outcome = await reading.holder()
        except (TimeoutError, ApduError) as error:
            trace(_NAME, Way.NOTE, f"given up: {type(error).__name__}")
            return SmartCardFault.UNREADABLE
        if reading.refusal:
            trace(_NAME, Way.NOTE, f"refused with {reading.refusal}")
        return outcome

    async def _release(self, channel: PcscChannel) -> None:
        """Power the card off. A reading that is cancelled does not wait for that: the session sees to it."""
        await channel.ask(Do.DISCONNECT)
        self._held = False

    async def _power_up(self, channel: PcscChannel) -> None:
        """Connect to the card, waiting a little while another program has it."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self._timings.sharing_grace
        while (code := (await channel.ask(Do.CONNECT, reader=self._reader)).code) != Code.SUCCESS:
            if code != Code.SHARING_VIOLATION or loop.time() >= deadline:
                raise _Failed(code)
            await asyncio.sleep(self._timings.retry_interval)

    async def _transmit(self, channel: PcscChannel, command: Command) -> Response:
        sent = command.to_bytes()
        trace(_NAME, Way.OUT, command.label, sent)
        answer = await channel.ask(Do.TRANSMIT, apdu=sent)
        if answer.code != Code.SUCCESS:
            raise _Failed(answer.code)
        received = bytes.fromhex(answer.apdu)
        trace(_NAME, Way.IN, command.label, received, secret=[slice(_open_bytes(command, received), -2)])
        return Response.from_bytes(received)


def _open_bytes(command: Command, received: bytes) -> int:
    """How many bytes of an answer may be shown: a record's identifier and length, if it is the one asked for."""
    if command.ins is not Ins.READ_RECORD or command.p2 != 0 or len(received) < 4:
        return 0
    return 2 if received[0] == command.p1 and received[1] == len(received) - 4 else 0
