"""The cabinet: all desks together, and the state they make up."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import replace

from drivers.virtual.cabinet import a4_desk, cards, devices_file, id_reader_desk, presets, receipt_desk
from drivers.virtual.cabinet.a4_desk import DocumentPrinterDesk
from drivers.virtual.cabinet.camera_stream import CameraStream, Scene, Who
from drivers.virtual.cabinet.desk import Desk, RefusedError
from drivers.virtual.cabinet.events import EventLog
from drivers.virtual.cabinet.faces import SHAPES
from drivers.virtual.cabinet.id_reader_desk import IdReaderDesk
from drivers.virtual.cabinet.named import Named
from drivers.virtual.cabinet.network import Cable, CableState
from drivers.virtual.cabinet.phone import PAY_OUTCOMES, Phone
from drivers.virtual.cabinet.receipt_desk import ReceiptPrinterDesk
from drivers.virtual.cabinet.scanner_desk import ScannerDesk
from drivers.virtual.cabinet.settings import CabinetSettings
from drivers.virtual.cabinet.state import (
    CabinetState,
    CameraCall,
    CameraView,
    EventView,
    NetworkView,
    PhoneView,
    ScreenView,
)

BACKEND_CHECK_S = 2.0
EVENTS_SHOWN = 60


class Cabinet:
    """Everything in and on the steel box that is not there. `start` never fails because of a device."""

    def __init__(self, settings: CabinetSettings) -> None:
        self.settings = settings
        run, speed = settings.run_dir.absolute(), settings.speed
        self.devices_file = run / "devices.toml"
        self.events = EventLog()
        self.id_reader = IdReaderDesk(run / "dev" / "id_reader", speed, self.events)
        self.document_printer = DocumentPrinterDesk(run / "a4", settings.document_printer_port, speed, self.events)
        self.scanner = ScannerDesk(run / "dev" / "scanner", speed, self.events)
        self.receipt_printer = ReceiptPrinterDesk(run / "dev" / "receipt_printer", speed, self.events)
        self.desks: tuple[Desk, ...] = (self.id_reader, self.scanner, self.receipt_printer, self.document_printer)
        self.camera = CameraStream(settings.camera_fps)
        self.phone = Phone(settings, self.events)
        self.cable = Cable(settings.host, settings.network_port, settings.backend_url, self.events)
        self._backend_online = False
        self._watch: asyncio.Task[None] | None = None
        self.stopping = False

    async def start(self) -> None:
        (self.settings.run_dir / "dev").mkdir(parents=True, exist_ok=True)
        self.devices_file.unlink(missing_ok=True)  # of an earlier run: a kiosk must not read it meanwhile
        await asyncio.gather(self.cable_start(), self.camera.start(), *(desk.start() for desk in self.desks))
        await self.phone.start()
        self._watch = asyncio.create_task(self._watch_backend())
        camera = f"http://{self.settings.host}:{self.settings.port}/camera/stream"
        tables: dict[str, devices_file.Table] = {
            "id_reader": self.id_reader.table(),
            "code_scanner": self.scanner.table(),
            "receipt_printer": self.receipt_printer.table(),
            "document_printer": self.document_printer.table(),
            "camera": {"driver": "opencv", "source": camera},
        }
        await asyncio.to_thread(devices_file.write, self.devices_file, tables)
        self.events.add("cabinet", "switched on")

    async def stop(self) -> None:
        if self._watch is not None:
            self._watch.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._watch
        self.end_streams()
        await self.phone.stop()
        await self.cable.stop()
        await asyncio.gather(*(desk.stop() for desk in self.desks))

    def end_streams(self) -> None:
        """Let the endless answers (page, camera) end."""
        self.stopping = True
        self.camera.show(replace(self.camera.scene, who=Who.UNPLUGGED))

    async def cable_start(self) -> None:
        try:
            await self.cable.start()
        except OSError as error:
            self.events.add("network", f"cable not started: {error.strerror}")

    async def reset(self) -> None:
        """Everything mended, nobody there, no card: the cabinet as it was switched on. Sheets and slips stay."""
        self.camera.show(Scene(person=self.camera.scene.person))
        await self.cable.set_state(CableState.CONNECTED)
        for desk in self.desks:
            if desk.started:
                await desk.reset()
        self.events.add("cabinet", "all restored")

    # --- hands that touch more than one device ----------------------------------------------------------------------

    async def lay_card(self, card_id: str) -> None:
        card = await self.id_reader.lay(card_id)
        if card.person != self.camera.scene.person:
            self.camera.show(replace(self.camera.scene, person=card.person))

    async def remove_midway(self, card_id: str | None) -> None:
        self.id_reader.remove_midway()
        if card_id is not None:
            await self.lay_card(card_id)

    def change_scene(self, call: CameraCall) -> None:
        scene = self.camera.scene
        if call.person is not None and call.person not in SHAPES:
            raise RefusedError("no such person", 404)
        self.camera.show(
            Scene(call.who or scene.who, call.person or scene.person, call.pose or scene.pose),
        )
        if call.who is not None and call.who is not scene.who:
            self.events.add("camera", f"before the camera: {self.camera.scene.who.value}")

    # --- state ------------------------------------------------------------------------------------------------------

    def state(self) -> CabinetState:
        scene = self.camera.scene
        return CabinetState(
            terminal=self.settings.terminal,
            speed=self.settings.speed,
            devices_file=str(self.devices_file),
            cards=[Named(id=c.id, label_zh=c.label_zh, label_en=c.label_en) for c in cards.CARDS],
            codes=[Named(id=c.id, label_zh=c.label_zh, label_en=c.label_en) for c in presets.CODES],
            reader_actions=list(id_reader_desk.ACTIONS),
            a4_actions=list(a4_desk.ACTIONS),
            receipt_actions=list(receipt_desk.ACTIONS),
            pay_outcomes=list(PAY_OUTCOMES),
            id_reader=self.id_reader.view(),
            camera=CameraView(
                failure=self.camera.failure,
                active=self.camera.kiosk_watches,
                plugged=scene.who is not Who.UNPLUGGED,
                who=scene.who,
                person=scene.person,
                pose=scene.pose,
                watchers=self.camera.watchers,
            ),
            scanner=self.scanner.view(),
            receipt_printer=self.receipt_printer.view(),
            document_printer=self.document_printer.view(),
            phone=PhoneView(reachable=self.phone.reachable, messages=self.phone.messages, last=self.phone.last),
            network=NetworkView(
                state=self.cable.state,
                port=self.cable.port,
                connections=self.cable.connections,
                backend_online=self._backend_online,
            ),
            screen=ScreenView(
                vnc=self.settings.vnc_port is not None,
                visible_to_phone=self.settings.fbdir is not None or self.settings.display is not None,
            ),
            events=[EventView.model_validate(event) for event in self.events.newest(EVENTS_SHOWN)],
        )

    async def _watch_backend(self) -> None:
        while True:
            self._backend_online = await self.cable.check_backend()
            await asyncio.sleep(BACKEND_CHECK_S)
