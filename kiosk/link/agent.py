"""The kiosk's side of the fleet: keeps its identity, says how it is, does what the desk asks.

Nothing here is waited for by a resident. A desk that is away changes nothing for them.
"""

from __future__ import annotations

import asyncio
import random
import secrets
import shutil
import ssl
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import structlog

from backend.contract.fleet_api import FleetProblem, HeartbeatReply, Orders
from backend.contract.fleet_api import Settings as SettingsReply
from content.schema.text import Text
from kiosk.link.command_kinds.log_bundle import log_bundle
from kiosk.link.command_kinds.print_test import print_test
from kiosk.link.command_kinds.restart import Restart, systemctl_reboot
from kiosk.link.command_kinds.screenshot import screenshot
from kiosk.link.command_kinds.self_test import self_test
from kiosk.link.command_kinds.service import ServiceState, into_service, out_of_service
from kiosk.link.command_kinds.wipe import Wipe
from kiosk.link.commands import Command, Commands, Plain, Task
from kiosk.link.content_installer import ContentInstaller
from kiosk.link.desired_settings import DesiredSettings
from kiosk.link.desk_clock import DeskClock
from kiosk.link.enrolment import BadIdentity, renew
from kiosk.link.errors import ERRORS, ErrorBook
from kiosk.link.fleet_desk import CERTIFICATE_REFUSED, DeskFault, DeskRefusal, DeskSilent, FleetDesk
from kiosk.link.fleet_store import FleetStore
from kiosk.link.heartbeat import Heartbeats, Vitals
from kiosk.link.hours import closed_reason
from kiosk.link.identity_files import Identity, IdentityFiles
from kiosk.link.installer import Installer, TrialInstaller
from kiosk.link.key_store import KeyMissing
from kiosk.link.line import Line, Reachability
from kiosk.link.log_tail import TAIL, LogTail
from kiosk.link.report import ReportBuilder
from kiosk.link.rollouts import Rollouts
from kiosk.link.sequence import Sequence
from kiosk.link.tally import Tally
from kiosk.link.terminal_port import TerminalPort

log = structlog.get_logger()

_LOOK_S = 2.0  # for a new identity, and at the hours
_LOOK_UNREGISTERED_S = 0.5  # whoever has just enrolled it stands before it
_OLD_DESK_S = 60.0  # connections with the certificate before are left this long to end what they do
_RENEW_AGAIN_S = 600.0
_START_AGAIN_S = 1.0
_START_AGAIN_MOST_S = 60.0
_START_TRIES = 3
_POLL_AGAIN_S = 2.0
_KEEP_TIME_S = 6 * 3600.0  # the desk's time is written to the disk so often
_TIME = "desk_time"
_MB = 1024 * 1024

NOT_REGISTERED = Text("本机尚未登记，暂不能使用。", "This terminal is not registered.")
SUSPENDED = Text("本机已停用，等待工作人员检查。", "This terminal is suspended until staff have checked it.")


@dataclass(frozen=True)
class AgentOptions:
    """`desk_url`: where the desk is reached, if not where the kiosk was enrolled. `wait_s`: how long a long poll
    lasts, 0: none. `content()`: the version that serves now."""

    var_dir: Path
    software: str
    content: Callable[[], str]
    desk_url: str = ""
    first_within_s: float = 30.0
    wait_s: int = 240
    restarts_an_hour: int = 3


class FleetAgent:
    """`on_identity(url, context)`: the kiosk is somebody, perhaps with a new certificate: whoever else talks to the
    backend does so with this context from now on. `way`: is told what the connections that are always
    open say of the way to the desk. `hours()`: opening and closing time in force."""

    def __init__(
        self,
        options: AgentOptions,
        files: IdentityFiles,
        store: FleetStore,
        tally: Tally,
        terminal: TerminalPort,
        desired: DesiredSettings,
        *,
        on_identity: Callable[[str, ssl.SSLContext], None],
        hours: Callable[[], tuple[str, str]],
        way: Reachability | None = None,
        errors: ErrorBook = ERRORS,
        tail: LogTail = TAIL,
        installers: Mapping[str, Installer] | None = None,
        content: ContentInstaller | None = None,
        reboot: Callable[[], Awaitable[None]] = systemctl_reboot,
    ) -> None:
        self._options = options
        self._files = files
        self._store = store
        self._tally = tally
        self._terminal = terminal
        self._desired = desired
        self._on_identity = on_identity
        self._hours = hours
        self._way = way or Reachability()
        self._errors = errors
        self._tail = tail
        self._in_force = desired.revision  # what the program was started with
        self._identity: Identity | None = None
        self._connected: FleetDesk | None = None
        self._old: set[asyncio.Task[None]] = set()
        self._working: dict[str, asyncio.Task[None]] = {}
        self._renew_wanted = False
        self._time = time.monotonic
        self._last_beat = self._time()  # a screen that never draws is as old as the program
        self._passed_over: Path | None = None  # an identity the desk does not know, though it knew the one before
        self._time_kept_at = -_KEEP_TIME_S
        self._refused = ""
        self._polling = False
        self._report = ReportBuilder()
        self.clock = DeskClock()
        self.boot = secrets.token_hex(8)
        self.service = ServiceState(terminal, store)
        self._content = content
        known: dict[str, Installer] = {"trial": TrialInstaller(options.var_dir / "trial")}
        if content is not None:
            known["content"] = content
        self.rollouts = Rollouts(
            installers if installers is not None else known,
            store,
            terminal,
            self.clock,
            self._desk,
            options.var_dir / "releases",
        )
        self.commands = Commands(
            self._kinds(reboot), store, self.clock, self._desk, boot=self.boot, epoch=lambda: self._epoch
        )
        self.heartbeats = Heartbeats(
            self._desk,
            Sequence(options.var_dir / "sequence"),
            report=self._report_now,
            vitals=self._vitals,
            errors=errors,
            clock=self.clock,
            on_answer=self._heard,
            first_within_s=options.first_within_s,
            boot=self.boot,
        )

    def interface_beat(self) -> None:
        """The screen draws: called about every second."""
        self._last_beat = self._time()

    async def run(self) -> None:
        """For ever, and whatever goes wrong."""
        try:
            for step in (self.service.restore, self.rollouts.restore, self.commands.recover, self._restore):
                await self._until_done(step, tries=_START_TRIES)
            await self._until_done(self._be_registered)
            async with asyncio.TaskGroup() as group:
                for work in (
                    self.heartbeats.run,
                    self.commands.run,
                    self._wait_for_orders,
                    self._look_after_identity,
                    self._tail_written,
                    self._look_after_content,
                ):
                    group.create_task(self._kept_up(work), name=work.__name__)
        finally:
            await self.commands.stop()
            await self.rollouts.stop()
            for task in (*self._old, *self._working.values()):
                task.cancel()
            if self._connected is not None:
                await self._connected.close()

    async def _restore(self) -> None:
        if (volume := await self._store.fact("volume")) is not None:
            self._terminal.set_volume(int(volume))
        if (told := await self._store.fact(_TIME)) is not None:
            self.clock.hear_floor(datetime.fromisoformat(told))

    # Identity

    async def _be_registered(self) -> None:
        """Until there is an identity; `menkou kiosk enrol` may bring it at any time."""
        while not self._connect():
            self._terminal.close_for("identity", NOT_REGISTERED)
            await asyncio.sleep(_LOOK_UNREGISTERED_S)
        self._terminal.close_for("identity", None)

    def _connect(self, identity: Identity | None = None) -> bool:
        """With the newest identity on the disk, or this one."""
        identity = identity or self._files.current()
        if identity is None:
            return False
        try:
            context = self._files.context(identity)
        except (KeyMissing, OSError, ssl.SSLError) as error:
            log.error("identity_unusable", error=type(error).__name__)
            return False
        url = self._options.desk_url or identity.desk_url
        old, self._connected = self._connected, FleetDesk(url, context)
        self._identity = identity
        self._on_identity(url, context)
        if old is not None:
            task = asyncio.create_task(_close_later(old))
            self._old.add(task)
            task.add_done_callback(self._old.discard)
        log.info("identity_in_use", kiosk=identity.kiosk_id, until=identity.not_after.isoformat())
        return True

    def _fall_back(self) -> bool:
        """The desk does not know this certificate: it may have been put back from a copy that is older than the
        renewal. Once, and with the certificate before; if that one is refused too, it is as it was."""
        identity = self._identity
        if identity is None:
            return False
        if self._passed_over is not None:
            if identity.folder != self._passed_over and self._files.newest() == self._passed_over:
                self._connect()
            return False
        before = self._files.predecessor(identity)
        if before is None or before.not_after <= self.clock.best():
            return False
        self._passed_over = identity.folder
        if not self._connect(before):
            return False
        log.error("identity_fallen_back")
        self.heartbeats.at_once()
        return True

    def _settle(self) -> None:
        """The desk takes the identity in use."""
        identity = self._identity
        if self._passed_over is not None and identity is not None and identity.folder != self._passed_over:
            self._files.return_to(identity)
        self._passed_over = None
        self._be_ours()

    def _desk(self) -> FleetDesk:
        assert self._connected is not None  # noqa: S101 - nothing starts before there is an identity
        return self._connected

    @property
    def _epoch(self) -> int:
        return self._identity.epoch if self._identity is not None else 0

    async def _look_after_identity(self) -> None:
        """A new enrolment is taken up, an old certificate renewed, the hours kept."""
        again_at = 0.0
        while True:
            await asyncio.sleep(_LOOK_S)
            identity = self._identity
            assert identity is not None  # noqa: S101
            if self._files.newest() not in (None, identity.folder, self._passed_over) and self._connect():
                self._passed_over = None
                self._be_ours()
                self.heartbeats.at_once()
                continue
            due = self._renew_wanted or self.clock.best() >= identity.renew_after
            if due and time.monotonic() >= again_at and not self._refused:
                again_at = time.monotonic() + _RENEW_AGAIN_S * random.SystemRandom().uniform(0.5, 1.5)
                await self._renew(identity)
            now = self.clock.plausible()
            self._terminal.close_for("hours", closed_reason(now, *self._hours()) if now is not None else None)

    async def _renew(self, identity: Identity) -> None:
        try:
            answer = await renew(self._files, identity, self._desk())
        except (BadIdentity, KeyMissing, OSError) as error:
            log.error("certificate_not_renewed", error=type(error).__name__)
            return
        if isinstance(answer, Identity):
            self._renew_wanted = False
            self._connect()
            log.info("certificate_renewed", until=answer.not_after.isoformat())
        else:
            code = answer.code if isinstance(answer, DeskRefusal) else answer.reason
            log.error("certificate_not_renewed", error=code)

    def _be_ours(self) -> None:
        self._refused = ""
        self._terminal.close_for("identity", None)

    # What the desk answers

    async def _heard(self, answer: HeartbeatReply | DeskFault) -> None:
        if isinstance(answer, DeskSilent):
            self._way.line(Line.DOUBTFUL)
        else:
            self._way.line(self._line_now())
            self._way.answered()
        if isinstance(answer, DeskSilent) and self._ran_out():
            answer = DeskRefusal(0, CERTIFICATE_REFUSED)
        if isinstance(answer, DeskRefusal) and answer.not_ours:
            if answer.code == FleetProblem.UNKNOWN_IDENTITY and self._fall_back():
                return
            if self._refused != answer.code:
                log.error("identity_refused", code=answer.code)
            self._refused = answer.code
            quarantined = answer.code == FleetProblem.QUARANTINED
            self._terminal.close_for("identity", SUSPENDED if quarantined else NOT_REGISTERED)
        if not isinstance(answer, HeartbeatReply):
            return
        self._settle()
        self._beside("time", self._keep_time)
        if answer.renew:
            self._renew_wanted = True
        await self.commands.take(answer.commands)
        self.rollouts.want(answer.rollout)
        # Neither holds up the next heartbeat: the one may wait for an answer, the other for a resident to leave.
        self._beside("tell", self.commands.tell)
        if answer.settings != self._desired.revision:
            self._beside("settings", self._fetch_settings)

    def _beside(self, name: str, work: Callable[[], Awaitable[None]]) -> None:
        """Do it in the background, once at a time."""
        if name in self._working:
            return

        async def done() -> None:
            try:
                await work()
            except Exception as error:  # noqa: BLE001 - tried again with the next answer
                log.error("desk_answer_not_handled", error=type(error).__name__, at=name)

        task = self._working[name] = asyncio.create_task(done(), name=name)
        task.add_done_callback(lambda _done: self._working.pop(name, None))

    async def _fetch_settings(self) -> None:
        reply = await self._desk().settings()
        if not isinstance(reply, SettingsReply):
            return
        try:
            self._desired.take(reply)
        except OSError as error:
            log.error("settings_not_kept", error=type(error).__name__)
            return
        if "volume" in reply.values:
            await self._store.set_fact("volume", None)  # the setting is newer than the command
        async with self._terminal.between_sessions():
            self._terminal.apply_settings(self._desired.values)
            self._in_force = reply.revision
        log.info("settings_applied", revision=reply.revision)
        self.heartbeats.now()

    async def _wait_for_orders(self) -> None:
        """Urgent commands do not wait for the next heartbeat."""
        if not self._options.wait_s:
            await asyncio.Event().wait()
        chance, failures = random.SystemRandom(), 0
        while True:
            if not self._may_poll():
                await asyncio.sleep(_LOOK_S)
                continue
            # Shorter by chance: who was cut off together must not come back together for ever.
            wait_s = max(1, round(self._options.wait_s * chance.uniform(0.8, 1.0)))
            began = time.monotonic()
            self._polling = True
            self._way.line(Line.WATCHED)
            try:
                orders = await self._desk().wait(wait_s)
            finally:
                self._polling = False
            if isinstance(orders, Orders):
                failures = 0
                await self.commands.take(orders.commands)
                # An answer with nothing in it, and at once, must not become a circle.
                await asyncio.sleep(0.2 if orders.commands or time.monotonic() - began > 1.0 else _POLL_AGAIN_S)
                continue
            self._way.line(Line.DOUBTFUL if isinstance(orders, DeskSilent) else Line.UNWATCHED)
            failures += 1
            pause = chance.uniform(_POLL_AGAIN_S, min(60.0, 10.0 * 2.0 ** min(failures, 5)))
            if isinstance(orders, DeskRefusal) and orders.retry_after_s is not None:
                pause = max(pause, orders.retry_after_s)
            await asyncio.sleep(pause)

    def _may_poll(self) -> bool:
        """Whoever is not heard at the heartbeat is not asked here; and the desk of a large fleet wants no polls."""
        return isinstance(self.heartbeats.last, HeartbeatReply) and self.heartbeats.last.poll

    def _line_now(self) -> Line:
        """Where there is no long poll, each heartbeat has to do."""
        return Line.WATCHED if self._polling or not self._options.wait_s or not self._may_poll() else Line.UNWATCHED

    def _ran_out(self) -> bool:
        """Our certificate, so far as we can tell the time: some desks break such a connection off without a word."""
        now = self.clock.plausible()
        return now is not None and self._identity is not None and now > self._identity.not_after

    async def _keep_time(self) -> None:
        """Now and then, so that a clock without a battery is not believed after the next power cut."""
        now = self.clock.now()
        if now is None or time.monotonic() - self._time_kept_at < _KEEP_TIME_S:
            return
        self.clock.hear_floor(now)
        await self._store.set_fact(_TIME, now.isoformat())
        self._time_kept_at = time.monotonic()

    # What the desk hears

    def _report_now(self) -> bytes:
        devices = {name.value: device.status for name, device in self._terminal.devices.present().items()}
        reason = self.service.reason
        return self._report.build(
            devices,
            software=self._options.software,
            content=self._options.content(),
            settings=self._in_force,
            out_of_service=reason.en if reason is not None else "",
            rollout=self.rollouts.progress,
        )

    async def _vitals(self) -> Vitals:
        cabinet = self._terminal.devices.cabinet
        storage = cabinet.state.storage if cabinet is not None else None
        free = storage.free_bytes if storage is not None else None
        if free is None:
            free = await asyncio.to_thread(lambda: shutil.disk_usage(self._options.var_dir).free)
        temperature = cabinet.state.temperature_c if cabinet is not None else None
        wear = storage.wear_percent if storage is not None else None
        return Vitals(
            session_open=self._terminal.session_open,
            interface_age_s=int(self._time() - self._last_beat),
            temperature_c=round(temperature, 1) if temperature is not None and -60 <= temperature <= 200 else None,
            disk_free_mb=free // _MB,
            disk_wear_pct=max(0, min(255, wear)) if wear is not None else None,
            counters=await self._tally.counters(),
        )

    # Commands

    def _kinds(self, reboot: Callable[[], Awaitable[None]]) -> dict[str, Command]:
        terminal, options = self._terminal, self._options
        logs = options.var_dir / "log"
        return {
            "restart": Restart(terminal, self._store, self.clock, reboot=reboot, most_an_hour=options.restarts_an_hour),
            "self-test": self_test(terminal),
            "out-of-service": out_of_service(self.service),
            "into-service": into_service(self.service),
            "log-bundle": log_bundle(terminal, self._desk, self._tail, logs, self._tally.statistics),
            "screenshot": screenshot(terminal, self._desk),
            "volume": Plain(self._volume),
            "print-test": print_test(terminal),
            "resync": Plain(self._resync),
            "wipe": Wipe(terminal, options.var_dir, self._desk),
        }

    async def _volume(self, task: Task) -> dict[str, Any]:
        percent = task.number("percent", 0, 100)
        await self._store.set_fact("volume", str(percent))
        self._terminal.set_volume(percent)
        return {"percent": percent}

    async def _resync(self, task: Task) -> dict[str, Any]:
        self._desired.revision = 0  # the next answer has them fetched
        self.heartbeats.forget_told()
        self.heartbeats.now()
        return {}

    # Keeping it up

    async def _look_after_content(self) -> None:
        if self._content is None:
            await asyncio.Event().wait()
        else:
            await self._content.look_after(self._desk, self.clock.plausible)

    async def _tail_written(self) -> None:
        await self._tail.run(self._options.var_dir / "log")

    async def _until_done(self, step: Callable[[], Awaitable[None]], tries: int | None = None) -> None:
        """A fault at the start, such as an identity of another user's, is looked at again until it is mended, or so
        many times: a kiosk that has forgotten something is better than one that is not heard."""
        failures = 0
        while failures != tries:
            try:
                await step()
                return
            except Exception as error:  # noqa: BLE001
                log.error("agent_not_started", error=type(error).__name__, at=step.__name__)
                if step == self._be_registered:
                    self._terminal.close_for("identity", NOT_REGISTERED)
            failures += 1
            await asyncio.sleep(min(_START_AGAIN_MOST_S, _START_AGAIN_S * 2.0 ** min(failures - 1, 6)))

    async def _kept_up(self, work: Callable[[], Awaitable[None]]) -> None:
        """A bug in one part is logged and the part begun again: a kiosk that falls silent has to be visited."""
        while True:
            try:
                await work()
            except Exception as error:  # noqa: BLE001
                log.error("agent_part_failed", error=type(error).__name__, at=work.__name__)
            await asyncio.sleep(30.0)


async def _close_later(desk: FleetDesk) -> None:
    await asyncio.sleep(_OLD_DESK_S)
    await desk.close()
