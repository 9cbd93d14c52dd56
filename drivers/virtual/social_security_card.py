"""A social security card as a state machine: files, records and status words of ISO 7816-4, by LD/T 32-2015.

The chip knows nothing of readers: `power_on`, then `exchange` one command unit for one response unit. T=0 cards hold
their answers ready (61xx) and want to be asked for the right length (6Cxx); T=1 cards give them at once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

# "sx1.sh." and 社会保障 in GBK
SSSE = bytes.fromhex("7378312E73682EC9E7BBE1B1A3D5CF")
PSE = b"1PAY.SYS.DDF01"  # the payment environment of bank cards

# Direct convention, T=0 or T=1, four historical bytes; T=1 needs TCK, the XOR of all before it from the second on.
ATR_T0 = bytes.fromhex("3B 04 53 53 30 32")
ATR_T1 = bytes.fromhex("3B 84 80 01 53 53 30 33 06")


@dataclass(frozen=True, repr=False)
class Record:
    """`identifier length value`; `locked` ones want a PSAM first."""

    identifier: int
    value: bytes
    locked: bool = False

    def __repr__(self) -> str:
        return f"Record({self.identifier:02X}, …)"

    @property
    def raw(self) -> bytes:
        return bytes([self.identifier, len(self.value)]) + self.value


@dataclass(frozen=True, repr=False)
class Holder:
    """What is written on the card. `expiry` YYYYMMDD."""

    number: str
    name: str
    sex: str
    nation: str = "01"
    birthplace: str = "519999"
    card_number: str = "Z99999999"
    expiry: str = "20360101"

    def __repr__(self) -> str:
        return "Holder(…)"


def ef05(holder: Holder) -> tuple[Record, ...]:
    """Issuer data."""
    return (
        Record(0x01, b"519900D156000005"),
        Record(0x02, b"3"),
        Record(0x03, b"2.00"),
        Record(0x04, b"519999000000"),
        Record(0x05, bytes.fromhex("20260101")),
        Record(0x06, bytes.fromhex(holder.expiry)),
        Record(0x07, holder.card_number.encode("ascii").ljust(9, b"\x00")),
    )


def ef06(holder: Holder) -> tuple[Record, ...]:
    """Basic data of the card holder."""
    return (
        Record(0x08, holder.number.encode("ascii")),
        Record(0x09, holder.name.encode("gbk").ljust(30, b"\x00")),
        Record(0x0A, holder.sex.encode("ascii")),
        Record(0x0B, bytes.fromhex(holder.nation)),
        Record(0x0C, bytes.fromhex(holder.birthplace)),
        Record(0x0D, bytes.fromhex(holder.number[6:14])),
    )


@dataclass
class VirtualChip:
    """`files`: records by file identifier, under the one directory `directory`. `mute`: no contact, no answer to reset.

    `by_number_only`: as cards that know records by order only. `state`: what is selected, for tests.
    """

    files: Mapping[int, tuple[Record, ...]] = field(default_factory=dict)
    directory: bytes = SSSE
    atr: bytes = ATR_T1
    t0: bool = False
    mute: bool = False
    by_number_only: bool = False
    powered: bool = False
    answers: int = 0
    _in_directory: bool = False
    _file: tuple[Record, ...] | None = None
    _ready: bytes = b""

    def __repr__(self) -> str:
        return "VirtualChip(…)"

    def power_on(self) -> None:
        """Also a reset: nothing is selected."""
        self.powered = True
        self._in_directory, self._file, self._ready = False, None, b""

    def power_off(self) -> None:
        self.powered = False

    def exchange(self, command: bytes) -> bytes:
        """The response unit; 6F00 when the chip has no power."""
        self.answers += 1
        if not self.powered:
            return b"\x6f\x00"
        if len(command) < 4:
            return b"\x67\x00"
        if command[0] != 0x00:
            return b"\x6e\x00"
        ready, self._ready = self._ready, b""
        match command[1]:
            case 0xA4:
                return self._select(command)
            case 0xB2:
                return self._read_record(command)
            case 0xC0:
                return self._get_response(command, ready)
            case _:
                return b"\x6d\x00"

    def _select(self, command: bytes) -> bytes:
        length = command[4] if len(command) > 4 else 0
        data = command[5 : 5 + length]
        if len(data) != length or len(command) > 6 + length:
            return b"\x67\x00"
        if command[2:4] == b"\x04\x00":
            self._in_directory, self._file = data == self.directory, None
            return self._hold(b"") if self._in_directory else b"\x6a\x82"
        if command[2:4] == b"\x02\x00":
            file = int.from_bytes(data, "big")
            if not self._in_directory or file not in self.files:
                return b"\x6a\x82"
            self._file = self.files[file]
            return self._hold(bytes([0x6F, 0x04, 0x83, 0x02]) + data if self.t0 else b"")
        return b"\x6a\x86"

    def _hold(self, data: bytes) -> bytes:
        """A T=0 card answers a command that had data with the length of what it holds ready."""
        if not data:
            return b"\x90\x00"
        self._ready = data
        return bytes([0x61, len(data)])

    def _get_response(self, command: bytes, ready: bytes) -> bytes:
        if not ready:
            return b"\x69\x85"
        wanted = command[4] if len(command) > 4 else 0
        if wanted not in (0, len(ready)):
            self._ready = ready
            return bytes([0x6C, len(ready)])
        return ready + b"\x90\x00"

    def _read_record(self, command: bytes) -> bytes:
        if self._file is None:
            return b"\x69\x86"
        p1, how = command[2], command[3] & 0x07
        if how == 0x04:
            found = self._file[p1 - 1] if 1 <= p1 <= len(self._file) else None
        elif how == 0x00 and not self.by_number_only:
            found = next((record for record in self._file if record.identifier == p1), None)
        else:
            return b"\x6a\x81"
        if found is None:
            return b"\x6a\x83"
        if found.locked:
            return b"\x69\x82"
        return self._give(found.raw, command[4] if len(command) > 4 else 0)

    def _give(self, raw: bytes, wanted: int) -> bytes:
        if self.t0 and wanted != len(raw):
            return bytes([0x6C, len(raw) & 0xFF])
        if wanted and wanted < len(raw):
            return bytes([0x6C, len(raw) & 0xFF])
        return raw + b"\x90\x00"


def social_security_card(holder: Holder, *, t0: bool = True) -> VirtualChip:
    """A card of the second generation: EF05 and EF06 are free for all to read."""
    return VirtualChip({0xEF05: ef05(holder), 0xEF06: ef06(holder)}, atr=ATR_T0 if t0 else ATR_T1, t0=t0)


def third_generation_card(holder: Holder) -> VirtualChip:
    """The holder's data wants a PSAM."""
    locked = tuple(Record(record.identifier, record.value, locked=True) for record in ef06(holder))
    return VirtualChip({0xEF05: ef05(holder), 0xEF06: locked}, atr=ATR_T1)


def bank_card() -> VirtualChip:
    """A payment card: another directory altogether."""
    return VirtualChip(directory=PSE, atr=ATR_T1)


def mute_card() -> VirtualChip:
    """Put in the wrong way round, or broken: it does not answer to reset."""
    return VirtualChip(mute=True)
