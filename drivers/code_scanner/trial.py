"""`menkou devices test code_scanner`: one code read, its kind and length told, the code itself not shown."""

from __future__ import annotations

import asyncio

from drivers.code_scanner.port import CodeScanner, ScanContext
from drivers.trial import Console

PATIENCE_S = 30.0


async def trial(device: CodeScanner, console: Console, *, patience_s: float = PATIENCE_S) -> bool:
    """See `drivers.trial`."""
    status = await device.refresh()
    if not status.ready:
        console.say(f"The scanner is not ready: {status.device.value}. {status.detail}".rstrip())
        return False
    console.say(f"Scanner: {status.identity or 'does not say which'}. {status.detail}".rstrip())
    console.say(f"Hold a bill's bar code or a payment code under the window (within {patience_s:.0f} s).")
    try:
        async with asyncio.timeout(patience_s):
            code = await device.scan(ScanContext.BILL_ACCOUNT)
    except TimeoutError:
        console.say("No code was read. Is the window clean? Is the right family set in devices.toml?")
        return False
    console.say(f"Read a code of {len(code.text)} characters; kind: {code.kind.value}.")
    return await console.ask("Has the scanner's light gone out (or gone back to waiting)?")
