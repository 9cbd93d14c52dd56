"""`menkou devices test keypad`: which keys arrive, until none is pressed any more."""

from __future__ import annotations

import asyncio

from drivers.keypad.port import Key, Keypad
from drivers.trial import NOT_READY, Console

QUIET_S = 8.0
NEEDED = (Key.UP, Key.DOWN, Key.CONFIRM, Key.BACK)  # without these nobody gets anywhere


_KEYS = {
    Key.UP: "上",
    Key.DOWN: "下",
    Key.LEFT: "左",
    Key.RIGHT: "右",
    Key.CONFIRM: "确认",
    Key.BACK: "返回",
    Key.HOME: "首页",
    Key.REPEAT: "重听",
    Key.SLOWER: "放慢",
    Key.LOUDER: "大声",
    Key.QUIETER: "小声",
    Key.HELP: "帮助",
    Key.DELETE: "删除",
}


async def trial(device: Keypad, console: Console, *, quiet_s: float = QUIET_S) -> bool:
    """See `drivers.trial`."""
    before = await device.refresh()
    if not before.ready:
        console.say(*NOT_READY)
        return False
    console.say(
        f"请把每个键按一下，按完后停 {quiet_s:.0f} 秒",
        f"Press every key once; then press none for {quiet_s:.0f} s",
    )
    seen = await _keys_until_quiet(device, console, quiet_s)
    after = device.status
    if unknown := after.counters.get("keys_unknown", 0) - before.counters.get("keys_unknown", 0):
        console.say(
            f"按了 {unknown} 次没有定义的键；用 `menkou devices trace keypad` 看键码，写进 devices.toml",
            f"Keys without meaning, pressed: {unknown}. `menkou devices trace keypad` names them for devices.toml",
        )
    if after.detail:
        console.say("键盘有问题", f"Something is wrong: {after.detail}")
    missing = [key for key in NEEDED if key not in seen]
    if missing:
        console.say(
            f"没有按，或不认识：{'、'.join(map(_zh, missing))}",
            f"Not pressed, or not known: {', '.join(key.value for key in missing)}",
        )
    return (
        not missing
        and not after.detail
        and await console.ask("按过的键都显示了、各一次吗？", "Did every key you pressed appear, each once?")
    )


async def _keys_until_quiet(device: Keypad, console: Console, quiet_s: float) -> list[Key]:
    seen: list[Key] = []
    while True:
        try:
            async with asyncio.timeout(quiet_s):
                press = await device.next_key()
        except TimeoutError:
            return seen
        if press.repeated:
            console.say(f"按住：{_zh(press.key)}", f"Held down: {press.key.value}")
        else:
            console.say(f"按键：{_zh(press.key)}", f"Key: {press.key.value}")
            seen.append(press.key)


def _zh(key: Key) -> str:
    return _KEYS.get(key, key.value)  # a digit is its own name
