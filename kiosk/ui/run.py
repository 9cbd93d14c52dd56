"""Starts the interface and a main coroutine in one loop. Importable without Kivy."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

import structlog

from kiosk import texts
from kiosk.screens import OutOfService
from kiosk.ui import env, fonts
from kiosk.ui.config import UiConfig

if TYPE_CHECKING:
    from kiosk.ui.stage import KivyStage

_log = structlog.get_logger(__name__)


async def run_kiosk_ui(main: Callable[[KivyStage], Awaitable[None]], *, config: UiConfig) -> None:
    """Open the window, run `main(stage)` beside it, close both when main returns or SIGTERM / SIGINT comes.

    If main raises, the screen says that the terminal is out of service and stays so until a signal ends the process:
    a resident must never see a dead picture. The exception is raised again afterwards, for the supervisor."""
    env.configure(config.width, config.height, maxfps=config.maxfps, fullscreen=config.fullscreen)
    fonts.register(config.font_dir)
    from kiosk.ui.app import KioskApp
    from kiosk.ui.tidy import tidy_at_rest

    app = KioskApp(config)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        with contextlib.suppress(NotImplementedError, RuntimeError, ValueError):
            loop.add_signal_handler(number, stop.set)
    window = asyncio.create_task(app.async_run("asyncio"), name="kivy")
    window.add_done_callback(lambda _task: stop.set())
    failure: BaseException | None = None
    try:
        stage = await _first(app.stage, window)
        if stage is None:
            return
        tidy_at_rest(stage.surface)
        inspector = await app.start_inspector()
        work = asyncio.ensure_future(main(stage))
        stopping = asyncio.create_task(stop.wait())
        await asyncio.wait({work, stopping}, return_when=asyncio.FIRST_COMPLETED)
        if work.done() and not work.cancelled() and (failure := work.exception()) is not None:
            _log.error("kiosk_main_failed", kind=type(failure).__name__)
            stage.reset()
            stage.show(
                OutOfService(
                    question=texts.SERVICE_STOPPED, speech=texts.SERVICE_STOPPED, reason=texts.SERVICE_STOPPED_REASON
                )
            )
            await stopping
        stopping.cancel()
        if not work.done():
            work.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await work
        if inspector is not None:
            await inspector.stop()
    finally:
        for number in (signal.SIGTERM, signal.SIGINT):
            with contextlib.suppress(NotImplementedError, RuntimeError, ValueError):
                loop.remove_signal_handler(number)
        app.stop()
        await asyncio.gather(window, return_exceptions=True)
    if failure is not None:
        raise failure


async def _first(stage: asyncio.Future[KivyStage], window: asyncio.Task[None]) -> KivyStage | None:
    """The stage, or None when the window could not be opened."""
    await asyncio.wait({stage, window}, return_when=asyncio.FIRST_COMPLETED)
    if not stage.done():
        await window  # raises why
        return None
    return stage.result()
