"""Finds the speed a reader speaks at: older ones leave the factory at 9600, and somebody may have set another."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from drivers.id_reader.channel import SamChannel
from drivers.id_reader.frames import Command
from drivers.id_reader.timings import SdtTimings
from drivers.link.serial import SerialSettings, SerialStream, open_serial
from drivers.link.stream import LinkLost


class SpeedSearch:
    """Opens the line at the speed where SAM_STATUS is answered, and remembers it for the next time.

    Any sound frame is an answer, a complaint too. After a round in which no speed was right the next one begins with
    another: what was sent at a wrong speed may have left the reader in the middle of a frame, and only the first of a
    round comes after a pause.
    """

    def __init__(self, line: SerialSettings, others: Iterable[int], timings: SdtTimings) -> None:
        self._line = line
        self._timings = timings
        self._order = list(dict.fromkeys((line.baud, *others)))

    @property
    def line(self) -> SerialSettings:
        """At the speed found last, or tried first."""
        return replace(self._line, baud=self._order[0])

    def prefer(self, baud: int) -> None:
        """Try this speed first."""
        self._order = list(dict.fromkeys((baud, *self._order)))

    async def connect(self) -> SerialStream:
        """LinkLost when the line cannot be opened or nobody answers."""
        for position, baud in enumerate(self._order):
            line = replace(self._line, baud=baud)
            stream = await open_serial(line)
            try:
                found = await self._listens(stream, line, expected=position == 0)
            except BaseException:
                await stream.close()
                raise
            if found:
                self.prefer(baud)
                return stream
            await stream.close()
        tried = ", ".join(str(baud) for baud in self._order)
        self._order.append(self._order.pop(0))
        raise LinkLost(f"no answer at {tried} baud")

    async def _listens(self, stream: SerialStream, line: SerialSettings, *, expected: bool) -> bool:
        channel = SamChannel(stream, line, self._timings)
        wait_s = self._timings.knock(line, expected=expected)
        heard = await channel.knock(Command.SAM_STATUS, wait_s)
        if heard is False:  # a damaged answer, perhaps: where the speed is wrong it is damaged again
            heard = await channel.knock(Command.SAM_STATUS, wait_s)
        return bool(heard)
