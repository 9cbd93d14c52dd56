"""A `upsd` that can be broken: answers as the Network UPS Tools' protocol (RFC 9271) has it, or does not.

The real one is in `power_supply`; it does nothing wrong, and takes seconds to hear of a change. This one is for faults.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from enum import StrEnum


class UpsFault(StrEnum):
    DATA_STALE = "data-stale"  # the driver gets no data from the supply
    DRIVER_NOT_CONNECTED = "driver-not-connected"
    SILENT = "silent"  # takes the question, answers nothing
    HALF = "half"  # breaks off in the middle of a list
    GARBAGE = "garbage"  # binary noise
    ENDLESS = "endless"  # a list without an end
    LATE = "late"  # answers after the asker has given up
    HANGS_UP = "hangs-up"


@dataclass
class VirtualUpsServer:
    """Set `fault` and `variables` at any time. `port` is chosen at the first start and kept."""

    name: str = "kiosk"
    port: int = 0
    late_s: float = 0.5
    byte_by_byte: bool = False
    fault: UpsFault | None = None
    questions: int = 0
    variables: dict[str, str] = field(
        default_factory=lambda: {
            "battery.charge": "100",
            "battery.runtime": "1800",
            "device.mfr": "Menkou",
            "device.model": "Virtual Supply 650",
            "ups.status": "OL CHRG",
        }
    )
    _server: asyncio.Server | None = None
    _serving: set[asyncio.Task[None]] = field(default_factory=set)

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        server, self._server = self._server, None
        if server is not None:
            server.close()
            for task in list(self._serving):
                task.cancel()
            await asyncio.gather(*self._serving, return_exceptions=True)

    def says(self, status: str, charge: int | None = None) -> None:
        """`ups.status`, such as "OB DISCHRG"."""
        self.variables["ups.status"] = status
        if charge is not None:
            self.variables["battery.charge"] = str(charge)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - a server's callback runs in a task
        self._serving.add(task)
        try:
            while line := await reader.readline():
                self.questions += 1
                fault = self.fault
                if fault is UpsFault.HANGS_UP:
                    return
                if fault is UpsFault.SILENT:
                    continue
                if fault is UpsFault.LATE:
                    await asyncio.sleep(self.late_s)
                await self._send(writer, self._answer(line.decode("ascii", "replace").split(), fault))
                if fault is UpsFault.HALF:
                    return
        except (OSError, ValueError):
            return
        finally:
            self._serving.discard(task)
            writer.close()

    async def _send(self, writer: asyncio.StreamWriter, answer: bytes) -> None:
        pieces = [answer[at : at + 1] for at in range(len(answer))] if self.byte_by_byte else [answer]
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
            if self.byte_by_byte:
                await asyncio.sleep(0)

    def _answer(self, words: list[str], fault: UpsFault | None) -> bytes:
        match fault:
            case UpsFault.DATA_STALE:
                return b"ERR DATA-STALE\n"
            case UpsFault.DRIVER_NOT_CONNECTED:
                return b"ERR DRIVER-NOT-CONNECTED\n"
            case UpsFault.GARBAGE:
                return bytes(range(128, 256)) + b"\n"
        match words:
            case ["LIST", "VAR", name] if name == self.name:
                rows = [f'VAR {name} {key} "{value}"\n' for key, value in sorted(self.variables.items())]
                text = f"BEGIN LIST VAR {name}\n{''.join(rows)}END LIST VAR {name}\n"
                if fault is UpsFault.HALF:
                    text = text[: len(text) // 2]
                elif fault is UpsFault.ENDLESS:
                    text = f"BEGIN LIST VAR {name}\n" + rows[0] * 4000
                return text.encode("ascii")
            case ["GET", "VAR", name, key] if name == self.name and key in self.variables:
                return f'VAR {name} {key} "{self.variables[key]}"\n'.encode("ascii")
            case ["GET", "VAR", name, _] if name == self.name:
                return b"ERR VAR-NOT-SUPPORTED\n"
            case ["LIST", "VAR", _] | ["GET", "VAR", _, _]:
                return b"ERR UNKNOWN-UPS\n"
            case _:
                return b"ERR UNKNOWN-COMMAND\n"
