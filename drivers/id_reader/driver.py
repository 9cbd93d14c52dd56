"""Resident-ID card readers that speak the SAM's serial protocol."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, datetime
from zoneinfo import ZoneInfo

import structlog

from drivers.id_reader.card_text import parse_card
from drivers.id_reader.channel import SAM_FAULTS, SamChannel, SdtTimings
from drivers.id_reader.frames import CardContent, Command, Reply, Sw3, sam_number
from drivers.id_reader.port import IdCard, ReadFault
from drivers.link.serial import SerialSettings, SerialStream, open_serial
from drivers.link.stream import LinkLost
from drivers.link.supervise import Backoff, end_supervision, keep_connected
from drivers.status import Action, DeviceState, DeviceStatus

log = structlog.get_logger()

_WORTH_A_SECOND_TRY = frozenset(
    {Sw3.SELECT_FAILED, Sw3.VERIFICATION_ERROR, Sw3.READ_FAILED, Sw3.RANDOM_FAILED, Sw3.COMMAND_ERROR}
)


def today_in_china() -> date:
    """A card is valid to the end of its last day there, whatever the machine's time zone."""
    return datetime.now(ZoneInfo("Asia/Shanghai")).date()


@dataclass(frozen=True)
class SdtSettings:
    """`allow_foreigner_2023`: see `card_text.parse_card`."""

    line: SerialSettings
    timings: SdtTimings = field(default_factory=SdtTimings)
    backoff: Backoff = field(default_factory=Backoff)
    allow_foreigner_2023: bool = False


class _SamFault(Exception):
    """The SAM itself is out of order (SW3 60, 66)."""


class SdtIdReader:
    """An `IdReader`."""

    def __init__(self, settings: SdtSettings, today: Callable[[], date] = today_in_china) -> None:
        self._settings = settings
        self._timings = settings.timings
        self._today = today
        self._status = DeviceStatus()
        self._channel: SamChannel | None = None
        self._channel_changed = asyncio.Condition()
        self._one_read = asyncio.Lock()
        self._keeper: asyncio.Task[None] | None = None
        self._must_reset = False
        self.sam_number = ""  # of the SAM last connected, for the technician

    @property
    def status(self) -> DeviceStatus:
        return self._status

    async def open(self) -> None:
        if self._keeper is None:
            self._status = DeviceStatus(DeviceState.STARTING)
            self._keeper = keep_connected(
                "id_reader",
                lambda: open_serial(self._settings.line),
                self._serve,
                self._on_lost,
                self._settings.backoff,
            )

    async def close(self) -> None:
        await end_supervision(self._keeper)
        self._keeper = None
        self._status = DeviceStatus(DeviceState.OFFLINE, detail="closed")

    async def refresh(self) -> DeviceStatus:
        channel = self._channel
        if channel is not None and not self._one_read.locked():
            try:
                await self._check(channel)
            except LinkLost as lost:
                self._on_lost(lost)
        return self._status

    async def read_card(self, timeout_s: float, on_found: Callable[[], None] | None = None) -> IdCard | ReadFault:
        """See `IdReader`. `timeout_s` limits the wait for a card, not the reading of one that came.

        A card that lies there from the reading before is read again.
        """
        async with self._one_read:
            outcome = await self._read_connected(timeout_s, on_found or (lambda: None))
        if isinstance(outcome, IdCard):
            log.info("id_card_read", kind=outcome.kind.value)
        else:
            log.info("id_card_not_read", fault=outcome.value)
        return outcome

    # the connection

    async def _serve(self, stream: SerialStream) -> None:
        channel = SamChannel(stream, self._settings.line, self._timings)
        self._must_reset = True  # nobody knows what this SAM did before we came
        try:
            await self._check(channel)
            if (reply := await channel.ask(Command.READ_SAM_ID)) and len(reply.data) == 16:
                self.sam_number = sam_number(reply.data)
                log.info("id_reader_connected", sam=self.sam_number)
            await self._publish(channel)
            while True:
                with suppress(TimeoutError):
                    await asyncio.wait_for(stream.wait_lost(), self._timings.status_interval)
                    return
                if not self._one_read.locked():  # a reading in progress notices silence by itself
                    await self._check(channel)
        finally:
            self._channel = None

    async def _check(self, channel: SamChannel) -> None:
        """Ask the SAM how it is; LinkLost when it says nothing."""
        try:
            reply = await self._ask(channel, Command.SAM_STATUS)
        except _SamFault:
            await channel.ask(Command.RESET_SAM)  # the next check shows whether that helped
            return
        if reply is None:
            raise LinkLost("reader does not answer SAM_STATUS")
        if reply.status == Sw3.SUCCESS:
            self._status = DeviceStatus(DeviceState.ONLINE)
        else:
            detail = f"SAM status {reply.status:02X}"
            self._status = DeviceStatus(DeviceState.HARDWARE_ERROR, action=Action.RESET, detail=detail)

    async def _publish(self, channel: SamChannel) -> None:
        async with self._channel_changed:
            self._channel = channel
            self._channel_changed.notify_all()

    async def _connected(self, patience_s: float) -> SamChannel | None:
        try:
            async with asyncio.timeout(patience_s), self._channel_changed:
                while self._channel is None or not self._channel.alive:
                    await self._channel_changed.wait()
                return self._channel
        except TimeoutError:
            return None

    def _on_lost(self, reason: LinkLost) -> None:
        self._status = DeviceStatus(DeviceState.OFFLINE, action=Action.MAINTENANCE, detail=str(reason))

    # the card

    async def _read_connected(self, timeout_s: float, on_found: Callable[[], None]) -> IdCard | ReadFault:
        channel = await self._connected(min(timeout_s, self._timings.connect_grace))
        if channel is None:
            return ReadFault.READER_LOST
        try:
            return await self._find_and_read(channel, timeout_s, on_found)
        except LinkLost as lost:
            self._on_lost(lost)  # the session says so too, but perhaps after our caller looked
        except _SamFault:
            pass  # the status says so
        return ReadFault.READER_LOST

    async def _find_and_read(
        self, channel: SamChannel, timeout_s: float, on_found: Callable[[], None]
    ) -> IdCard | ReadFault:
        if not await self._find(channel, timeout_s):
            return ReadFault.NO_CARD
        on_found()
        for attempt in (1, 2):
            reply = await self._select_and_read(channel)
            if reply is not None and reply.status == Sw3.SUCCESS:
                return self._judge(reply)
            # A card taken away and a worn one fail alike; only looking again tells which it was.
            if not await self._find(channel, 2 * self._timings.find_interval):
                return ReadFault.CARD_REMOVED
            if attempt == 1 and (reply is None or reply.status in _WORTH_A_SECOND_TRY):
                continue
            break
        return ReadFault.UNREADABLE

    async def _find(self, channel: SamChannel, timeout_s: float) -> bool:
        """Whether a card comes within `timeout_s`; asks at least once."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + timeout_s
        if self._must_reset:
            # After a reading FIND_CARD fails until the card was lifted, which would hide one that still lies there.
            reply = await self._ask(channel, Command.RESET_SAM)
            self._must_reset = reply is None
        while True:
            reply = await self._ask(channel, Command.FIND_CARD)
            if reply is not None and reply.status == Sw3.CARD_FOUND:
                return True
            left = deadline - loop.time()
            if left <= 0:
                return False
            await asyncio.sleep(min(left, self._timings.find_interval))

    async def _select_and_read(self, channel: SamChannel) -> Reply | None:
        self._must_reset = True
        reply = await self._ask(channel, Command.SELECT_CARD)
        if reply is None or reply.status != Sw3.SUCCESS:
            return reply
        return await self._ask(channel, Command.READ_CARD)

    async def _ask(self, channel: SamChannel, command: Command) -> Reply | None:
        """As `SamChannel.ask`, but once more when the request arrived damaged; _SamFault when the SAM is broken."""
        reply = await channel.ask(command)
        if reply is not None and reply.status == Sw3.CHECKSUM_ERROR:
            reply = await channel.ask(command)
        if reply is not None and reply.status in SAM_FAULTS:
            self._status = DeviceStatus(
                DeviceState.HARDWARE_ERROR,
                action=Action.MAINTENANCE,
                detail=f"SAM out of order, SW3 {reply.status:02X}",
            )
            raise _SamFault
        return reply

    def _judge(self, reply: Reply) -> IdCard | ReadFault:
        content = CardContent.from_bytes(reply.data)
        if content is None:
            return ReadFault.UNREADABLE
        card = parse_card(content, allow_foreigner_2023=self._settings.allow_foreigner_2023)
        if isinstance(card, IdCard) and card.valid_to is not None and card.valid_to < self._today():
            return ReadFault.EXPIRED
        return card
