"""Runs a program that may hang in the kernel, where nothing kills it: smartctl on a dying disk, say."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from drivers.cabinet.off_loop import HungError

KILL_S = 1.0  # a program that can be killed is gone long before


class OneProgram:
    """One at a time: while one hangs no other is started, lest they pile up."""

    def __init__(self) -> None:
        self._process: asyncio.subprocess.Process | None = None

    async def run(self, *words: str, timeout_s: float) -> tuple[int, bytes]:
        """Exit code and output. OSError: it cannot be started. HungError: no end within `timeout_s`, or an earlier
        one is still there. Takes `timeout_s` and `KILL_S` at most; what is left over the loop's child watcher reaps."""
        if self._process is not None and self._process.returncode is None:
            raise HungError(f"{words[0]} still hangs")
        process = self._process = await asyncio.create_subprocess_exec(
            *words,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )
        try:
            async with asyncio.timeout(timeout_s):
                output, _ = await process.communicate()
                return await process.wait(), output
        except TimeoutError:
            raise HungError(f"{words[0]} does not answer") from None
        finally:
            if process.returncode is None:
                with suppress(ProcessLookupError):
                    process.kill()
                with suppress(TimeoutError):
                    await asyncio.wait_for(process.wait(), KILL_S)
