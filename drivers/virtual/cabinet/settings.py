"""What the virtual cabinet is told when it starts."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class CabinetSettings:
    """Everything listens on `host` only; ports given as 0 are chosen by the kernel."""

    host: str = "127.0.0.1"
    port: int = 8200
    run_dir: Path = Path("var/cabinet")  # device links, devices.toml, the A4 printer's spool
    terminal: str = "QK-0107"  # the number on the cabinet's door
    sandbox_url: str = "http://127.0.0.1:8110"  # the phone's other side: SMS and wallet
    backend_url: str = "http://127.0.0.1:8100"  # where the network cable leads
    network_port: int = 8201  # the kiosk's end of that cable; see `network.Cable`
    vnc_port: int | None = None  # x11vnc of the kiosk's display, if there is one
    display: str | None = None  # the kiosk's X display, e.g. ":7"
    fbdir: Path | None = None  # `Xvfb -fbdir`: what the phone's camera looks at
    speed: float = 1.0  # how fast the simulated mechanics move: 2.0 is twice as fast
    document_printer_port: int = 0  # of ippeveprinter
    camera_fps: float = 10.0
    without: frozenset[str] = frozenset()  # devices this terminal does not have, by their names in the state
