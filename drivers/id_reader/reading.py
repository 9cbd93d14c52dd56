"""Find, select, read: the steps that only together give a card's content (30 01 without 20 02 fails)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace

import structlog

from drivers.id_reader.card_text import has_address
from drivers.id_reader.channel import REQUEST_ERRORS, SAM_FAULTS, SamChannel
from drivers.id_reader.frames import CardContent, Command, Reply, Sw3
from drivers.id_reader.port import ReadFault
from drivers.id_reader.timings import SdtTimings

log = structlog.get_logger()

_WORTH_A_SECOND_TRY = frozenset(
    {Sw3.SELECT_FAILED, Sw3.VERIFICATION_ERROR, Sw3.READ_FAILED, Sw3.RANDOM_FAILED, Sw3.COMMAND_ERROR}
)


@dataclass(frozen=True)
class Wanted:
    """What of a card is read besides text and photo; nothing, unless a service needs it."""

    fingerprint: bool = False
    new_address: bool = False


class SamFault(Exception):
    """The SAM itself is out of order (SW3 60, 66)."""

    def __init__(self, status: int) -> None:
        super().__init__(f"SAM out of order, SW3 {status:02X}")


class CardReading:
    """Reads cards over one connection."""

    def __init__(
        self, channel: SamChannel, timings: SdtTimings, wanted: Wanted, rf_frame_bytes: int | None = None
    ) -> None:
        self.channel = channel
        self._timings = timings
        self._wanted = wanted
        self._rf_frame_bytes = rf_frame_bytes
        self._must_reset = True  # nobody knows what this SAM did before we came

    async def ask(self, command: Command, data: bytes = b"") -> Reply | None:
        """As `SamChannel.ask`, but once more when the request arrived damaged. SamFault, LinkLost."""
        reply = await self.channel.ask(command, data)
        if reply is not None and reply.status == Sw3.CHECKSUM_ERROR:
            reply = await self.channel.ask(command, data)
        if reply is not None and reply.status in SAM_FAULTS:
            raise SamFault(reply.status)
        return reply

    async def read(self, timeout_s: float, on_found: Callable[[], None]) -> CardContent | ReadFault:
        """`timeout_s` limits the wait for a card, not the reading of one that came. SamFault, LinkLost."""
        if not await self._find(timeout_s):
            return ReadFault.NO_CARD
        on_found()
        for attempt in (1, 2):
            got = await self._select_and_read()
            if isinstance(got, CardContent):
                return got
            # A card taken away and a worn one fail alike; only looking again tells which it was.
            if not await self._find(2 * self._timings.find_interval):
                return ReadFault.CARD_REMOVED
            if attempt == 1 and (got is None or got in _WORTH_A_SECOND_TRY):
                continue
            break
        return ReadFault.UNREADABLE

    async def _find(self, timeout_s: float) -> bool:
        """Whether a card comes within `timeout_s`; asks at least once."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + timeout_s
        if self._must_reset:
            # After a reading FIND_CARD fails until the card was lifted, which would hide one that still lies there.
            reply = await self.ask(Command.RESET_SAM)
            self._must_reset = reply is None
            await self._set_rf_frame()
        while True:
            reply = await self.ask(Command.FIND_CARD)
            if reply is not None and reply.status == Sw3.CARD_FOUND:
                return True
            left = deadline - loop.time()
            if left <= 0:
                return False
            await asyncio.sleep(min(left, self._timings.find_interval))

    async def _set_rf_frame(self) -> None:
        if self._rf_frame_bytes is not None:
            reply = await self.ask(Command.SET_RF_FRAME, bytes([self._rf_frame_bytes]))
            if reply is None or reply.status != Sw3.SUCCESS:
                log.warning("id_reader_rf_frame_not_set", bytes=self._rf_frame_bytes)

    async def _select_and_read(self) -> CardContent | int | None:
        """The content, or the SW3 that says why not, or None when no sound answer came."""
        self._must_reset = True
        reply = await self.ask(Command.SELECT_CARD)
        if reply is None or reply.status != Sw3.SUCCESS:
            return None if reply is None else reply.status
        fingerprint = self._wanted.fingerprint
        reply = await self.ask(Command.READ_CARD_WITH_FINGERPRINT if fingerprint else Command.READ_CARD)
        if reply is None or reply.status != Sw3.SUCCESS:
            return None if reply is None else reply.status
        content = CardContent.from_bytes(reply.data, with_fingerprint=fingerprint)
        if content is None or not self._wanted.new_address or not has_address(content):
            return content
        reply = await self.ask(Command.READ_NEW_ADDRESS)
        if reply is None:
            return None
        if reply.status == Sw3.SUCCESS:
            return replace(content, new_address=reply.data)
        if reply.status in REQUEST_ERRORS:
            log.warning("id_reader_knows_no_new_address", sw3=f"{reply.status:02X}")
        elif reply.status != Sw3.NO_SUCH_ITEM:
            return reply.status  # the old address would pass for the newest
        return content
