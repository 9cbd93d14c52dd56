"""A simulated kiosk against a tiny desk: what it sends, what it heeds and what it writes down."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from provisioning.simulator import life as life_module
from provisioning.simulator.book import Book, Change, read_book
from provisioning.simulator.identities import Identity
from provisioning.simulator.life import Gone, Life, World
from provisioning.simulator.mischief import before_heartbeat
from provisioning.simulator.plan import Plan
from provisioning.simulator.wire import Target
from tests.provisioning.simulator.fake_desk import FakeDesk, fake_desk, ok, problem


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[tuple[FakeDesk, World]]:
    async with fake_desk() as desk:
        plan = Plan(host="localhost", port=desk.port, address="127.0.0.1", tls=False, state=str(tmp_path), changes=0)
        book = Book(tmp_path / "book" / "one.tsv")
        yield desk, World(plan, Target("localhost", desk.port, "127.0.0.1", tls=False), None, book, None)
        book.close()


def kiosk(world: World, *kinds: str) -> Life:
    return Life(world, Identity("K-1", "", "", 3), frozenset(kinds))


def now() -> float:
    return asyncio.get_running_loop().time()


@pytest.fixture
def naps(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """What it would have slept, without sleeping."""
    slept: list[float] = []
    real = asyncio.sleep

    async def sleep(seconds: float) -> None:
        slept.append(seconds)
        await real(0)

    monkeypatch.setattr(life_module.asyncio, "sleep", sleep)
    return slept


async def test_retry_after_is_honoured_and_the_same_number_is_sent_again(
    world: tuple[FakeDesk, World], naps: list[float]
) -> None:
    desk, its = world
    answers = [problem(503, "busy", Retry_After="20"), problem(503, "busy", Retry_After="20"), ok()]
    desk.heartbeat = lambda beat: answers.pop(0)
    life = kiosk(its)
    assert await life.beat(now()) is not None
    assert len(naps) == 2
    assert all(20 <= nap <= 30 for nap in naps)
    assert len({(beat["seq"], beat["boot"]) for beat in desk.beats()}) == 1
    assert its.figures.counts["later:503"] == 2
    assert not its.figures.with_prefix("wrong")
    life.drop()


async def test_a_503_without_retry_after_is_the_desks_mistake(world: tuple[FakeDesk, World], naps: list[float]) -> None:
    desk, its = world
    answers = [problem(503, "busy"), ok()]
    desk.heartbeat = lambda beat: answers.pop(0)
    life = kiosk(its)
    await life.beat(now())
    assert its.figures.counts["wrong:503 without Retry-After"] == 1
    life.drop()


async def test_latency_counts_from_when_it_should_have_been_sent(world: tuple[FakeDesk, World]) -> None:
    _, its = world
    life = kiosk(its)
    await life.beat(now() - 5)  # it was due five seconds ago
    assert its.figures.latencies["heartbeat"].at(0.5) >= 5
    life.drop()


async def test_the_book_has_what_was_acknowledged_and_nothing_else(
    world: tuple[FakeDesk, World], tmp_path: Path
) -> None:
    desk, its = world
    life = kiosk(its)
    await life.beat(now())
    life.terminal.states["camera"] = "offline"
    life.terminal._report = b""
    await life.beat(now())
    last = life.terminal.seq
    desk.heartbeat = lambda beat: problem(409, "sequence")
    life.terminal.states["cash"] = "hardwareError"
    life.terminal._report = b""
    await life.beat(now())
    life.drop()
    its.book.flush()
    kept = read_book(tmp_path / "book")
    assert kept.last_seq == {"K-1": last}
    assert kept.heartbeats == 2
    assert dict(kept.changes) == {("K-1", Change("device", "camera", "offline")): 1}


def order(command_id: str, expires_s: float = 600, epoch: int = 3, kind: str = "out-of-service") -> dict[str, Any]:
    expires_at = datetime.now(UTC) + timedelta(seconds=expires_s)
    return {
        "command_id": command_id,
        "kind": kind,
        "arguments": {"reason_en": "rest"},
        "expires_at": expires_at.isoformat(),
        "epoch": epoch,
    }


async def turn(life: Life) -> None:
    reply = await life.beat(now())
    assert reply is not None
    await life.follow(reply)


async def test_a_command_is_carried_out_once_and_answered_until_it_is_heard(
    world: tuple[FakeDesk, World], tmp_path: Path
) -> None:
    desk, its = world
    desk.heartbeat = lambda beat: ok(commands=[order("c1")])
    desk.other["/commands/c1/ack"] = problem(503, "busy", Retry_After="1")
    life = kiosk(its)
    await turn(life)
    desk.other["/commands/c1/ack"] = (204, {}, b"")
    await turn(life)
    assert not life.terminal.in_service
    its.book.flush()
    kept = read_book(tmp_path / "book")
    assert kept.executed == {("K-1", "c1"): 1}
    assert kept.acknowledged == {"c1": ("K-1", "done")}
    assert desk.paths().count("POST /commands/c1/ack") == 2
    await turn(life)  # and now once more, though its end was taken
    assert its.figures.counts["wrong:command handed out after its acknowledged end"] == 1
    life.drop()


@pytest.mark.parametrize(
    ("given", "what"),
    [(order("old", expires_s=-1), "expired command handed out"), (order("void", epoch=2), "command of another epoch")],
)
async def test_void_commands_are_not_carried_out(
    world: tuple[FakeDesk, World], tmp_path: Path, given: dict[str, Any], what: str
) -> None:
    desk, its = world
    desk.heartbeat = lambda beat: ok(commands=[given])
    life = kiosk(its)
    await turn(life)
    its.book.flush()
    assert read_book(tmp_path / "book").violations == [("K-1", what)]
    assert not read_book(tmp_path / "book").executed
    life.drop()


async def test_refusers_refuse(world: tuple[FakeDesk, World]) -> None:
    desk, its = world
    desk.heartbeat = lambda beat: ok(commands=[order("c1")])
    life = kiosk(its, "refuse")
    await turn(life)
    assert json.loads(desk.asked[-1][2])["state"] == "refused"
    assert life.terminal.in_service
    life.drop()


async def test_a_stranger_to_the_desk_stops(world: tuple[FakeDesk, World]) -> None:
    desk, its = world
    desk.heartbeat = lambda beat: problem(403, "quarantined")
    life = kiosk(its)
    with pytest.raises(Gone):
        await life.beat(now())
    life.drop()


PAYLOAD = b"trial" * 100


def rollout(**more: Any) -> dict[str, Any]:
    import hashlib

    fields = {"rollout_id": "r1", "release_id": "v2", "kind": "trial", "version": "2", "size": len(PAYLOAD)}
    return fields | {"sha256": hashlib.sha256(PAYLOAD).hexdigest()} | more


async def test_a_rollout_is_fetched_checked_and_told(world: tuple[FakeDesk, World]) -> None:
    desk, its = world
    desk.heartbeat = lambda beat: ok(rollout=rollout())
    desk.other["/releases/v2/payload"] = (200, {}, PAYLOAD)
    life = kiosk(its)
    await turn(life)
    stages = [json.loads(body)["stage"] for _, path, body in desk.asked if path.endswith("/report")]
    assert stages == ["downloading", "running"]
    assert life.terminal.content == "2"
    desk.heartbeat = lambda beat: ok(rollout=rollout(restore=True))
    await turn(life)
    assert life.terminal.content != "2"
    assert json.loads(desk.asked[-1][2]) == {"stage": "running", "version": life.terminal.content, "detail": ""}
    life.drop()


async def test_a_payload_that_was_changed_is_not_run(world: tuple[FakeDesk, World]) -> None:
    desk, its = world
    desk.heartbeat = lambda beat: ok(rollout=rollout())
    desk.other["/releases/v2/payload"] = (200, {}, PAYLOAD[:-1] + b"!")
    life = kiosk(its)
    await turn(life)
    assert life.terminal.content != "2"
    assert json.loads(desk.asked[-1][2])["stage"] == "failed"
    life.drop()


async def test_the_broken_ones_never_run_it(world: tuple[FakeDesk, World]) -> None:
    desk, its = world
    desk.heartbeat = lambda beat: ok(rollout=rollout())
    life = kiosk(its, "broken")
    await turn(life)
    assert life.terminal.content != "2"
    assert "GET /releases/v2/payload" not in desk.paths()
    life.drop()


@asynccontextmanager
async def always(life: Life) -> AsyncIterator[None]:
    life.back = True
    life.dice.random = lambda: 0.0  # type: ignore[method-assign]
    yield
    life.drop()


@pytest.mark.parametrize(
    ("kind", "answer", "wrong"),
    [
        ("oversize", lambda beat: problem(413, "too-large"), False),
        ("oversize", lambda beat: ok(), True),
        ("garbage", lambda beat: problem(400, "invalid-request"), False),
        ("garbage", lambda beat: problem(500, "?"), True),
        ("unknown", lambda beat: ok(), False),
        ("unknown", lambda beat: problem(400, "invalid-request"), True),
        ("stale", lambda beat: problem(409, "sequence"), False),
        ("stale", lambda beat: ok(), True),
        ("replay", lambda beat: ok(), False),
        ("clone", lambda beat: problem(403, "quarantined"), False),
    ],
)
async def test_mischief_is_judged(
    world: tuple[FakeDesk, World], kind: str, answer: Callable[[dict[str, Any]], Any], wrong: bool
) -> None:
    desk, its = world
    desk.heartbeat = answer
    life = kiosk(its, kind)
    async with always(life):
        await before_heartbeat(life)
    assert bool(its.figures.with_prefix("wrong")) is wrong
    assert its.figures.with_prefix(f"mischief:{kind}")


async def test_a_slow_one_is_slow(world: tuple[FakeDesk, World]) -> None:
    desk, its = world
    life = kiosk(its, "slow")
    async with always(life):
        await before_heartbeat(life)
    assert its.figures.counts["mischief:slow:200"] == 1
    assert len(desk.beats()) == 1
