"""What real kiosks, broken ones and forgers do besides. Each answer is compared with what it should be."""

from __future__ import annotations

import asyncio
import json
import ssl
from datetime import timedelta
from typing import TYPE_CHECKING

from provisioning.simulator.identities import stranger
from provisioning.simulator.terminal import Terminal
from provisioning.simulator.wire import Wire, WireError, connect

if TYPE_CHECKING:
    from provisioning.simulator.life import Life

_OFTEN = 0.2  # of the heartbeats
_OVERSIZE = 10_000_000  # bytes
_SLOW_PARTS, _SLOW_PAUSE_S = 20, 0.1

# What may come back: statuses, and "gone" for a connection that was ended.
EXPECTED: dict[str, tuple[int | str, ...]] = {
    "replay": (200,),
    "stale": (403, 409),
    "oversize": (413, "gone"),
    "stranger": (400, 401, 403, "gone"),
    "garbage": (400,),
    "unknown": (200,),
    "slow": (200, 408, "gone"),
    "clone": (200, 403, 409),
}
_GARBAGE = (
    b"\x00\xff\xfe not json",
    b"{",
    b"[]",
    b'{"seq": "one"}',
    b'{"seq": -1, "boot": "", "sent_at": "yesterday", "report": 7}',
    b'{"seq": 1e400}',
    b"[" * 5000,
)


async def before_heartbeat(life: Life) -> None:
    """A kiosk's own kind of trouble, now and then, before it does what it should."""
    kinds, terminal = life.kinds, life.terminal
    if "flap" in kinds:
        terminal.flap()
    if "skew" in kinds and not terminal.skew:
        terminal.skew = timedelta(hours=life.dice.choice((-720, -9, 3, 48)))
    if "silent" in kinds and life.dice.random() < _OFTEN and life.back:
        life.mute = True
    for kind in ("replay", "stale", "oversize", "stranger", "garbage", "unknown", "slow", "clone"):
        if kind in kinds and life.back and life.dice.random() < _OFTEN:
            await _judge(life, kind, await _act(life, kind))


async def _act(life: Life, kind: str) -> int | str:
    try:
        match kind:
            case "oversize":
                return await _on_own_connection(life, b"x" * _OVERSIZE)
            case "stranger":
                return await _on_own_connection(life, _body(life), forged=True)
            case "garbage":
                return await _on_own_connection(life, life.dice.choice(_GARBAGE))
            case "slow":
                return await _slowly(life)
            case "clone":
                return await _clone(life)
            case "replay":
                body = _body(life)
                await life.ask(life.world.request("POST", "/heartbeat", body))
                return await _send(life, body)
            case "stale":
                body = _body(life, back_by=1000)
                return await _send(life, body)
            case _:  # unknown
                return await _send(life, _body(life, antigravity={"on": True}, fields_of_2031=[1, 2.5, None]))
    except WireError:
        return "gone"


async def _judge(life: Life, kind: str, got: int | str) -> None:
    counts = life.world.figures.counts
    counts[f"mischief:{kind}:{got}"] += 1
    allowed = EXPECTED[kind]
    busy = got in (429, 503)
    if got not in allowed and not (busy or (got == "gone" and kind in ("replay", "stale", "unknown", "clone"))):
        life.world.wrong(life.terminal.kiosk_id, f"{kind} answered with {got}")


def _body(life: Life, *, back_by: int = 0, **more: object) -> bytes:
    _, body, _ = life.terminal.heartbeat()
    if not back_by and not more:
        return body
    fields = json.loads(body)
    fields["seq"] -= back_by
    return json.dumps(fields | more).encode()


async def _send(life: Life, body: bytes) -> int:
    return (await life.ask(life.world.request("POST", "/heartbeat", body))).status


async def _own(life: Life, pem: str) -> Wire:
    world = life.world
    try:
        return await connect(world.target, world.tls, source=world.next_source(), identity_pem=pem)
    except ssl.SSLError:
        raise WireError("identity") from None


async def _on_own_connection(life: Life, body: bytes, *, forged: bool = False) -> int | str:
    """The desk may well hang up: not on the kiosk's good connection."""
    wire = await _own(life, stranger(life.terminal.kiosk_id) if forged else life.identity.pem)
    try:
        return (await wire.ask(life.world.request("POST", "/heartbeat", body))).status
    finally:
        wire.close()


async def _slowly(life: Life) -> int:
    wire = await _own(life, life.identity.pem)
    try:
        request = life.world.request("POST", "/heartbeat", _body(life))
        step = len(request) // _SLOW_PARTS + 1
        wire.begin(request[:step])
        wire.pause(True)
        for at in range(step, len(request), step):
            await asyncio.sleep(_SLOW_PAUSE_S)
            wire.send(request[at : at + step])
        await asyncio.sleep(1)
        wire.pause(False)
        return (await wire.reply(60)).status
    finally:
        wire.close()


async def _clone(life: Life) -> int:
    """A copied disk: the same identity, started elsewhere with the numbers of the day of the copy."""
    copy = Terminal(life.terminal.kiosk_id, life.terminal.epoch, life.dice)
    copy.seq = life.terminal.seq - 50
    wire = await _own(life, life.identity.pem)
    try:
        _, body, _ = copy.heartbeat()
        return (await wire.ask(life.world.request("POST", "/heartbeat", body))).status
    finally:
        wire.close()
