"""Frames whose bytes are known from manuals: codec and simulator are both held against them."""

from __future__ import annotations

# sequence flag, data, frame; the first two are printed in the manufacturer's manual
FRAMES: dict[str, tuple[bool, str, str]] = {
    "sync": (True, "11", "7F 80 01 11 65 82"),
    "ok": (True, "F0", "7F 80 01 F0 23 80"),
    "poll 0": (False, "07", "7F 00 01 07 11 88"),
    "ok 0": (False, "F0", "7F 00 01 F0 20 0A"),
    "poll 1": (True, "07", "7F 80 01 07 12 02"),
    "host protocol 6": (False, "06 06", "7F 00 02 06 06 1B 94"),
    "setup": (True, "05", "7F 80 01 05 1D 82"),
    "inhibits": (False, "02 FF FF", "7F 00 03 02 FF FF 26 18"),
    "enable": (True, "0A", "7F 80 01 0A 3F 82"),
    "disable": (False, "09", "7F 00 01 09 36 08"),
    "hold": (True, "18", "7F 80 01 18 53 82"),
    "reject": (True, "08", "7F 80 01 08 30 02"),
    "reset": (False, "F0 F1", "7F 00 02 F0 F1 25 A2"),
    "read 3": (False, "F0 EF 03", "7F 00 03 F0 EF 03 C6 76"),
    "credit 3": (True, "F0 EE 03", "7F 80 03 F0 EE 03 C6 4C"),
    "stuffed": (True, "02 7F FF", "7F 80 03 02 7F 7F FF 2C 24"),
}
