"""The lines a receipt printer may hang on: serial, TCP port 9100, the kernel's USB printer device."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from drivers.link.character_device import CharacterDeviceSettings, open_character_device
from drivers.link.serial import SerialSettings, open_serial
from drivers.link.stream import ByteStream
from drivers.link.tcp import TcpSettings, open_tcp

LineSettings = SerialSettings | TcpSettings | CharacterDeviceSettings
Connect = Callable[[], Awaitable[ByteStream]]


def connector(settings: LineSettings) -> Connect:
    """What opens the line, by its name and anew each time."""
    if isinstance(settings, TcpSettings):
        return lambda: open_tcp(settings)
    if isinstance(settings, CharacterDeviceSettings):
        return lambda: open_character_device(settings)
    return lambda: open_serial(settings)


def seconds_on_the_wire(settings: LineSettings, octets: int) -> float:
    """How long the line carries so many bytes; nothing worth counting for TCP and USB."""
    return settings.seconds_for(octets) if isinstance(settings, SerialSettings) else 0.0
