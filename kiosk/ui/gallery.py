"""Pictures of every screen: `python -m kiosk.ui.gallery OUT [--all]`."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from copy import deepcopy
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from content.schema.text import Language, Text
from kiosk.ui import fonts
from kiosk.ui.config import UiConfig
from kiosk.ui.pump import Pump
from kiosk.ui.samples import samples
from kiosk.ui.samples_services import STATES as SERVICE_STATES
from kiosk.ui.samples_services import service_samples
from kiosk.ui.theme import Prefs

VARIANTS = {
    "standard": {},
    "large": {"large": True},
    "high-contrast": {"high_contrast": True},
    "low-reach": {"low_reach": True},
}
# Of the screens of applications those that show most; every state of each is drawn with --all.
_OF_SERVICES = (
    "form",
    "form-tried",
    "form-pinyin",
    "form-date",
    "form-choice",
    "form-statement",
    "tick-package",
    "papers",
    "scan",
    "record",
    "record-table",
    "queue-ticket",
    "sign-drawn",
    "scan-code",
)
COMMITTED = {
    "standard": None,
    "large": ("home", "keypad", "pay", "form-pinyin"),
    "high-contrast": ("home", "keypad", "pay", "form-tried"),
    "low-reach": ("home", "keypad", "pay", "form-pinyin"),
}
SITE = Text("青口社区便民服务站", "Qingkou Community Services")
_MOMENT = datetime(2026, 11, 22, 9, 41, tzinfo=ZoneInfo("Asia/Shanghai"))
_COLOURS = 64
FINGERPRINT = "fonts.sha256"


def _prepare(stage, name: str) -> str:
    """Bring the surface into the state the picture is about; returns the name of the sample to show."""
    surface = stage.surface
    if name.startswith("home-search"):
        surface.state.update(searching=True, query="shui" if name == "home-search" else "")
    elif name == "home-notice":
        surface.body.choose("door", surface.screen.doors[2])()
    elif name == "guide-all":
        surface.state["all"] = True
    elif name == "keypad":
        surface.state["digits"] = "5190271"
    elif name == "keypad-code":
        surface.state["digits"] = "4829"
    elif name == "access":
        surface.open_access()
    elif name == "staff-absent":
        surface.call_staff()
    elif name in SERVICE_STATES:
        surface.state.update(deepcopy(SERVICE_STATES[name][1]))
    return name


_STATES = {
    "home-search": "home",
    "home-notice": "home",
    "guide-all": "guide",
    "access": "home",
    "staff-absent": "printing",
    **{name: sample for name, (sample, _) in SERVICE_STATES.items()},
}


_OVER = {"more-time": "review", "staff": "printing"}  # laid over another screen


def names() -> list[str]:
    return [*samples(), *_STATES]


def show(pump: Pump, name: str, prefs: Prefs):
    """Put a sample on the pump's stage; returns the stage."""
    every = samples()
    stage = pump.stage(
        UiConfig(site_name=SITE, terminal_number="QK-0107", fade_s=0.0, debounce_s=0.0, key_debounce_s=0.0),
        now=lambda: _MOMENT,
    )
    surface = stage.surface
    surface.prefs = prefs
    if name in _OVER:
        surface.show(every[_OVER[name]], fresh=True)
        surface.show_over(every[name])
    else:
        surface.show(every[_STATES.get(name, name)], fresh=True)
    _prepare(stage, name)
    surface.redraw()
    return stage


def make_screenshots(
    out_dir: Path,
    variants: Iterable[str] = tuple(VARIANTS),
    *,
    only: Sequence[str] | None = None,
    languages: Sequence[Language] = tuple(Language),
    pump: Pump | None = None,
) -> list[Path]:
    """Write `{screen}-{variant}-{lang}.png` for every sample; returns the paths. No display is needed."""
    out_dir.mkdir(parents=True, exist_ok=True)
    pump = pump or Pump()
    pump.start()
    paths = []
    for variant in variants:
        for language in languages:
            for name in only or names():
                show(pump, name, Prefs(language=language, **VARIANTS[variant]))
                path = out_dir / f"{name}-{variant}-{language.value}.png"
                image = pump.screenshot()
                image.quantize(_COLOURS, dither=0).save(path, optimize=True)
                paths.append(path)
    return paths


def make_committed(out_dir: Path) -> list[Path]:
    """The pictures kept in docs/screenshots, and the fonts' fingerprint beside them."""
    left_out = {*service_samples(), *SERVICE_STATES} - {*_OF_SERVICES}
    paths = make_screenshots(out_dir, ["standard"], only=[name for name in names() if name not in left_out])
    for variant, only in COMMITTED.items():
        if only:
            paths += make_screenshots(out_dir, [variant], only=only, languages=[Language.ZH])
    (out_dir / FINGERPRINT).write_text(fonts.fingerprint() + "\n", "utf-8")
    return paths


if __name__ == "__main__":
    target = Path(sys.argv[1])
    written = make_screenshots(target) if "--all" in sys.argv else make_committed(target)
    sys.stdout.write(f"{len(written)} pictures in {target}\n")
