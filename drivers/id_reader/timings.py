"""How long to wait for the SAM, by the protocol's names."""

from __future__ import annotations

from dataclasses import dataclass, fields

from drivers.id_reader.frames import SET_UART, Command
from drivers.link.serial import SerialSettings

_ON_THE_WIRE = {  # bytes of question and longest answer; 64 for all others
    Command.READ_CARD: 10 + 1295,
    Command.READ_CARD_WITH_FINGERPRINT: 10 + 2321,
    Command.READ_NEW_ADDRESS: 10 + 81,
}


@dataclass(frozen=True)
class SdtTimings:
    """Seconds. Time on the wire is added according to the line's speed."""

    reset_sam: float = 2.0
    sam_status: float = 1.0
    read_sam_id: float = 1.0
    find_card: float = 1.0
    select_card: float = 1.0
    read_card: float = 4.0
    read_card_with_fingerprint: float = 5.0
    read_new_address: float = 2.0
    set_uart: float = 1.0
    set_rf_frame: float = 1.0
    probe: float = 0.4  # for the answer to SAM_STATUS at a speed that is only tried
    find_interval: float = 0.3  # between two FIND_CARD; vendors ask for at least this
    status_interval: float = 3.0  # between two SAM_STATUS while nobody reads
    refresh: float = 4.0  # how long `refresh` may take: more than SAM_STATUS and twice READ_SAM_ID without an answer
    connect_grace: float = 3.0  # how long a read waits for a reader that is just being opened

    def scaled(self, factor: float) -> SdtTimings:
        return SdtTimings(**{field.name: getattr(self, field.name) * factor for field in fields(self)})

    def answer(self, command: Command, line: SerialSettings) -> float:
        """The longest wait for the answer to `command`."""
        name = "set_uart" if command in SET_UART.values() else command.name.lower()
        return float(getattr(self, name)) + line.seconds_for(_ON_THE_WIRE.get(command, 64))

    def knock(self, line: SerialSettings, *, expected: bool) -> float:
        """The wait for a sign of life at a speed where the reader is expected, or is only tried."""
        return (self.sam_status if expected else self.probe) + line.seconds_for(64)
