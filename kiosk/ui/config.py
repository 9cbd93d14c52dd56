"""What the interface is told at start. Free of Kivy, so that the program's wiring may import it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from content.schema.text import Language, Text


@dataclass(frozen=True)
class UiConfig:
    """Sizes are window pixels, times seconds.

    `scale` below 1 makes the whole picture smaller than the
    window (a panel behind a bezel). `key_debounce_s` is the time during which an
    identical second key press is ignored (EN 301 549 5.8); buttons other than keys always use `debounce_s`.
    """

    width: int = 1080
    height: int = 1920
    site_name: Text = field(default_factory=lambda: Text("便民服务站", "Public service station"))
    terminal_number: str = ""
    hotline: str = "12345"
    fullscreen: bool = False
    language: Language = Language.ZH
    inspect_socket: Path | None = None
    scale: float = 1.0
    maxfps: int = 60
    fade_s: float = 0.12
    debounce_s: float = 0.5
    key_debounce_s: float = 0.08
    font_dir: Path | None = None
