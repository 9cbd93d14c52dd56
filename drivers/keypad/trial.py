"""`menkou devices test keypad`: which keys arrive, until none is pressed any more."""

from __future__ import annotations

import asyncio

from drivers.keypad.port import Key, Keypad
from drivers.trial import Console

QUIET_S = 8.0
NEEDED = (Key.UP, Key.DOWN, Key.CONFIRM, Key.BACK)  # without these nobody gets anywhere


async def trial(device: Keypad, console: Console, *, quiet_s: float = QUIET_S) -> bool:
    """See `drivers.trial`."""
    before = await device.refresh()
    if not before.ready:
        console.say(f"The keypad is not ready: {before.device.value}. {before.detail}".rstrip())
        return False
    console.say(f"Keypad: {before.identity or 'does not say which'}.")
    console.say(f"Press every key once; then press none for {quiet_s:.0f} s.")
    seen: list[Key] = []
    while True:
        try:
            async with asyncio.timeout(quiet_s):
                press = await device.next_key()
        except TimeoutError:
            break
        if press.repeated:
            console.say(f"  {press.key.value} (held down)")
        else:
            console.say(f"  {press.key.value}")
            seen.append(press.key)
    after = device.status
    if unknown := after.counters.get("keys_unknown", 0) - before.counters.get("keys_unknown", 0):
        console.say(f"Keys without meaning, pressed: {unknown}. `menkou devices trace` names them for devices.toml.")
    if after.detail:
        console.say(f"Something is wrong: {after.detail}")
    missing = [key.value for key in NEEDED if key not in seen]
    if missing:
        console.say(f"Not pressed, or not known: {', '.join(missing)}")
    return not missing and not after.detail and await console.ask("Did every key you pressed appear, each once?")
