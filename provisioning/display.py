"""The kiosk's screen: the person's own display, or a virtual one that the cabinet's page shows."""

from __future__ import annotations

import asyncio
import ctypes
import ctypes.util
import os
from dataclasses import replace
from pathlib import Path

from provisioning.ports import accepts
from provisioning.process import Child, ChildFailed, Recipe

KIOSK = (1080, 1920)  # pixels, portrait
MARGIN = 0.9  # of the screen's height or width: window frames and task bars need the rest


def screen_size(display: str) -> tuple[int, int] | None:
    """Pixels of an X display, or None when there is nobody there (a stale DISPLAY, no permission)."""
    library = ctypes.util.find_library("X11")
    if library is None:
        return None
    x11 = ctypes.CDLL(library)
    x11.XOpenDisplay.restype = ctypes.c_void_p
    x11.XOpenDisplay.argtypes = [ctypes.c_char_p]
    for name in ("XDisplayWidth", "XDisplayHeight"):
        getattr(x11, name).argtypes = [ctypes.c_void_p, ctypes.c_int]
    x11.XCloseDisplay.argtypes = [ctypes.c_void_p]
    handle = x11.XOpenDisplay(display.encode())
    if not handle:
        return None
    try:
        return int(x11.XDisplayWidth(handle, 0)), int(x11.XDisplayHeight(handle, 0))
    finally:
        x11.XCloseDisplay(handle)


def fit(screen: tuple[int, int], kiosk: tuple[int, int] = KIOSK) -> tuple[int, int]:
    """The largest window of the kiosk's shape that leaves the margin; never larger than the kiosk itself."""
    scale = min(1.0, screen[0] * MARGIN / kiosk[0], screen[1] * MARGIN / kiosk[1])
    return round(kiosk[0] * scale), round(kiosk[1] * scale)


async def start_xvfb(recipe: Recipe, framebuffer: Path) -> tuple[Child, str]:
    """An Xvfb on a display number it chooses itself; returns the child and e.g. ":3". Raises ChildFailed."""
    await asyncio.to_thread(framebuffer.mkdir, parents=True, exist_ok=True)
    read_end, write_end = os.pipe()
    argv = ["Xvfb", "-displayfd", str(write_end), "-screen", "0", f"{KIOSK[0]}x{KIOSK[1]}x24"]
    argv += ["-nolisten", "tcp", "-noreset", "-fbdir", str(framebuffer)]
    child = Child(replace(recipe, argv=argv, pass_fds=(write_end,)))
    try:
        await child.start()
    finally:
        os.close(write_end)
    with os.fdopen(read_end, "rb") as pipe:
        # Ends by itself when Xvfb does: it holds the only other end.
        number = (await asyncio.to_thread(pipe.readline)).strip()
    if not number:
        await child.stop()
        raise ChildFailed(f"Xvfb did not start; see {recipe.log}")
    return child, f":{number.decode()}"


def x11vnc_recipe(display: str, port: int, log: Path) -> Recipe:
    """What the cabinet's page looks through. Mouse only: keys over VNC get stuck, and the kiosk has its own keypads."""
    argv = ["x11vnc", "-norc", "-display", display, "-localhost", "-no6", "-rfbport", str(port)]
    argv += ["-nopw", "-shared", "-forever", "-quiet", "-input", "MB", "-nosel", "-noremote", "-nocmds", "-nobell"]
    argv += ["-repeat", "-wait", "10", "-defer", "5", "-nowireframe", "-noscrollcopyrect"]
    return Recipe("screen-sharing", argv, log, ready=lambda: accepts(port))
