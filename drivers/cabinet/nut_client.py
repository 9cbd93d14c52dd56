"""Asks `upsd` of the Network UPS Tools for everything it knows of one supply."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import aionut

from drivers.link.trace import Way, trace

# What NUT's protocol answers instead of values (docs/net-protocol, "Error responses"), for the technician.
_ERRORS = {
    "DATA-STALE": "its driver gets no data from it",
    "DRIVER-NOT-CONNECTED": "its driver does not run",
    "UNKNOWN-UPS": "upsd knows no such supply",
    "ACCESS-DENIED": "upsd does not let us ask",
}
# Beside its own errors aionut 4.3 lets these through: a list that breaks off (IncompleteReadError, an EOFError), one
# that is too long (LimitOverrunError), one with a line that has no value (IndexError).
_LIBRARY_ERRORS = (
    aionut.NUTError,
    EOFError,
    asyncio.LimitOverrunError,
    IndexError,
    ValueError,
    OSError,
)


class SupplySilentError(Exception):
    """Nothing is known of the supply now: no upsd, no driver, no data, nonsense. The message says which."""


@dataclass(frozen=True)
class NutSettings:
    """`answer_s`: how long upsd may take to connect, and for each answer."""

    host: str = "127.0.0.1"
    port: int = 3493
    ups: str = "kiosk"
    answer_s: float = 2.0


class NutClient:
    """One connection to upsd, made when it is needed and made again when it was lost."""

    def __init__(self, settings: NutSettings) -> None:
        self._settings = settings
        self._client = aionut.AIONUTClient(settings.host, settings.port, timeout=settings.answer_s)

    async def variables(self) -> dict[str, str]:
        """LIST VAR: name to value. Raises SupplySilentError, after twice `answer_s` and a bit at the latest."""
        ups = self._settings.ups
        trace("cabinet", Way.OUT, "LIST VAR", ups.encode())
        try:
            async with asyncio.timeout(2 * self._settings.answer_s + 0.5):  # the library tries each question twice
                found = await self._client.list_vars(ups)
        except BaseException as error:
            # An answer that comes later must not be taken for that to the next question.
            self._client.disconnect()
            if isinstance(error, _LIBRARY_ERRORS):
                reason = _reason(error)
                trace("cabinet", Way.NOTE, f"power supply: {reason}")
                raise SupplySilentError(reason) from error
            raise
        trace("cabinet", Way.IN, "VAR", "\n".join(f"{name}={value}" for name, value in found.items()).encode())
        return found

    async def close(self) -> None:
        self._client.disconnect()
        await asyncio.sleep(0)  # the transport lets go of its socket in the loop's next round


def _reason(error: BaseException) -> str:
    if isinstance(error, TimeoutError | aionut.NUTTimeoutError):
        return "upsd does not answer"
    if isinstance(error, aionut.NUTCommandError | aionut.NUTLoginError):
        return next((text for code, text in _ERRORS.items() if code in str(error)), "upsd refuses to answer")
    if isinstance(error, OSError | aionut.NUTOSError):
        return "upsd is not there"
    if isinstance(error, aionut.NUTConnectionClosedError | EOFError):
        return "upsd hung up"
    return "upsd answers nonsense"
