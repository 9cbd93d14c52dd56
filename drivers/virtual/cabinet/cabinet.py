"""The cabinet: all desks together, and the state they make up."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import replace
from typing import TypeVar

from pydantic import BaseModel

from drivers.virtual.cabinet import (
    a4_desk,
    card_terminal_desk,
    desks,
    devices_file,
    hands,
    id_reader_desk,
    keypad_desk,
    receipt_desk,
)
from drivers.virtual.cabinet.a4_desk import DocumentPrinterDesk
from drivers.virtual.cabinet.cabinet_state import CabinetState, CommonState, DeviceName
from drivers.virtual.cabinet.camera_stream import CameraStream, Scene, Trouble, Who
from drivers.virtual.cabinet.desk import RefusedError
from drivers.virtual.cabinet.desks import AnyDesk, Ground
from drivers.virtual.cabinet.events import EventLog
from drivers.virtual.cabinet.faces import SHAPES
from drivers.virtual.cabinet.id_reader_desk import IdReaderDesk
from drivers.virtual.cabinet.network import Cable, CableState
from drivers.virtual.cabinet.phone import PAY_OUTCOMES, Phone
from drivers.virtual.cabinet.receipt_desk import ReceiptPrinterDesk
from drivers.virtual.cabinet.scanner_desk import ScannerDesk
from drivers.virtual.cabinet.scenario_player import ScenarioPlayer
from drivers.virtual.cabinet.settings import CabinetSettings
from drivers.virtual.cabinet.state import (
    CameraCall,
    CameraView,
    EventView,
    NetworkView,
    PhoneView,
    ScreenView,
)

BACKEND_CHECK_S = 2.0
EVENTS_SHOWN = 60

D = TypeVar("D", bound=AnyDesk)


class Cabinet:
    """Everything in and on the steel box that is not there. `start` never fails because of a device."""

    def __init__(self, settings: CabinetSettings) -> None:
        self.settings = settings
        run = settings.run_dir.absolute()
        self.devices_file = run / "devices.toml"
        self.events = EventLog()
        ground = Ground(run, settings, self.events)
        self.places = tuple(place for place in desks.PLACES if place.name not in settings.without)
        self.desks: dict[str, AnyDesk] = {place.name: place.make(ground) for place in self.places}
        self.camera = CameraStream(settings.camera_fps)
        self.phone: Phone = Phone(settings, self.events)
        self.cable: Cable = Cable(settings.host, settings.network_port, settings.backend_url, self.events)
        self.player = ScenarioPlayer(self)
        self._backend_online = False
        self._watch: asyncio.Task[None] | None = None
        self.stopping = False

    def desk(self, kind: type[D]) -> D:
        """The desk of that class. Raises RefusedError where the terminal has no such device."""
        for desk in self.desks.values():
            if isinstance(desk, kind):
                return desk
        raise RefusedError("this terminal has no such device", 404)

    @property
    def id_reader(self) -> IdReaderDesk:
        return self.desk(IdReaderDesk)

    @property
    def document_printer(self) -> DocumentPrinterDesk:
        return self.desk(DocumentPrinterDesk)

    @property
    def scanner(self) -> ScannerDesk:
        return self.desk(ScannerDesk)

    @property
    def receipt_printer(self) -> ReceiptPrinterDesk:
        return self.desk(ReceiptPrinterDesk)

    async def start(self) -> None:
        (self.settings.run_dir / "dev").mkdir(parents=True, exist_ok=True)
        self.devices_file.unlink(missing_ok=True)  # of an earlier run: a kiosk must not read it meanwhile
        await asyncio.gather(self.cable_start(), self.camera.start(), *(desk.start() for desk in self.desks.values()))
        await self.phone.start()
        self._watch = asyncio.create_task(self._watch_backend())
        camera = f"http://{self.settings.host}:{self.settings.port}/camera/stream"
        tables = {place.table: self.desks[place.name].table() for place in self.places}
        tables["camera"] = {"driver": "opencv", "source": camera}
        await asyncio.to_thread(devices_file.write, self.devices_file, tables)
        self.events.add("cabinet", "switched on")

    async def stop(self) -> None:
        if self._watch is not None:
            self._watch.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._watch
        self.end_streams()
        await self.player.stop()
        await self.phone.stop()
        await self.cable.stop()
        await asyncio.gather(*(desk.stop() for desk in self.desks.values()))

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
        """No scenario any more, and `restore`."""
        await self.player.stop()
        await self.restore()

    async def restore(self) -> None:
        """Everything mended, nobody there, no card: the cabinet as it was switched on. Sheets and slips stay."""
        self.camera.show(Scene(person=self.camera.scene.person))
        await self.cable.set_state(CableState.CONNECTED)
        for desk in self.desks.values():
            if desk.started:
                await desk.reset()
        self.events.add("cabinet", "all restored")

    async def act(self, device: str, action: str) -> None:
        """One of a desk's actions. Raises RefusedError."""
        place = desks.BY_NAME.get(device)
        if place is None or device not in self.desks or action not in place.action_ids:
            raise RefusedError("no such action", 404)
        await place.act(self.desks[device], action)

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
            Scene(
                call.who or scene.who,
                call.person or scene.person,
                call.pose or scene.pose,
                call.trouble or scene.trouble,
            )
        )
        if call.who is not None and call.who is not scene.who:
            self.events.add("camera", f"before the camera: {self.camera.scene.who.value}")
        if call.trouble is not None and call.trouble is not scene.trouble:
            well = call.trouble is Trouble.NONE
            self.events.add("camera", "picture well again" if well else f"fault: {call.trouble.value}")

    # --- state ------------------------------------------------------------------------------------------------------

    def state(self) -> CommonState:
        return CabinetState(
            terminal=self.settings.terminal,
            speed=self.settings.speed,
            devices_file=str(self.devices_file),
            devices=[
                DeviceName(name=p.name, label_zh=p.label_zh, label_en=p.label_en, actions=list(p.actions))
                for p in self.places
            ],
            cards=list(hands.CARDS),
            codes=list(hands.CODES),
            scenes=list(hands.SCENES),
            poses=list(hands.POSES),
            camera_troubles=list(hands.CAMERA_TROUBLES),
            keys=list(keypad_desk.CHOICES),
            card_taps=list(card_terminal_desk.TAPS),
            reader_actions=list(id_reader_desk.ACTIONS),
            a4_actions=list(a4_desk.ACTIONS),
            receipt_actions=list(receipt_desk.ACTIONS),
            pay_outcomes=list(PAY_OUTCOMES),
            camera=self.camera_view(),
            phone=self.phone_view(),
            network=self.network_view(),
            screen=ScreenView(
                vnc=self.settings.vnc_port is not None,
                visible_to_phone=self.settings.fbdir is not None or self.settings.display is not None,
            ),
            scenario=self.player.view(),
            events=[EventView.model_validate(event) for event in self.events.newest(EVENTS_SHOWN)],
            **{name: desk.view() for name, desk in self.desks.items()},
        )

    def camera_view(self) -> CameraView:
        scene = self.camera.scene
        return CameraView(
            failure=self.camera.failure,
            active=self.camera.kiosk_watches,
            plugged=scene.who is not Who.UNPLUGGED,
            who=scene.who,
            person=scene.person,
            pose=scene.pose,
            trouble=scene.trouble,
            watchers=self.camera.watchers,
        )

    def phone_view(self) -> PhoneView:
        return PhoneView(reachable=self.phone.reachable, messages=self.phone.messages, last=self.phone.last)

    def network_view(self) -> NetworkView:
        return NetworkView(
            state=self.cable.state,
            port=self.cable.port,
            connections=self.cable.connections,
            backend_online=self._backend_online,
        )

    def has(self, device: str) -> bool:
        """False where the terminal has no such device."""
        return device in self.desks or device in ("camera", "phone", "network")

    def part(self, device: str) -> BaseModel:
        """One device's part of the state. Raises RefusedError where the terminal has no such device."""
        if device in self.desks:
            return self.desks[device].view()
        others = {"camera": self.camera_view, "phone": self.phone_view, "network": self.network_view}
        if device not in others:
            raise RefusedError(f"this terminal has no {device}", 404)
        return others[device]()

    async def _watch_backend(self) -> None:
        while True:
            self._backend_online = await self.cable.check_backend()
            await asyncio.sleep(BACKEND_CHECK_S)
