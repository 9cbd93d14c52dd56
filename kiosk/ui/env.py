"""What must be set before the first `import kivy`. Free of Kivy itself."""

from __future__ import annotations

import os


def prepare_environment() -> None:
    """No configuration file, no log file, no argument parsing; offscreen where there is no display."""
    for name in ("KIVY_NO_ARGS", "KIVY_NO_CONFIG", "KIVY_NO_FILELOG", "KIVY_NO_CONSOLELOG"):
        os.environ.setdefault(name, "1")
    if not os.environ.get("DISPLAY"):
        os.environ.setdefault("SDL_VIDEODRIVER", "offscreen")


def configure(width: int, height: int, *, maxfps: int, fullscreen: bool = False, inputs: bool = True) -> None:
    """Kivy's own settings. A mouse is one finger: no emulated second touch, no keyboard escape, no rotation."""
    prepare_environment()
    from kivy.config import Config

    Config.set("graphics", "width", str(width))
    Config.set("graphics", "height", str(height))
    Config.set("graphics", "maxfps", str(maxfps))
    # Every shape is a texture with soft edges already: multisampling would double the time of each frame for nothing.
    Config.set("graphics", "multisamples", "0")
    Config.set("graphics", "rotation", "0")
    Config.set("graphics", "borderless", "1")
    Config.set("graphics", "resizable", "0")
    Config.set("graphics", "fullscreen", "1" if fullscreen else "0")
    Config.set("graphics", "position", "custom")
    Config.set("graphics", "left", "0")
    Config.set("graphics", "top", "0")
    Config.set("kivy", "exit_on_escape", "0")
    Config.set("kivy", "log_enable", "0")
    # Kivy's default also reads /dev/input itself: each touch would arrive twice. SDL's own provider stays.
    Config.remove_section("input")
    Config.add_section("input")
    if inputs:
        Config.set("input", "mouse", "mouse,disable_multitouch")
