"""Resident-ID card readers that speak the SAM's serial protocol."""

from __future__ import annotations

import asyncio
import errno
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

import structlog

from drivers.id_reader.card_text import parse_card
from drivers.id_reader.channel import SamChannel
from drivers.id_reader.frames import SET_UART, CardContent, Command, Sw3, sam_number
from drivers.id_reader.port import IdCard, ReadFault
from drivers.id_reader.reading import CardReading, SamFault, Wanted
from drivers.id_reader.speed_search import SpeedSearch
from drivers.id_reader.timings import SdtTimings
from drivers.link.serial import SerialSettings, SerialStream
from drivers.link.stream import LinkLost
from drivers.link.supervise import Backoff, end_supervision, keep_connected
from drivers.link.trace import Way, trace
from drivers.status import Action, DeviceState, DeviceStatus

log = structlog.get_logger()

_WHY_NOT_OPENED = {
    errno.ENOENT: "not plugged in",
    errno.EAGAIN: "held by another program",
    errno.EBUSY: "held by another program",
    errno.EACCES: "this program may not open it",
}


def today_in_china() -> date:
    """A card is valid to the end of its last day there, whatever the machine's time zone."""
    return datetime.now(ZoneInfo("Asia/Shanghai")).date()


def _end_of(channel: SamChannel) -> LinkLost:
    return LinkLost(channel.ended or "unplugged")


@dataclass(frozen=True)
class SdtSettings:
    """`probe_bauds`: speeds tried when the line's own is not answered. `rf_frame_bytes`: set after every reset when
    given; readers whose antenna loses long frames want 80. `allow_foreigner_2023`: see `card_text.parse_card`."""

    line: SerialSettings
    timings: SdtTimings = field(default_factory=SdtTimings)
    backoff: Backoff = field(default_factory=Backoff)
    allow_foreigner_2023: bool = False
    wanted: Wanted = field(default_factory=Wanted)
    probe_bauds: tuple[int, ...] = tuple(SET_UART)
    rf_frame_bytes: int | None = None


class SdtIdReader:
    """An `IdReader`."""

    def __init__(self, settings: SdtSettings, today: Callable[[], date] = today_in_china) -> None:
        self._settings = settings
        self._timings = settings.timings
        self._today = today
        self._speed = SpeedSearch(settings.line, settings.probe_bauds, settings.timings)
        self._status = DeviceStatus()
        self._counts: Counter[str] = Counter()
        self._reading: CardReading | None = None  # while connected
        self._reading_changed = asyncio.Condition()
        self._one_read = asyncio.Lock()
        self._keeper: asyncio.Task[None] | None = None
        self.sam_number = ""  # of the SAM last connected, for the technician

    @property
    def status(self) -> DeviceStatus:
        """`identity`: the SAM's number and the line's speed. `counters`, since `open`: cards_read, reads_failed and
        failed_… for each fault (waiting in vain is none), connections_lost."""
        identity = f"SAM {self.sam_number} at {self._speed.line.baud} baud" if self.sam_number else ""
        return replace(self._status, counters=dict(self._counts), identity=identity)

    @property
    def baud(self) -> int:
        """The speed found last, or tried first."""
        return self._speed.line.baud

    async def open(self) -> None:
        if self._keeper is None:
            self._counts.clear()
            self._become(DeviceState.STARTING)
            self._keeper = keep_connected(
                "id_reader", self._speed.connect, self._serve, self._on_lost, self._settings.backoff
            )

    async def close(self) -> None:
        await end_supervision(self._keeper)
        self._keeper = None
        self._become(DeviceState.OFFLINE, detail="closed")

    async def refresh(self) -> DeviceStatus:
        """See `Device`. A reading in progress is not disturbed: it notices by itself what is wrong. UNKNOWN, and so not
        ready, when the answer does not come in time."""
        reading = self._reading
        if reading is not None and not self._one_read.locked():
            try:
                async with asyncio.timeout(self._timings.refresh):
                    await self._check(reading)
            except LinkLost:
                self._lost_in(reading)
            except TimeoutError:
                if reading is self._reading:  # the next check tells whether it is slow or silent
                    self._become(DeviceState.UNKNOWN, detail="no answer in time")
        return self.status

    async def read_card(self, timeout_s: float, on_found: Callable[[], None] | None = None) -> IdCard | ReadFault:
        """See `IdReader`. `timeout_s` limits the wait for a card, not the reading of one that came.

        A card that lies there from the reading before is read again.
        """
        async with self._one_read:
            outcome = await self._read_connected(timeout_s, on_found or (lambda: None))
        if isinstance(outcome, IdCard):
            self._counts["cards_read"] += 1
            log.info("id_card_read", kind=outcome.kind.value)
        else:
            if outcome is not ReadFault.NO_CARD:
                self._counts["reads_failed"] += 1
                self._counts[f"failed_{outcome.value.replace('-', '_')}"] += 1
            log.info("id_card_not_read", fault=outcome.value)
        return outcome

    async def set_speed(self, baud: int) -> bool:
        """Tell the reader to speak at another speed from now on (60 0x), and whether it then did. For a technician;
        ValueError for a speed the protocol does not have."""
        if baud not in SET_UART:
            raise ValueError(f"no such speed: {baud}; there are {', '.join(map(str, SET_UART))}")
        async with self._one_read:
            reading = await self._connected(self._timings.connect_grace)
            if reading is None:
                return False
            with suppress(LinkLost):
                # The answer may come at the old speed or at the new one; what counts is which one works afterwards.
                await reading.channel.knock(SET_UART[baud], self._timings.answer(SET_UART[baud], self._speed.line))
            self._speed.prefer(baud)
            await reading.channel.give_up("speed changed")
            return await self._connected(2 * self._timings.connect_grace) is not None and self.baud == baud

    # the connection

    async def _serve(self, stream: SerialStream) -> None:
        channel = SamChannel(stream, self._speed.line, self._timings)
        reading = CardReading(channel, self._timings, self._settings.wanted, self._settings.rf_frame_bytes)
        try:
            greeted = await self._greet(reading)
            await self._check(reading)
            await self._publish(reading)
            while channel.alive:
                with suppress(TimeoutError):
                    await asyncio.wait_for(stream.wait_lost(), self._timings.status_interval)
                    break
                if not self._one_read.locked():  # a reading in progress notices silence by itself
                    greeted = greeted or await self._greet(reading)
                    await self._check(reading)
            raise _end_of(channel)
        finally:
            self._reading = None

    async def _greet(self, reading: CardReading) -> bool:
        """Ask which SAM this is; LinkLost when it has no number, as one that says OK to everything and does nothing.
        False: out of order, ask again later."""
        self.sam_number = ""
        try:
            reply = await reading.ask(Command.READ_SAM_ID) or await reading.ask(Command.READ_SAM_ID)
            if reply is not None and reply.status == Sw3.SUCCESS:
                self.sam_number = sam_number(reply.data)
        except SamFault:
            return False  # `_check` says so
        log.info("id_reader_connected", sam=self.sam_number, baud=reading.channel.baud)
        trace("id_reader", Way.NOTE, f"connected at {reading.channel.baud} baud, SAM {self.sam_number}")
        return True

    async def _check(self, reading: CardReading) -> None:
        """Ask the SAM how it is; LinkLost when it says nothing."""
        try:
            reply = await reading.ask(Command.SAM_STATUS)
        except SamFault as fault:
            self._out_of_order(fault)
            await reading.channel.ask(Command.RESET_SAM)  # the next check shows whether that helped
            return
        if reply is None:
            raise await reading.channel.give_up("reader does not answer SAM_STATUS")
        if reply.status == Sw3.SUCCESS:
            self._become(DeviceState.ONLINE)
        else:
            self._become(DeviceState.HARDWARE_ERROR, Action.RESET, f"SAM status {reply.status:02X}")

    async def _publish(self, reading: CardReading) -> None:
        async with self._reading_changed:
            self._reading = reading
            self._reading_changed.notify_all()

    async def _connected(self, patience_s: float) -> CardReading | None:
        try:
            async with asyncio.timeout(patience_s), self._reading_changed:
                while self._reading is None or not self._reading.channel.alive:
                    await self._reading_changed.wait()
                return self._reading
        except TimeoutError:
            return None

    def _on_lost(self, reason: LinkLost) -> None:
        if self._status.device not in (DeviceState.OFFLINE, DeviceState.STARTING):
            self._counts["connections_lost"] += 1
        cause = reason.__cause__
        why = _WHY_NOT_OPENED.get(cause.errno or 0, "") if isinstance(cause, OSError) else ""
        detail = f"{why}: {self._settings.line.path}" if why else str(reason)
        trace("id_reader", Way.NOTE, detail)
        self._become(DeviceState.OFFLINE, Action.MAINTENANCE, detail)

    def _lost_in(self, reading: CardReading) -> None:
        """The session of `reading` says so too, but perhaps after our caller looked."""
        if reading is self._reading:
            self._on_lost(_end_of(reading.channel))

    def _out_of_order(self, fault: SamFault) -> None:
        self._become(DeviceState.HARDWARE_ERROR, Action.MAINTENANCE, str(fault))

    def _become(self, device: DeviceState, action: Action = Action.NONE, detail: str = "") -> None:
        status = DeviceStatus(device, action=action, detail=detail)
        if not status.same_trouble(self._status):
            log.info("id_reader_status", device=device.value, action=action.value, detail=detail)
        self._status = status

    # the card

    async def _read_connected(self, timeout_s: float, on_found: Callable[[], None]) -> IdCard | ReadFault:
        reading = await self._connected(min(timeout_s, self._timings.connect_grace))
        if reading is None:
            return ReadFault.READER_LOST
        try:
            content = await reading.read(timeout_s, on_found)
        except LinkLost:
            self._lost_in(reading)
            return ReadFault.READER_LOST
        except SamFault as fault:
            self._out_of_order(fault)
            return ReadFault.READER_LOST
        return self._judge(content) if isinstance(content, CardContent) else content

    def _judge(self, content: CardContent) -> IdCard | ReadFault:
        card = parse_card(content, allow_foreigner_2023=self._settings.allow_foreigner_2023)
        if isinstance(card, IdCard) and card.valid_to is not None and card.valid_to < self._today():
            return ReadFault.EXPIRED
        return card
