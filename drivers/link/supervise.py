"""Keeps a device connected: open, serve, and after a loss open again with growing pauses."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import NoReturn, Protocol, TypeVar

import structlog

from drivers.link.stream import LinkLost

log = structlog.get_logger()


class Closable(Protocol):
    """A connection of any kind, mostly a `ByteStream`."""

    async def close(self) -> None: ...


S = TypeVar("S", bound=Closable)


@dataclass(frozen=True)
class Backoff:
    """Pauses between attempts, in seconds: `first_s`, then doubling up to `most_s`.

    They start over after a session of at least `settled_s`, so that a device that comes back once a day is
    reopened quickly, and one that answers nonsense is not asked in a tight loop.
    """

    first_s: float = 0.2
    most_s: float = 2.0
    settled_s: float = 5.0

    def __post_init__(self) -> None:
        if not 0 < self.first_s <= self.most_s:
            raise ValueError("back-off must be positive and growing")

    def after(self, failures: int) -> float:
        """The pause before the next attempt when `failures` (1, 2, …) ended early in a row."""
        return float(min(self.most_s, self.first_s * 2 ** min(failures - 1, 30)))


async def supervise(
    name: str,
    connect: Callable[[], Awaitable[S]],
    session: Callable[[S], Awaitable[None]],
    on_lost: Callable[[LinkLost], None],
    backoff: Backoff | None = None,
) -> NoReturn:
    """Run `session(stream)` on every connection `connect()` gives, for ever; end it by cancelling.

    A session serves one connection: it greets the device, publishes the stream to the driver's methods, and then
    typically awaits `stream.wait_lost()`. It ends by returning or by raising LinkLost; the stream is closed for it.
    `on_lost` hears of each failed attempt and each ended session. Any other exception is a bug and passes through.
    """
    backoff = backoff or Backoff()
    loop = asyncio.get_running_loop()
    failures = 0
    while True:
        started = loop.time()
        reason = LinkLost("device lost")
        try:
            stream = await connect()
            try:
                if failures:
                    log.info("link_opened", device=name, after_failures=failures)
                started = loop.time()
                await session(stream)
            finally:
                await stream.close()
        except LinkLost as lost:
            reason = lost
        failures = 1 if loop.time() - started >= backoff.settled_s else failures + 1
        if failures == 1:  # once per trouble: an absent device must not fill the disk
            log.warning("link_lost", device=name, reason=str(reason))
        on_lost(reason)
        await asyncio.sleep(backoff.after(failures))


def keep_connected(
    name: str,
    connect: Callable[[], Awaitable[S]],
    session: Callable[[S], Awaitable[None]],
    on_lost: Callable[[LinkLost], None],
    backoff: Backoff | None = None,
) -> asyncio.Task[None]:
    """`supervise` as a task; cancel it to end it. Should a bug end it, that is reported to the loop's exception
    handler and `on_lost` is told, so that the device does not look healthy with nobody serving it."""

    def ended(task: asyncio.Task[None]) -> None:
        if task.cancelled() or (error := task.exception()) is None:
            return
        on_lost(LinkLost(f"driver stopped by {type(error).__name__}"))
        task.get_loop().call_exception_handler({"message": f"driver of {name} stopped", "exception": error})

    task: asyncio.Task[None] = asyncio.create_task(supervise(name, connect, session, on_lost, backoff), name=name)
    task.add_done_callback(ended)
    return task


async def end_supervision(task: asyncio.Task[None] | None) -> None:
    """Cancel a task of `keep_connected` and return when its device is closed."""
    if task is not None:
        task.cancel()
        await asyncio.wait([task])
