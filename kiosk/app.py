"""The wiring: settings → content → devices → journal → backend link → workers → reception."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from importlib import metadata
from typing import Any, Protocol

import structlog

from backend.contract.kiosk_api import Payment
from backend.contract.kiosk_settings import SETTINGS
from backend.contract.service_api import CaseReceipt
from content.load import Pack
from content.schema.text import Text
from drivers.cabinet.port import Cabinet
from drivers.cabinet.sd_notify import SystemdNotifier
from drivers.manager import DeviceSet, read_devices
from drivers.receipt_printer.port import Receipt
from kiosk.at_rest import AtRest
from kiosk.fleet_terminal import FleetTerminal
from kiosk.identity.face.config import FaceConfig
from kiosk.identity.face.port import FaceVerifier
from kiosk.identity.face.verifier import FaceRecognitionVerifier
from kiosk.idle import PatientStage
from kiosk.journal.journal import Journal
from kiosk.journal.recovery import Recovery
from kiosk.journeys.context import Terminal
from kiosk.journeys.service_slips import slip_of
from kiosk.journeys.waiting import ended
from kiosk.keypad import pass_keys_on
from kiosk.keys import KeyPress
from kiosk.link.agent import AgentOptions, FleetAgent
from kiosk.link.client import BackendLink
from kiosk.link.command_kinds.wipe import finish_wipe
from kiosk.link.content_installer import ContentInstaller
from kiosk.link.content_store import ContentStore
from kiosk.link.content_trust import ContentTrust
from kiosk.link.desired_settings import DesiredSettings
from kiosk.link.fleet_store import FleetStore
from kiosk.link.identity_files import IdentityFiles
from kiosk.link.key_store import key_store, tpm_device
from kiosk.link.tally import Tally
from kiosk.reception import Reception
from kiosk.screens import Screen, Stage
from kiosk.self_check import self_check
from kiosk.settings import KioskSettings
from kiosk.vitals import watched
from kiosk.workers.paper_camera import PaperCameraWorker
from kiosk.workers.pdf_raster import PdfRasteriser

log = structlog.get_logger()


class LiveStage(Stage, Protocol):
    """The stage as the program sees it: what journeys use, the two buttons that are always there, and the keypad."""

    on_leave: Callable[[], None] | None
    on_call_staff: Callable[[], None] | None

    def press(self, press: KeyPress) -> None:
        """A key of the accessible keypad."""

    def beat(self, call: Callable[[], None]) -> None:
        """Call `call` about every second, from the interface's own clock: a sign that it draws and hears."""

    async def picture(self) -> bytes:
        """What is on the screen, PNG."""

    async def try_out(self, screen: Screen[Any]) -> None:
        """Draw a screen where nobody sees it. Raises whatever goes wrong."""


class Program:
    """One terminal, from power-on. Faults of devices and backend are states; only broken content or settings stop
    it, with a sentence for the technician."""

    def __init__(self, settings: KioskSettings) -> None:
        self.settings = settings
        # Read before any window opens: what is wrong here is told on the terminal's console.
        self.content = ContentStore(settings.var_dir / "content", settings.content_dir)
        self.pack: Pack = self.content.open()
        self.devices: DeviceSet = read_devices(settings.devices_file)
        self.identity = IdentityFiles(settings.var_dir / "identity", key_store())
        finish_wipe(settings.var_dir, self.identity)
        self.desired = DesiredSettings(settings.var_dir / "settings.json")
        self._own = {key: getattr(settings, key) for key in SETTINGS}
        for key, value in self.desired.values.items():
            setattr(settings, key, value)
        self._stop = asyncio.Event()
        self._tasks: set[asyncio.Task[Any]] = set()

    @property
    def site(self) -> Text:
        return Text(self.settings.site, self.settings.site_en)

    async def run(self, stage: LiveStage) -> None:
        """Until the desk orders a restart; on the interface's loop."""
        settings = self.settings
        journal = await Journal.open(settings.var_dir / "journal.sqlite3")
        store = await FleetStore.open(settings.var_dir / "fleet.sqlite3")
        link = BackendLink()
        raster = PdfRasteriser()
        face = self._face()
        paper_camera = PaperCameraWorker(self.devices.camera.source) if self.devices.camera is not None else None
        await self.devices.open()
        patient = PatientStage(stage, more_time_s=settings.more_time_s, scale=settings.idle_scale)
        terminal = Terminal(
            settings=settings,
            stage=patient,
            devices=self.devices,
            link=link,
            journal=journal,
            face=face,
            raster=raster,
            paper_camera=paper_camera,
        )
        recovery = Recovery(
            journal,
            link,
            document_printer=self.devices.document_printer,
            receipt_printer=self.devices.receipt_printer,
            slip=self._slip,
        )
        reception = Reception(terminal, self.pack, recovery)
        at_rest = self._at_rest(self.devices.cabinet, terminal, reception) if self.devices.cabinet else None
        agent = self._agent(terminal, reception, patient, at_rest, store, link, stage)
        stage.on_leave = reception.leave
        stage.on_call_staff = lambda: self._background(reception.call_staff())
        log.info("kiosk_started", terminal=settings.terminal, content=self.pack.version)
        if face is not None:
            self._background(face.warm_up())
        if self.devices.keypad is not None:
            self._background(pass_keys_on(self.devices.keypad, stage.press, terminal.loudness))
        if self.devices.cabinet is not None:
            terminal.loudness.reset()
        if at_rest is not None:
            self._background(at_rest.run())
        self._background(agent.run())
        try:
            async with watched(
                SystemdNotifier.from_environment(),
                stage.beat,
                journal.open_intents,
                reception.after_each_health_round,
                settings.watchdog,
            ):
                await self._until_stopped(reception)
        finally:
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)
            if face is not None:
                await face.close()
            await raster.close()
            if paper_camera is not None:
                await paper_camera.close()
            await self.devices.close()
            await link.close()
            await store.close()
            await journal.close()

    async def _until_stopped(self, reception: Reception) -> None:
        day = asyncio.ensure_future(reception.run())
        stopped = asyncio.ensure_future(self._stop.wait())
        try:
            await asyncio.wait({day, stopped}, return_when=asyncio.FIRST_COMPLETED)
            if day.done():
                await day  # a bug: raises it
            log.info("kiosk_stops")
        finally:
            await ended(day, stopped)

    def _agent(
        self,
        terminal: Terminal,
        reception: Reception,
        patient: PatientStage,
        at_rest: AtRest | None,
        store: FleetStore,
        link: BackendLink,
        stage: LiveStage,
    ) -> FleetAgent:
        settings = self.settings
        version = metadata.version("menkou")

        def applied() -> None:
            if at_rest is not None:
                at_rest.dim(settings.dim_after_s, settings.dim_percent)
            if settings.face_enabled and terminal.face is None:
                terminal.face = self._face()
            elif not settings.face_enabled:
                terminal.face = None

        facts = {
            "terminal": settings.terminal,
            "software": version,
            "content": self.pack.version,
            "tpm": tpm_device() is not None,
            "key_store": self.identity.keys.kind,
        }

        def use(pack: Pack) -> None:
            log.info("content_in_use", content=pack.version)
            self.pack, facts["content"] = pack, pack.version
            reception.use(pack)

        content = ContentInstaller(
            self.content,
            ContentTrust(settings.var_dir / "content" / "trust", self._content_root),
            self.pack,
            use=use,
            check=lambda old, new: self_check(old, new, stage.try_out),
        )
        port = FleetTerminal(
            terminal,
            reception,
            patient,
            own=self._own,
            picture=stage.picture,
            stop=self._stop.set,
            applied=applied,
            facts=facts,
        )
        tally = Tally(store, terminal.journal)
        reception.on_session_ended = lambda how: self._background(tally.session_ended(how))
        options = AgentOptions(
            var_dir=settings.var_dir,
            software=version,
            content=content.version,
            desk_url=settings.backend_url,
            first_within_s=settings.first_heartbeat_s,
            wait_s=settings.wait_s,
            restarts_an_hour=settings.restarts_an_hour,
        )
        agent = FleetAgent(
            options,
            self.identity,
            store,
            tally,
            port,
            self.desired,
            on_identity=link.use,
            way=link.way,
            hours=lambda: (settings.opens_at, settings.closes_at),
            content=content,
        )
        stage.beat(agent.interface_beat)
        return agent

    def _content_root(self) -> bytes | None:
        """From the image if it brings one; what the desk said at enrolment otherwise."""
        if self.settings.content_root is not None:
            try:
                return self.settings.content_root.read_bytes()
            except OSError:
                log.error("content_root_unreadable")
                return None
        identity = self.identity.current()
        return identity.content_root() if identity is not None else None

    def _face(self) -> FaceVerifier | None:
        settings = self.settings
        if not settings.face_enabled or self.devices.camera is None:
            return None
        config = FaceConfig(threshold=settings.face_threshold, band=settings.face_band)
        return FaceRecognitionVerifier(self.devices.camera.source, config)

    def _at_rest(self, cabinet: Cabinet, terminal: Terminal, reception: Reception) -> AtRest:
        return AtRest(
            cabinet,
            terminal.loudness,
            dim_after_s=self.settings.dim_after_s,
            dim_percent=self.settings.dim_percent,
            at_home=lambda: reception.at_home,
            last_touch=terminal.stage.last_touch,
        )

    def _slip(self, done: Payment | CaseReceipt, copy: bool) -> Receipt:
        return slip_of(done, self.settings, copy=copy)

    def _background(self, work: Awaitable[Any]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            # A bug. Its message may quote anything: only its kind and place are said.
            log.error("background_work_failed", error=type(error).__name__, at=getattr(task.get_coro(), "__name__", ""))
