"""What is on the screen, as data: for a program that drives the real interface by pointer events.

Served only where `UiConfig.inspect_socket` is set: JSON lines over a unix socket that only this user may open. What a
screen says can be about a person: never set it on a terminal in service.
"""

from __future__ import annotations

import asyncio
import json
import os
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any

from kivy.core.window import Window
from kivy.graphics.opengl import GL_RGBA, GL_UNSIGNED_BYTE, glReadPixels
from PIL import Image

from kiosk.ui.board import TextBlock
from kiosk.ui.bodies.base import Body
from kiosk.ui.bodies.form import FormBody
from kiosk.ui.stage import KivyStage

_FRAMES_KEPT = 600


def describe(stage: KivyStage) -> dict[str, Any]:
    """The visible tree. Coordinates are window pixels, origin top left; only targets of the topmost layer (a panel
    hides those below) are listed."""
    surface = stage.surface
    height = Window.height
    question = surface.body.question() if surface.body else None
    language = surface.prefs.language
    blocks = [block for board in surface.visible_boards() for block in board.texts()]
    return {
        "screen": type(surface.screen).__name__ if surface.screen else None,
        "over": type(surface.over).__name__ if surface.over else None,
        "panel": surface.panel is not None,
        "serial": surface.serial,
        "answered": surface.answered,
        "language": language.value,
        "large": surface.prefs.large,
        "high_contrast": surface.prefs.high_contrast,
        "low_reach": surface.prefs.low_reach,
        "in_transition": surface.in_transition,
        "focus": surface.focus.on,
        "settles_in_s": round(surface.settles_in(), 3),
        "question": question.in_(language) if question else None,
        "field": _open_field(surface.body),
        "texts": [block.text for block in blocks],
        "size": [Window.width, height],
        "targets": [
            {
                "id": target.touch_id,
                "x": round(target.x),
                "y": round(height - target.y - target.height),
                "w": round(target.width),
                "h": round(target.height),
                "enabled": bool(target.enabled and target.tap is not None),
                "label": "".join(block.text for block in blocks if target.collide_point(*_middle(block))),
            }
            for target in surface.active_targets()
        ],
    }


def _open_field(body: Body | None) -> str | None:
    """The field of a form that is being filled in alone."""
    return body.field.name if isinstance(body, FormBody) and body.field is not None else None


def _middle(block: TextBlock) -> tuple[float, float]:
    x, y, width, height = block.box
    return x + width / 2, y + height / 2


def _read_buffer() -> Image.Image:
    width, height = Window.size
    data = glReadPixels(0, 0, width, height, GL_RGBA, GL_UNSIGNED_BYTE)
    return Image.frombytes("RGBA", (width, height), data).convert("RGB").transpose(Image.Transpose.FLIP_TOP_BOTTOM)


def grab(path: Path | None, pump: Callable[[int], None]) -> Image.Image:
    """Take the next frame's picture, pumping frames by hand; saves it where `path` is given."""
    taken: list[Image.Image] = []

    def flipped(*_args: object) -> None:
        if not taken:
            taken.append(_read_buffer())

    pump(2)
    Window.bind(on_flip=flipped)
    try:
        Window.canvas.ask_update()
        for _ in range(20):
            pump(1)
            if taken:
                break
    finally:
        Window.unbind(on_flip=flipped)
    if path is not None:
        taken[0].save(path)
    return taken[0]


async def picture() -> Image.Image:
    """The next frame, as the running interface draws it. Raises TimeoutError when it draws nothing for 10 s."""
    taken: asyncio.Future[Image.Image] = asyncio.get_running_loop().create_future()

    def flipped(*_args: object) -> None:
        if not taken.done():
            taken.set_result(_read_buffer())

    Window.bind(on_flip=flipped)
    try:
        Window.canvas.ask_update()
        return await asyncio.wait_for(taken, 10)
    finally:
        Window.unbind(on_flip=flipped)


class Inspector:
    """The socket's server. Commands, one JSON object a line: `{"do": "describe"}`, `{"do": "screenshot", "path": …}`,
    `{"do": "frames"}`, `{"do": "wait", "screen": …, "over": …, "not_serial": …, "timeout": s}`. Answers
    `{"ok": true, …}` or `{"ok": false, "error": …}`."""

    def __init__(self, stage: KivyStage, socket: Path) -> None:
        self.stage = stage
        self.socket = socket
        self.swaps: deque[float] = deque(maxlen=_FRAMES_KEPT)
        self._server: asyncio.Server | None = None
        self._flip = Window.flip

    async def start(self) -> None:
        def flip() -> None:
            self._flip()
            self.swaps.append(time.monotonic())

        Window.flip = flip  # on_flip fires before the swap: its end is timed here
        self.socket.unlink(missing_ok=True)
        self._server = await asyncio.start_unix_server(self._serve, str(self.socket))
        os.chmod(self.socket, 0o600)  # noqa: PTH101 - the socket is not opened

    async def stop(self) -> None:
        Window.flip = self._flip
        if self._server is not None:
            self._server.close()
        self.socket.unlink(missing_ok=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while line := await reader.readline():
                try:
                    answer = {"ok": True, **await self._do(json.loads(line))}
                except (ValueError, KeyError, TypeError, OSError, TimeoutError) as fault:
                    answer = {"ok": False, "error": f"{type(fault).__name__}: {fault}"}
                writer.write(json.dumps(answer, ensure_ascii=False).encode() + b"\n")
                await writer.drain()
        except (ConnectionError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    async def _do(self, request: dict[str, Any]) -> dict[str, Any]:
        command = request["do"]
        if command == "describe":
            return describe(self.stage)
        if command == "frames":
            return {"swaps": list(self.swaps), "last_touch": self.stage.last_touch(), "now": time.monotonic()}
        if command == "screenshot":
            return await self._screenshot(Path(request["path"]))
        if command == "wait":
            return await self._wait(request)
        raise ValueError(f"unknown command {command!r}")

    async def _screenshot(self, path: Path) -> dict[str, Any]:
        image = await picture()
        await asyncio.to_thread(image.save, path)
        return {"path": str(path), "size": list(image.size)}

    async def _wait(self, request: dict[str, Any]) -> dict[str, Any]:
        """Until the shown screen is `screen` (and `over`), its serial not `not_serial`, and no transition runs."""
        deadline = time.monotonic() + float(request.get("timeout", 10.0))
        while time.monotonic() < deadline:
            surface = self.stage.surface
            kind = type(surface.screen).__name__ if surface.screen else None
            over = type(surface.over).__name__ if surface.over else None
            if (
                request.get("screen") in (None, kind)
                and request.get("over") in (None, over)
                and request.get("not_serial") != surface.serial
                and not surface.in_transition
                and kind is not None
            ):
                return describe(self.stage)
            await asyncio.sleep(0.02)
        raise TimeoutError(f"waited for {request.get('screen') or 'a new screen'}, have {kind} #{surface.serial}")
