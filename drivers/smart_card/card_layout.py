"""Where a social security card keeps what everybody may read: its environment, files and items.

Published for cards of the second generation; what regions changed is set in devices.toml.
"""

from __future__ import annotations

from dataclasses import dataclass

ENVIRONMENT = b"sx1.sh." + "社会保障".encode("gbk")  # the DDF's name
ISSUER_FILE = 0xEF05
HOLDER_FILE = 0xEF06


@dataclass(frozen=True)
class Item:
    """A record `identifier length value`; `length` is what the value has room for."""

    identifier: int
    length: int

    @property
    def le(self) -> int:
        return self.length + 2


@dataclass(frozen=True)
class CardLayout:
    environment: bytes = ENVIRONMENT
    issuer_file: int = ISSUER_FILE
    holder_file: int = HOLDER_FILE
    valid_to: Item = Item(0x06, 4)
    card_number: Item = Item(0x07, 9)
    number: Item = Item(0x08, 18)
    name: Item = Item(0x09, 30)
    sex: Item = Item(0x0A, 1)
    nation: Item = Item(0x0B, 1)
