"""The wires of a virtual box: contacts, loops and lamps, told over a Unix socket.

    kiosk                            box
    TAKE in 4 up 30                  OK | BUSY who | NONE    an input: pull up | down | none, debounced (not here) by ms
    TAKE out 17 low                  OK | BUSY who | NONE    an output: high | low at first
    READ                             LEVEL 4 high ... OK
    SET 17 high                      OK | NONE
                                     LEVEL 4 low             whenever an input changes

What an input reads follows from the wiring: a contact to ground that is closed pulls it low; an open one, or a broken
wire, leaves it to the pull. Contacts bounce, as real ones do.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import structlog

log = structlog.get_logger()

BOUNCES = 3  # of a contact that opens or closes
BOUNCE_S = 0.002
MAX_LINE = 256


class Wire(StrEnum):
    """Contacts of the box, by what they are for; the value is the line's name."""

    DOOR = "door"
    SERVICE_DOOR = "service-door"
    TAMPER = "tamper"
    VIBRATION = "vibration"
    PRESENCE = "presence"
    HEADSET = "headset"
    FAN = "fan"


# Closed while all is well: doors, tamper loop, vibration and presence contacts open when something happens. The headset
# jack's contact closes when a plug is in, the fan's while it turns.
NORMALLY_CLOSED = frozenset({Wire.DOOR, Wire.SERVICE_DOOR, Wire.TAMPER, Wire.VIBRATION, Wire.PRESENCE})
LAMPS = ("id-reader", "card-slot", "note-slot", "document-tray", "receipt-tray", "scanner")


@dataclass
class Contact:
    """A contact to ground at the end of a wire."""

    closed: bool
    broken: bool = False


@dataclass
class _Peer:
    """One program that has taken lines."""

    writer: asyncio.StreamWriter
    inputs: dict[str, str]  # line to pull
    outputs: set[str]


class VirtualLines:
    """Hands for the wires. `bounce`: whether contacts bounce; `speed` 10: ten times as fast."""

    def __init__(
        self,
        path: Path,
        *,
        speed: float = 1.0,
        bounce: bool = True,
        on_event: Callable[[str], None] | None = None,
    ) -> None:
        self.path = path
        self._speed = speed
        self._bounce = bounce
        self._on_event = on_event or (lambda text: None)
        self._contacts = {wire.value: Contact(wire in NORMALLY_CLOSED or wire is Wire.FAN) for wire in Wire}
        self._hands = {wire: asyncio.Lock() for wire in Wire}  # a door is moved by one hand at a time
        self._lamps = dict.fromkeys(LAMPS, False)
        self._held: dict[str, str] = {}  # by other programs: line to their name
        self._peers: list[_Peer] = []
        self._server: asyncio.Server | None = None
        self._serving: set[asyncio.Task[None]] = set()
        self._silent = False
        self.commands = 0

    # --- power ------------------------------------------------------------------------------------------------------

    async def start(self) -> None:
        if self._server is None:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self.path.unlink(missing_ok=True)
            self._server = await asyncio.start_unix_server(self._serve, self.path, limit=MAX_LINE)

    async def stop(self) -> None:
        """The box is gone, as a board on USB that was pulled out."""
        server, self._server = self._server, None
        if server is None:
            return
        server.close()
        for task in list(self._serving):
            task.cancel()
        await asyncio.gather(*self._serving, return_exceptions=True)
        self._lamps = dict.fromkeys(LAMPS, False)
        self.path.unlink(missing_ok=True)

    @property
    def plugged(self) -> bool:
        return self._server is not None

    # --- hands ------------------------------------------------------------------------------------------------------

    async def happen(self, wire: Wire, active: bool) -> None:
        """What the wire is for happens or is over: the door opens, a plug goes in, the fan turns."""
        closed = active != (wire in NORMALLY_CLOSED)
        async with self._hands[wire]:
            if self._contacts[wire.value].closed == closed:
                return
            if self._bounce:
                for _ in range(BOUNCES):
                    for now in (closed, not closed):
                        self._set(wire, now)
                        await asyncio.sleep(BOUNCE_S / self._speed)
            self._set(wire, closed)
        self._on_event(f"{wire.value} {'active' if active else 'inactive'}")

    async def shake(self, pulses: int = 20) -> None:
        """Somebody kicks the box."""
        async with self._hands[Wire.VIBRATION]:
            for _ in range(pulses):
                for closed in (False, True):
                    self._set(Wire.VIBRATION, closed)
                    await asyncio.sleep(BOUNCE_S / self._speed)
        self._on_event("shaken")

    def cut(self, wire: Wire) -> None:
        """The wire breaks."""
        self._contacts[wire.value].broken = True
        self._tell(wire.value)
        self._on_event(f"wire of {wire.value} broken")

    def mend(self, wire: Wire | None = None) -> None:
        """One wire, or all."""
        for each in Wire if wire is None else (wire,):
            self._contacts[each.value].broken = False
            self._tell(each.value)

    def hold(self, line: str, who: str) -> None:
        """Another program takes the line, as soon as nobody has it."""
        self._held[line] = who

    def release(self, line: str) -> None:
        self._held.pop(line, None)

    def go_silent(self, silent: bool = True) -> None:
        """The box takes commands and answers nothing."""
        self._silent = silent

    def active(self, wire: Wire) -> bool:
        return self._contacts[wire.value].closed != (wire in NORMALLY_CLOSED)

    def shining(self) -> list[str]:
        return [lamp for lamp, on in self._lamps.items() if on]

    def drop(self) -> None:
        """All connections break; the box stays."""
        for peer in self._peers:
            peer.writer.close()

    # --- the wire ---------------------------------------------------------------------------------------------------

    def _set(self, wire: Wire, closed: bool) -> None:
        self._contacts[wire.value].closed = closed
        self._tell(wire.value)

    def _tell(self, line: str) -> None:
        for peer in self._peers:
            if line in peer.inputs and not self._silent:
                peer.writer.write(self._level(peer, line))

    def _level(self, peer: _Peer, line: str) -> bytes:
        contact = self._contacts[line]
        grounded = contact.closed and not contact.broken
        high = not grounded and peer.inputs[line] != "down"
        return f"LEVEL {line} {'high' if high else 'low'}\n".encode()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - a server's callback runs in a task
        self._serving.add(task)
        peer = _Peer(writer, {}, set())
        self._peers.append(peer)
        try:
            while line := await reader.readline():
                self.commands += 1
                if not self._silent:
                    writer.write(self._answer(peer, line.decode("ascii", "replace").split()))
                    await writer.drain()
        except (OSError, ValueError):  # ValueError: a line without an end
            log.info("cabinet_lines_dropped")
        finally:
            self._serving.discard(task)
            self._peers.remove(peer)
            for lamp in peer.outputs:
                self._lamps[lamp] = False
            writer.close()

    def _answer(self, peer: _Peer, words: list[str]) -> bytes:
        match words:
            case ["TAKE", "in", line, "up" | "down" | "none" as pull, _]:
                if refusal := self._refusal(line, line in self._contacts):
                    return refusal
                peer.inputs[line] = pull
            case ["TAKE", "out", line, "high" | "low" as level]:
                if refusal := self._refusal(line, line in self._lamps):
                    return refusal
                peer.outputs.add(line)
                self._lamps[line] = level == "high"
            case ["READ"]:
                return b"".join(self._level(peer, line) for line in peer.inputs) + b"OK\n"
            case ["SET", line, "high" | "low" as level] if line in peer.outputs:
                self._lamps[line] = level == "high"
            case _:
                return b"NONE\n"
        return b"OK\n"

    def _refusal(self, line: str, exists: bool) -> bytes:
        if not exists:
            return b"NONE\n"
        if who := self._held.get(line):
            return f"BUSY {who}\n".encode()
        if any(line in peer.inputs or line in peer.outputs for peer in self._peers):
            return b"BUSY menkou\n"
        return b""
