"""What a simulated kiosk does with a release: fetch it, check it, switch at its time, tell."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import msgspec

from backend.contract.fleet_api import RolloutOrder, RolloutProgress, RolloutReport

if TYPE_CHECKING:
    from provisioning.simulator.life import Life

_MAX_PAYLOAD = 64 << 20  # bytes; a simulated kiosk keeps it in memory for a moment


async def obey(life: Life, order: RolloutOrder) -> None:
    """Called with every reply that carries the order. Raises WireError."""
    ended = life.rollout_done.get(_key(order))
    if ended == "silent":
        return
    if ended is not None:
        await _tell(life, order, ended)  # it asks again: our report did not come through
        return
    if "broken" in life.kinds:
        outcome = "silent" if life.dice.random() < 0.5 else "failed"
        life.rollout_done[_key(order)] = outcome
        life.world.figures.counts[f"rollout {outcome} on purpose"] += 1
        if outcome == "failed":
            await _tell(life, order, "failed", "simulated")
        return
    if order.restore:
        life.terminal.runs(order.kind, life.rollout_done.get(f"{order.kind}:before", order.version))
        await _finish(life, order)
        return
    if not await _fetched(life, order):
        return
    due = order.not_before
    if due is not None and due > datetime.now(UTC) and not life.world.plan.hasty:
        await _tell(life, order, "waiting")
        return
    before = life.terminal.software if order.kind == "software" else life.terminal.content
    life.rollout_done[f"{order.kind}:before"] = before
    life.terminal.runs(order.kind, order.version)
    await _finish(life, order)


async def _fetched(life: Life, order: RolloutOrder) -> bool:
    fetched = f"{_key(order)}:fetched"
    if fetched in life.rollout_done:
        return True
    if order.size > _MAX_PAYLOAD:
        await _tell(life, order, "failed", "larger than the simulator takes")
        return False
    await _tell(life, order, "downloading")
    reply = await life.ask(life.world.request("GET", f"/releases/{order.release_id}/payload"))
    if reply.status not in (200, 206):
        life.world.figures.counts[f"payload:{reply.status}"] += 1
        return False
    if hashlib.sha256(reply.body).hexdigest() != order.sha256:
        life.world.wrong(life.terminal.kiosk_id, "payload with a wrong digest")
        await _tell(life, order, "failed", "digest")
        return False
    life.rollout_done[fetched] = "yes"
    return True


async def _finish(life: Life, order: RolloutOrder) -> None:
    life.rollout_done[_key(order)] = "running"
    life.world.figures.counts["rollout running"] += 1
    await _tell(life, order, "running")


async def _tell(life: Life, order: RolloutOrder, stage: str, detail: str = "") -> None:
    terminal = life.terminal
    version = terminal.software if order.kind == "software" else terminal.content
    terminal.progress(
        None if stage == "running" else RolloutProgress(rollout_id=order.rollout_id, stage=stage, detail=detail)
    )
    body = msgspec.json.encode(RolloutReport(stage=stage, version=version, detail=detail))
    reply = await life.ask(life.world.request("POST", f"/rollouts/{order.rollout_id}/report", body))
    if reply.status != 204:
        life.world.figures.counts[f"rollout report:{reply.status}"] += 1


def _key(order: RolloutOrder) -> str:
    return f"{order.rollout_id}:{'restore' if order.restore else 'take'}"
