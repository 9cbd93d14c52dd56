"""`ReceiptPrinter` over ESC/POS, on any kind of line.

The line is kept open and watched, and opened anew by its name after a loss: a printer that was switched off, unplugged
or exchanged meanwhile is found again without anybody's help.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Coroutine
from dataclasses import replace
from typing import Any, TypeVar

import structlog

from drivers.link.stream import ByteStream, LinkLost
from drivers.link.supervise import end_supervision, keep_connected
from drivers.link.trace import Way, trace
from drivers.receipt_printer.channel import DEVICE, PrinterChannel
from drivers.receipt_printer.lines import Connect, LineSettings, connector, seconds_on_the_wire
from drivers.receipt_printer.port import Receipt, ReceiptOutcome
from drivers.receipt_printer.printer_status import device_status, fault_of, silent
from drivers.receipt_printer.profile import GENERIC_80, PrinterProfile
from drivers.receipt_printer.render import render
from drivers.receipt_printer.slip_job import SlipJob
from drivers.receipt_printer.status_codec import CLEAR_BUFFER, Flag
from drivers.receipt_printer.timing import Timing
from drivers.status import Action, DeviceState, DeviceStatus

log = structlog.get_logger()
T = TypeVar("T")
LOOKS = 3  # at a printer that keeps changing


class EscPosReceiptPrinter:
    """One printer; commands run one after the other, and a cancelled caller never leaves half a command behind."""

    def __init__(
        self,
        settings: LineSettings,
        profile: PrinterProfile = GENERIC_80,
        *,
        timing: Timing | None = None,
        connect: Connect | None = None,
        software_flow: bool = False,
    ) -> None:
        """`connect` opens another kind of line than that of `settings`, whose speed still counts. `software_flow`:
        XON/XOFF is obeyed here and not in the kernel, which would hold back the status questions too."""
        self._settings = settings
        self._profile = profile
        self._timing = timing or Timing()
        self._connect = connect or connector(settings)
        self._software_flow = software_flow
        self._lock = asyncio.Lock()
        self._running: set[asyncio.Task[Any]] = set()
        self._task: asyncio.Task[None] | None = None
        self._closed = False
        self._channel: PrinterChannel | None = None
        self._attempted = asyncio.Event()  # connected, or failed to, since the start
        self._connected = asyncio.Event()
        self._told = DeviceStatus()  # by the printer itself
        self._status = DeviceStatus()
        self._counters: dict[str, int] = {"slips": 0}
        self._identity = ""
        self._left_over = False  # of a slip, in the printer
        self._mistrusted = (
            False  # it has called a slip printed that was not; until one is, or it is switched off and on
        )

    async def open(self) -> None:
        """Connects and asks for the status; an absent printer is a status, not an error."""
        self._closed = False
        await self.refresh()

    async def close(self) -> None:
        """Waits for the command in work."""
        self._closed = True
        await asyncio.gather(*self._running, return_exceptions=True)
        task, self._task = self._task, None
        await end_supervision(task)
        await asyncio.gather(*self._running, return_exceptions=True)

    @property
    def status(self) -> DeviceStatus:
        return self._status

    async def refresh(self) -> DeviceStatus:
        return await self._exclusively(self._refresh())

    async def print_receipt(self, receipt: Receipt) -> ReceiptOutcome:
        data = await asyncio.to_thread(render, receipt, self._profile)
        outcome = await self._exclusively(self._print(data))
        log.info("receipt", outcome=outcome.value, octets=len(data))
        return outcome

    async def cut_count(self) -> int | None:
        if self._profile.cut_counter is None:
            return None
        return await self._exclusively(self._count(self._profile.cut_counter))

    # --- commands, each under the lock ------------------------------------------------------------------------------

    async def _exclusively(self, command: Coroutine[Any, Any, T]) -> T:
        """Run to its end even if the caller goes away: half a raster image would swallow the next command."""

        async def run() -> T:
            async with self._lock:
                return await command

        task = asyncio.create_task(run())
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return await asyncio.shield(task)

    async def _refresh(self) -> DeviceStatus:
        self._keep_connected()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._timing.connect_s):
                await self._attempted.wait()
        if self._channel is not None:
            await self._attend(self._channel)
        return self._status

    async def _print(self, data: bytes) -> ReceiptOutcome:
        found = await self._answering()
        if found is None:
            return ReceiptOutcome.OFFLINE
        channel, before = found
        if fault := fault_of(before):
            return fault
        job = SlipJob(
            channel, self._profile, self._timing, self._look, lambda n: seconds_on_the_wire(self._settings, n)
        )
        self._left_over = self._profile.clear_buffer
        try:
            outcome = await job.run(data)
            self._left_over = self._left_over and outcome is not ReceiptOutcome.PRINTED
            await self._clear_left_over(channel)
        except LinkLost:
            return ReceiptOutcome.UNKNOWN
        self._counters["slips"] += outcome is ReceiptOutcome.PRINTED
        self._mistrusted = job.nothing_moved or (self._mistrusted and outcome is not ReceiptOutcome.PRINTED)
        if job.cuts is not None:
            self._counters["cuts"] = job.cuts
        self._set_status(self._told)
        return outcome

    async def _clear_left_over(self, channel: PrinterChannel) -> None:
        """What is left in the printer of a slip that was not confirmed must not come out later, when its money has
        been given back. Sent at once, and again to a printer that was not listening. LinkLost."""
        if not self._left_over:
            return
        await channel.write(CLEAR_BUFFER, "DLE DC4 8")
        self._left_over = channel.silent_looks > 0

    async def _count(self, counter: int) -> int | None:
        found = await self._answering()
        if found is None:
            return None
        channel, flags = found
        if fault_of(flags):
            return None  # the counter is a buffered command: now it would be answered after the repair
        try:
            return await channel.ask_counter(counter)
        except LinkLost:
            return None

    async def _answering(self) -> tuple[PrinterChannel, frozenset[Flag]] | None:
        """A connection on which the printer has just answered, and how it is. A line that died unnoticed is opened
        anew: nothing has been sent on it that could be sent twice."""
        for _ in range(2):
            channel = await self._ready_channel()
            if channel is None:
                return None
            with contextlib.suppress(LinkLost):
                channel.forget_replies()
                if (flags := await self._look(channel)) is not None:
                    await self._clear_left_over(channel)
                    return channel, flags
                await channel.drop(self._status.detail)
            if self._channel is channel:
                self._connected.clear()
        return None

    # --- status -----------------------------------------------------------------------------------------------------

    async def _attend(self, channel: PrinterChannel) -> None:
        """Look at the printer, and see to it that it reports by itself and has told its name."""
        try:
            channel.forget_replies()
            flags = await self._look(channel)
            if flags is None:
                if channel.heard_at is not None or channel.silent_looks >= self._timing.silent_looks:
                    await channel.drop(self._status.detail)  # the next look starts from the path again
                return
            await self._clear_left_over(channel)
            if fault_of(flags):
                return  # what follows would be answered after the repair
            now = asyncio.get_running_loop().time()
            bits = self._profile.automatic_status
            if bits is not None and (channel.armed_at is None or now - channel.armed_at >= self._timing.rearm_s):
                await channel.arm(bits)
            if self._profile.identity and not self._identity:
                self._identity = await channel.ask_identity() or "ESC/POS printer"
                self._set_status(self._told)
        except LinkLost as lost:
            self._on_lost(lost)

    async def _look(self, channel: PrinterChannel) -> frozenset[Flag] | None:
        """Ask DLE EOT 1-4 and keep the status; None if the printer does not answer, which is never OK. LinkLost."""
        for _ in range(LOOKS):
            seen = channel.automatic_seen
            flags: set[Flag] = set()
            for n in self._profile.status_queries:
                answer = await channel.ask_status(n)
                if answer is None:
                    channel.silent_looks += 1
                    self._set_status(silent(f"no answer to DLE EOT {n}"))
                    return None
                flags |= answer
            if channel.automatic_seen == seen:
                break  # else something changed between the first answer and the last: look again
        channel.silent_looks = 0
        known = self._believed(frozenset(flags))
        self._set_status(device_status(known))
        return known

    def _on_automatic(self, flags: frozenset[Flag]) -> None:
        """A change the printer reports by itself."""
        self._set_status(device_status(self._believed(flags)))

    def _believed(self, flags: frozenset[Flag]) -> frozenset[Flag]:
        return flags if self._profile.near_end_sensor else flags - {Flag.PAPER_NEAR_END}

    def _set_status(self, status: DeviceStatus) -> None:
        self._told = status
        if self._mistrusted and status.device is DeviceState.ONLINE:
            status = replace(
                status,
                device=DeviceState.HARDWARE_ERROR,
                action=Action.MAINTENANCE,
                detail="says printed, does not cut",
            )
        status = replace(status, counters=dict(self._counters), identity=self._identity)
        if not status.same_trouble(self._status):
            log.info("receipt_printer_status", device=status.device.value, detail=status.detail)
        self._status = status

    # --- the line ---------------------------------------------------------------------------------------------------

    def _keep_connected(self) -> None:
        if self._closed or self._task is not None:
            return
        self._attempted.clear()
        self._task = keep_connected(DEVICE, self._connect, self._session, self._on_lost, self._timing.backoff)

    async def _ready_channel(self) -> PrinterChannel | None:
        """The connection, waiting a moment for one that is just coming back."""
        self._keep_connected()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._timing.connect_s):
                await self._connected.wait()
        return self._channel

    async def _session(self, stream: ByteStream) -> None:
        trace(DEVICE, Way.NOTE, "connected")
        self._mistrusted = False
        channel = PrinterChannel(stream, self._timing, self._on_automatic, software_flow=self._software_flow)
        watching = asyncio.create_task(self._watch(channel))
        self._channel = channel
        self._connected.set()
        self._attempted.set()
        try:
            await channel.listen()
        finally:
            self._channel = None
            self._connected.clear()
            watching.cancel()
            await asyncio.wait([watching])

    async def _watch(self, channel: PrinterChannel) -> None:
        """Keeps an eye on an idle printer, so that a dead line is found and opened anew before a resident comes."""
        while True:
            await self._exclusively(self._attend(channel))
            await asyncio.sleep(self._timing.watch_s)

    def _on_lost(self, lost: LinkLost) -> None:
        trace(DEVICE, Way.NOTE, str(lost))
        self._set_status(silent(str(lost), DeviceState.OFFLINE))
        self._attempted.set()
