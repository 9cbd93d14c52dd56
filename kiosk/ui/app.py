"""The Kivy application: a window with the stage's surface."""

from __future__ import annotations

import asyncio

from kivy.app import App
from kivy.core.window import Window

from kiosk.ui.config import UiConfig
from kiosk.ui.inspect import Inspector
from kiosk.ui.prompt import hand_on_at_once
from kiosk.ui.stage import KivyStage
from kiosk.ui.surface import Surface


class KioskApp(App):
    title = "Menkou 门口"

    def __init__(self, config: UiConfig) -> None:
        super().__init__()
        self.ui_config = config
        self.stage: asyncio.Future[KivyStage] = asyncio.get_running_loop().create_future()

    def load_config(self) -> None:
        """No application configuration file is read or written."""

    def open_settings(self, *_args: object) -> bool:
        return False

    def build(self) -> Surface:
        Window.bind(on_keyboard=lambda *_args: True)  # no escape, no F1
        self._stage = KivyStage(self.ui_config)
        return self._stage.surface

    def on_start(self) -> None:
        hand_on_at_once()
        if not self.stage.done():
            self.stage.set_result(self._stage)

    def on_stop(self) -> None:
        self._stage.close()

    async def start_inspector(self) -> Inspector | None:
        if self.ui_config.inspect_socket is None:
            return None
        inspector = Inspector(self._stage, self.ui_config.inspect_socket)
        await inspector.start()
        return inspector
