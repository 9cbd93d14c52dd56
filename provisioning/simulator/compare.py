"""The simulator's book against the desk's database: what was acknowledged must be there.

Written with plain SQL on a connection of its own, so that no cache and no model of the desk can hide a loss.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.db.engine import make_engine
from provisioning.simulator.book import Change, Kept

_SHOWN = 10  # examples of each kind of loss
_AT_ONCE = 500


@dataclass
class Verdict:
    looked_at: dict[str, int] = field(default_factory=dict)
    losses: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))

    @property
    def good(self) -> bool:
        return not self.losses

    def text(self) -> str:
        lines = [f"{what:<44} {count:>10,}" for what, count in self.looked_at.items()]
        for what, cases in self.losses.items():
            lines.append(f"LOST: {what}: {len(cases):,}")
            lines += [f"  {case}" for case in cases[:_SHOWN]]
        lines.append("nothing acknowledged is missing" if self.good else "SOMETHING ACKNOWLEDGED IS MISSING")
        return "\n".join(lines)


async def compare_with(kept: Kept, database_url: str) -> Verdict:
    verdict = Verdict()
    engine = make_engine(database_url)
    try:
        async with engine.connect() as connection:
            await _pulses(connection, kept, verdict)
            await _changes(connection, kept, verdict)
            await _commands(connection, kept, verdict)
    finally:
        await engine.dispose()
    for kiosk_id, what in kept.violations:
        verdict.losses[f"the desk did what it must not: {what}"].append(kiosk_id)
    return verdict


async def _pulses(connection: AsyncConnection, kept: Kept, verdict: Verdict) -> None:
    rows = await connection.execute(text("SELECT kiosk_id, seq FROM kiosk_pulse"))
    there: dict[str, int] = {row.kiosk_id: row.seq for row in rows}
    verdict.looked_at["heartbeats acknowledged"] = kept.heartbeats
    verdict.looked_at["kiosks with an acknowledged heartbeat"] = len(kept.last_seq)
    for kiosk_id, seq in kept.last_seq.items():
        if there.get(kiosk_id, 0) < seq:
            verdict.losses["heartbeats"].append(
                f"{kiosk_id}: {seq} acknowledged, {there.get(kiosk_id)} in the database"
            )


async def _changes(connection: AsyncConnection, kept: Kept, verdict: Verdict) -> None:
    """Each told change needs an event of its own: two equal ones need two."""
    verdict.looked_at["state changes acknowledged"] = sum(kept.changes.values())
    wanted: dict[str, Counter[Change]] = defaultdict(Counter)
    for (kiosk_id, change), count in kept.changes.items():
        wanted[kiosk_id][change] += count
    names = sorted(wanted)
    for at in range(0, len(names), _AT_ONCE):
        some = names[at : at + _AT_ONCE]
        marks = ", ".join(f":k{index}" for index in range(len(some)))
        query = f"SELECT kiosk_id, kind, detail FROM kiosk_event WHERE kiosk_id IN ({marks})"  # noqa: S608 - marks only
        rows = await connection.execute(text(query), {f"k{index}": name for index, name in enumerate(some)})
        found: dict[str, Counter[Change]] = defaultdict(Counter)
        for kiosk_id, kind, detail in rows:
            found[kiosk_id].update(told_by(kind, json.loads(detail) if isinstance(detail, str) else detail))
        for kiosk_id in some:
            for change, count in wanted[kiosk_id].items():
                if found[kiosk_id][change] < count:
                    verdict.losses["state changes"].append(
                        f"{kiosk_id}: {change.kind} {change.subject} {change.value}: "
                        f"{count} acknowledged, {found[kiosk_id][change]} events"
                    )


async def _commands(connection: AsyncConnection, kept: Kept, verdict: Verdict) -> None:
    verdict.looked_at["commands carried out"] = len(kept.executed)
    verdict.looked_at["commands' ends acknowledged"] = len(kept.acknowledged)
    for (kiosk_id, command_id), count in kept.executed.items():
        if count > 1:
            verdict.losses["commands carried out twice"].append(f"{kiosk_id}: {command_id}, {count} times")
    if not kept.executed and not kept.acknowledged:
        return
    rows = await connection.execute(text("SELECT command_id, state FROM command"))
    states: dict[str, str] = {row.command_id: row.state for row in rows}
    for command_id, (kiosk_id, state) in kept.acknowledged.items():
        if states.get(command_id) != state:
            verdict.losses["commands' ends"].append(
                f"{kiosk_id}: {command_id}: {state} acknowledged, {states.get(command_id)} in the database"
            )
    for kiosk_id, command_id in kept.executed:
        if command_id not in states:
            verdict.losses["carried out though there is no such order"].append(f"{kiosk_id}: {command_id}")


# What an event of the desk's history says, in the book's words.


def told_by(kind: str, detail: dict[str, Any]) -> list[Change]:
    reader = _READERS.get(kind)
    return reader(detail) if reader else []


def _device(detail: dict[str, Any]) -> list[Change]:
    name, before, after = str(detail.get("device", "")), detail.get("before") or {}, detail.get("after") or {}
    changes = []
    if before.get("state") != after.get("state"):
        changes.append(Change("device", name, str(after.get("state", ""))))
    had = before.get("supplies") or {}
    for supply, state in (after.get("supplies") or {}).items():
        if had.get(supply) != state:
            changes.append(Change("supply", f"{name}.{supply}", str(state)))
    return changes


def _service(detail: dict[str, Any]) -> list[Change]:
    return [Change("service", "", "in" if detail.get("in_service") else "out")]


def _version(detail: dict[str, Any]) -> list[Change]:
    return [Change(str(detail.get("of", "")), "", str(detail.get("after", "")))]


def _settings(detail: dict[str, Any]) -> list[Change]:
    return [Change("settings", "", str(detail.get("after", "")))]


_READERS: dict[str, Callable[[dict[str, Any]], list[Change]]] = {
    "device-changed": _device,
    "service-changed": _service,
    "version-changed": _version,
    "settings-applied": _settings,
}
