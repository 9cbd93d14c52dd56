"""What a kiosk, or somebody who has stolen one, may send instead of a heartbeat."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
import msgspec
import pytest

from backend.contract.fleet_api import MAX_HEARTBEAT
from tests.backend.desk import Desk
from tests.backend.fleet.enrolled import enrolled_kiosks, pulse_of, state_of
from tests.backend.fleet.heartbeat.beating import PATH, WELL, beat, beating, body

K = "K-1"


def encoded(**more: Any) -> bytes:
    return msgspec.json.encode(body(1) | more)


BAD: dict[str, bytes] = {
    "empty": b"",
    "not-json": b"hello",
    "a-list": b"[]",
    "wrong-type": encoded(seq="1"),
    "zero": encoded(seq=0),
    "huge-number": encoded(seq=2**60),
    "no-zone": encoded(sent_at="2026-01-01T00:00:00"),
    "nul-boot": encoded(boot="a\x00"),
    "surrogate": encoded(boot="X").replace(b'"X"', b'"\\ud800"'),
    "bytes": encoded(boot="X").replace(b'"X"', b'"\xff\xfe"'),
    "nan": encoded(temperature_c=1.5).replace(b"1.5", b"NaN"),
    "infinite": encoded(temperature_c=1.5).replace(b"1.5", b"1e999"),
    "nested": encoded(report={"x": 1}).replace(b'{"x":1}', b"[" * 20_000 + b"]" * 20_000),
    "report-type": encoded(report={"devices": {"camera": {"state": 5}}}),
    "negative-counter": encoded(counters={"sessions": -1}),
    "many-counters": encoded(counters={f"counter-{n}": n for n in range(200)}),
    "nul-counter": encoded(counters={"a\x00": 1}),
    "many-errors": encoded(errors=[{"code": "x", "at": "2026-01-01T00:00:00Z"}] * 51),
    "error-no-zone": encoded(errors=[{"code": "x", "at": "2026-01-01T00:00:00"}]),
}


async def test_refused_and_nothing_taken(desk: Desk) -> None:
    await enrolled_kiosks(desk.sessions, K)
    async with beating(desk) as client:
        for name, content in BAD.items():
            reply = await client.post(PATH, content=content)
            assert (reply.status_code, reply.json()["code"]) == (400, "invalid-request"), name
            assert "hello" not in reply.text
        assert (await pulse_of(desk.sessions, K)).seq == 0
        assert (await beat(client, 1)).status_code == 200


ODD: dict[str, dict[str, Any]] = {
    "unknown-field": {"new_thing": {"a": [1, 2]}},
    "huge-counters": {
        "counters": {"sessions": 2**53},
        "uptime_s": 2**53,
        "disk_free_mb": 2**53,
        "interface_age_s": 2**53,
    },
    "from-the-future": {"sent_at": "9999-12-31T23:59:59-14:00"},
    "from-the-past": {"sent_at": "0001-01-01T00:00:00+14:00"},
    "nul-in-report": {"report": WELL | {"software": "1\x002", "out_of_service": "\x00"}},
    "nul-in-device": {"report": {"devices": {"a\x00": {"state": "on\x00line"}}}},
    "escaped-backslash": {"report": WELL | {"out_of_service": "\\u0000"}},
    "unknown-in-report": {"report": WELL | {"later": {"x": 1}}},
    "settings-out-of-range": {"report": WELL | {"settings": 2**62}},
    "long-code": {"report": {"devices": {"d" * 40: {"state": "s" * 80, "supplies": {"x" * 40: "out"}}}}},
    "emoji": {"report": WELL | {"out_of_service": "🚧" * 150}},
    "error": {"errors": [{"code": "\x00", "at": "0001-01-01T00:00:00+14:00", "where": "'; DROP TABLE kiosk; --"}]},
}


async def test_odd_but_taken(desk: Desk) -> None:
    await enrolled_kiosks(desk.sessions, K)
    async with beating(desk) as client:
        for seq, (name, more) in enumerate(ODD.items(), 1):
            assert (await beat(client, seq, **more)).status_code == 200, name
    assert (await pulse_of(desk.sessions, K)).seq == len(ODD)
    assert "later" not in (await state_of(desk.sessions, K)).report


async def test_too_large_is_not_read(desk: Desk) -> None:
    await enrolled_kiosks(desk.sessions, K)
    read = 0

    async def ten_megabytes() -> AsyncIterator[bytes]:
        nonlocal read
        for _ in range(160):
            read += MAX_HEARTBEAT
            yield b" " * MAX_HEARTBEAT

    async with beating(desk) as client:
        assert (await client.post(PATH, content=b" " * 10_000_000)).status_code == 413
        reply = await client.post(PATH, content=ten_megabytes())
        assert (reply.status_code, reply.headers["connection"]) == (413, "close")
    assert read <= 3 * MAX_HEARTBEAT


async def test_too_slow(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    await enrolled_kiosks(desk.sessions, K)
    monkeypatch.setattr(desk.app.state.heartbeat_door, "_body_s", 0.05)

    async def never_ends() -> AsyncIterator[bytes]:
        yield b"{"
        await asyncio.sleep(30)
        yield b"}"

    async with beating(desk) as client:
        reply = await client.post(PATH, content=never_ends())
        assert (reply.status_code, reply.headers["connection"]) == (400, "close")


async def test_more_than_the_queue_holds(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    kiosks = [f"K-{n}" for n in range(12)]
    await enrolled_kiosks(desk.sessions, *kiosks)
    batches = desk.app.state.heartbeats
    monkeypatch.setattr(batches, "_settings", batches._settings.model_copy(update={"queue": 5, "gather_ms": 100}))

    async def send(kiosk_id: str) -> httpx.Response:
        async with beating(desk, kiosk_id) as client:
            return await beat(client, 1)

    replies = await asyncio.gather(*map(send, kiosks))
    assert sorted(reply.status_code for reply in replies) == [200] * 5 + [503] * 7
    retries = {int(reply.headers["retry-after"]) for reply in replies if reply.status_code == 503}
    assert all(5 <= seconds < 35 for seconds in retries)
