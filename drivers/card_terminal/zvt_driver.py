"""Card terminals that speak ZVT (PA00P015), over TCP or a serial line (PA00P016)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

import structlog

from drivers.card_terminal import zvt_apdu
from drivers.card_terminal.base import BaseCardTerminal, Ears, Patience, Untold
from drivers.card_terminal.port import CardOutcome, CardResult, EndOfDay
from drivers.card_terminal.zvt_apdu import CONFIG_BYTE, DIAGNOSIS, SERVICE_BYTE, STATUS_ENQUIRY, Command
from drivers.card_terminal.zvt_channel import Heard, ZvtChannel
from drivers.card_terminal.zvt_codes import NOT_READY, PLEASE_WAIT, Remedy, prompts, trouble
from drivers.card_terminal.zvt_link import DEVICE, ApduLink, SerialLink, TcpLink, ZvtTimings
from drivers.card_terminal.zvt_verdict import completed, day_result, money_result, newest_transaction
from drivers.link.serial import SerialSettings, open_serial
from drivers.link.stream import ByteStream, LinkLost
from drivers.link.supervise import Backoff, end_supervision, keep_connected
from drivers.link.tcp import TcpSettings, open_tcp
from drivers.status import Action, DeviceState, DeviceStatus

log = structlog.get_logger()


@dataclass(frozen=True)
class ZvtSettings:
    """`password`: six digits, 000000 unless the terminal's owner set another. `currency`: ISO 4217. `encoding`: of
    the receipts' lines. `text_blocks`: tell the terminal that we take receipts in blocks (06 D3). `repeat_receipt`:
    whether it can be asked for its newest transaction (06 20); False for one that would print it on paper, at the
    price that payments in doubt stay with the staff."""

    line: TcpSettings | SerialSettings
    password: int = field(default=0, repr=False)
    currency: int = 156
    config_byte: int = CONFIG_BYTE
    service_byte: int = SERVICE_BYTE
    text_blocks: bool = True
    repeat_receipt: bool = True
    encoding: str = "gb18030"
    timings: ZvtTimings = field(default_factory=ZvtTimings)
    backoff: Backoff = field(default_factory=lambda: Backoff(0.5, 10.0, 10.0))


class ZvtCardTerminal(BaseCardTerminal):
    """A `CardTerminal`."""

    def __init__(self, settings: ZvtSettings) -> None:
        super().__init__()
        self._settings = settings
        self._timings = settings.timings
        self._channel: ZvtChannel | None = None
        self._channel_changed = asyncio.Condition()
        self._keeper: asyncio.Task[None] | None = None
        self._closing = False
        self._terminal = ""
        self._software = ""
        self._registered = False
        self._register_pause = settings.timings.busy_pause  # until it is tried again
        self._code: int | None = None  # why the terminal takes no payments although it answers

    # Device

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

    async def diagnose(self) -> bool:
        """06 70: whether the terminal reached its bank."""
        return await self._alone(self._diagnose, refused=False)

    # the connection

    async def _connect(self) -> ByteStream:
        line = self._settings.line
        return await (open_tcp(line) if isinstance(line, TcpSettings) else open_serial(line))

    def _link(self, stream: ByteStream) -> ApduLink:
        if isinstance(self._settings.line, TcpSettings):
            return TcpLink(stream, self._settings.encoding)
        return SerialLink(stream, self._settings.encoding, self._timings)

    async def _serve(self, stream: ByteStream) -> None:
        channel = ZvtChannel(self._link(stream), self._timings)
        tasks = {asyncio.create_task(channel.run()), asyncio.create_task(self._keep(channel))}
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        except LinkLost as lost:
            raise channel.reason or lost from lost
        finally:
            channel.end(LinkLost("connection closed"))
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)
            await self._publish(None)

    async def _keep(self, channel: ZvtChannel) -> None:
        """Register, and then see that neither side forgets the other."""
        self._mark_asked, self._registered = self._mark_known, False
        while True:
            if await self._register(channel):
                break
            await asyncio.sleep(self._register_pause)
        await self._publish(channel)
        while True:
            async with self._turn:
                await channel.answer_unasked()
                await self._remedy(channel)
                if not self._mark_asked and not self._shut:
                    await self._learn_mark(Patience.NONE)
            with suppress(TimeoutError):
                interval = self._timings.enquiry_interval
                async with asyncio.timeout(interval if self._registered else self._register_pause):
                    await channel.unasked.wait()
                    continue
            if not self._registered:
                continue
            async with self._turn:
                await self._enquire(channel)

    async def _register(self, channel: ZvtChannel) -> bool:
        """Once: whoever has the turn must not keep it from a payment or a question. Whether it is done; LinkLost when
        the terminal does not take part."""
        settings = self._settings
        command = zvt_apdu.registration(
            settings.password,
            settings.currency,
            settings.config_byte,
            settings.service_byte,
            text_blocks=settings.text_blocks,
        )
        heard = await self._ask(channel, command, self._timings.registration)
        code = heard.refused if heard.refused is not None else heard.abort
        self._registered = code is None
        self._register_pause = self._timings.busy_pause
        if code is None:
            self._code = None
            log.info("card_terminal_registered", terminal=self._identity)
            self._set_state(DeviceStatus(DeviceState.ONLINE))
        elif code in (NOT_READY, PLEASE_WAIT):
            self._note_code(code)
        else:
            self._register_pause *= 10
            self._fault(code, "registration refused")
        return self._registered

    async def _remedy(self, channel: ZvtChannel) -> None:
        """What can be done without anybody about the trouble the terminal last spoke of."""
        found = trouble(self._code)
        if not self._registered:
            await self._register(channel)
        elif found is None:
            return
        elif found.remedy is Remedy.DIAGNOSE:
            await self._ask_for_diagnosis(channel)
        elif found.remedy is Remedy.WAIT:
            await self._enquire(channel)

    async def _enquire(self, channel: ZvtChannel) -> None:
        heard = await self._ask(channel, STATUS_ENQUIRY, self._timings.registration)
        found = trouble(self._code)
        if heard.completion is not None and self._registered and (found is None or found.remedy is Remedy.WAIT):
            self._code = None
            self._set_state(DeviceStatus(DeviceState.ONLINE))
        elif heard.completion is None:
            self._note_code(heard.refused if heard.refused is not None else heard.abort)

    async def _ask_for_diagnosis(self, channel: ZvtChannel) -> bool:
        heard = await self._ask(channel, DIAGNOSIS, self._timings.diagnosis)
        reached = completed(heard)
        found = trouble(self._code)
        if reached and found is not None and found.remedy is Remedy.DIAGNOSE:
            self._code = None
            self._set_state(DeviceStatus(DeviceState.ONLINE))
        return reached

    async def _ask(self, channel: ZvtChannel, command: Command, silence_s: float) -> Heard:
        """A command that moves no money, to its end."""
        heard = Heard()
        await channel.converse(command, heard, silence_s)
        if heard.completion is not None:
            fields = heard.completion.fields
            terminal = fields.terminal or next((each.terminal for each in heard.statuses if each.terminal), "")
            self._identify(terminal, heard.completion.software)
        return heard

    def _identify(self, terminal: str, software: str = "") -> None:
        if terminal:
            self._terminal = terminal
        if software:
            self._software = software
        known = (f"terminal {self._terminal}" if self._terminal else "", self._software)
        self._identity = ", ".join(part for part in known if part)

    async def _publish(self, channel: ZvtChannel | None) -> None:
        async with self._channel_changed:
            self._channel = channel
            self._channel_changed.notify_all()

    async def _connected(self) -> ZvtChannel | None:
        """A channel that is registered, waiting a little for one; None when there is none or we are closing."""
        with suppress(TimeoutError):
            async with asyncio.timeout(self._timings.connect_grace), self._channel_changed:
                while not self._closing and (self._channel is None or not self._channel.alive):
                    if self._keeper is None:
                        return None
                    await self._channel_changed.wait()
                return None if self._closing else self._channel
        return None

    def _on_lost(self, reason: LinkLost) -> None:
        self._set_state(DeviceStatus(DeviceState.OFFLINE, action=Action.MAINTENANCE, detail=str(reason)))

    def _note_code(self, code: int | None) -> None:
        """Remember what a code says against the terminal itself."""
        found = trouble(code)
        if found is not None and code is not None:
            self._code = code
            if found.remedy is Remedy.REGISTER:
                self._registered = False
            detail = f"{found.detail} ({code:02X})"
            self._set_state(DeviceStatus(found.device, action=found.action, detail=detail))

    def _fault(self, code: int, what: str) -> None:
        self._set_state(
            DeviceStatus(DeviceState.HARDWARE_ERROR, action=Action.MAINTENANCE, detail=f"{what} ({code:02X})")
        )

    # what `BaseCardTerminal` asks for

    def _interrupt(self) -> None:
        if self._channel is not None:
            self._channel.stir()

    async def _prepare(self) -> bool:
        for _ in range(2):
            channel = await self._connected()
            if channel is None:
                return False
            if self._registered and asyncio.get_running_loop().time() - channel.heard_at < self._timings.fresh:
                return True
            try:
                return await self._register_in_time(channel)
            except LinkLost:
                continue  # it had died while nobody looked: once more on a new connection
        return False

    async def _register_in_time(self, channel: ZvtChannel) -> bool:
        """As `_register`, waiting a little for a terminal that is busy."""
        patience = asyncio.get_running_loop().time() + self._timings.busy_grace
        while not await self._register(channel):
            busy = self._code in (NOT_READY, PLEASE_WAIT)
            if not busy or asyncio.get_running_loop().time() > patience:
                return False
            await asyncio.sleep(self._timings.busy_pause)
        return True

    async def _take(self, amount: int, ears: Ears) -> CardResult:
        def on_status(code: int) -> None:
            for prompt in prompts(code):
                ears.hear(prompt)

        return await self._money_command(zvt_apdu.authorisation(amount), amount, on_status)

    async def _give_back(self, receipt: int) -> CardResult:
        return await self._money_command(zvt_apdu.reversal(self._settings.password, receipt), None, lambda code: None)

    async def _money_command(
        self, command: Command, amount: int | None, on_status: Callable[[int], None]
    ) -> CardResult:
        heard = Heard()
        patience = asyncio.get_running_loop().time() + self._timings.busy_grace
        with suppress(LinkLost):
            while (channel := self._channel) is not None:
                heard = Heard()
                await channel.converse(command, heard, self._timings.t4, on_status, lambda: self._cancelled)
                if heard.refused != NOT_READY or asyncio.get_running_loop().time() > patience:
                    break
                await asyncio.sleep(self._timings.busy_pause)  # refused: not begun, so it may be said again
        result = money_result(heard, amount, self._settings.currency)
        if result.outcome is CardOutcome.NOT_POSSIBLE:
            self._note_code(result.code)
        if result.outcome is CardOutcome.UNKNOWN:
            log.error("card_terminal_doubt", amount_as_asked=amount is None or result.amount == amount)
        if result.terminal:
            self._identify(result.terminal)
        self._wake_keeper()
        return result

    async def _newest(self, patience: Patience) -> CardResult | Untold:
        """Never `Untold.NONE`: the protocol has no answer that says so, only refusals with many reasons."""
        if not self._settings.repeat_receipt:
            return Untold.CANNOT_TELL
        command = zvt_apdu.repeat_receipt(self._settings.password)
        waits = {Patience.PAYMENT: self._timings.busy_grace, Patience.RECOVERY: self._timings.recovery}
        deadline = asyncio.get_running_loop().time() + waits.get(patience, 0.0)
        while True:
            channel = self._channel
            if channel is None:
                raise LinkLost("terminal not connected")
            heard = await self._ask(channel, command, self._timings.registration)
            code = heard.refused if heard.refused is not None else heard.abort
            if code not in (NOT_READY, PLEASE_WAIT):
                return newest_transaction(heard, self._settings.currency) or Untold.CANNOT_TELL
            if asyncio.get_running_loop().time() > deadline:
                raise LinkLost("terminal busy")
            await asyncio.sleep(self._timings.busy_pause)

    async def _hand_in(self) -> EndOfDay:
        heard = Heard()
        channel = self._channel
        if channel is not None:
            with suppress(LinkLost):
                await channel.converse(zvt_apdu.end_of_day(self._settings.password), heard, self._timings.t4)
        result = day_result(heard)
        self._counters["end_of_days"] += result.done
        if result.done:
            self._code = None
            self._set_state(DeviceStatus(DeviceState.ONLINE))
        else:
            self._note_code(heard.refused if heard.refused is not None else heard.abort)
        self._wake_keeper()
        return result

    async def _diagnose(self) -> bool:
        async with self._turn:
            if not await self._prepare() or self._channel is None:
                return False
            try:
                return await self._ask_for_diagnosis(self._channel)
            except LinkLost:
                return False

    async def _ask_how_it_is(self) -> None:
        channel = self._channel
        if channel is not None and channel.alive:
            await self._enquire(channel)

    def _wake_keeper(self) -> None:
        """So that it learns the newest transaction, and mends what it can, before the next resident comes."""
        if self._channel is not None:
            self._channel.unasked.set()
