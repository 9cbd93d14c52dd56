"""For whatever comes and goes, and however often the engine dies: alert, all-clear, alert, all-clear."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from backend.db.engine import make_engine, make_sessions
from tests.backend.alerts.fleet import Fleet
from tests.backend.house import migrated_sqlite

STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("offline"), st.integers(0, 1)),
        st.tuples(st.just("online"), st.integers(0, 1)),
        st.tuples(st.just("jam"), st.integers(0, 1)),
        st.tuples(st.just("well"), st.integers(0, 1)),
        st.tuples(st.just("lost-offline"), st.integers(0, 1)),
        st.tuples(st.just("wait"), st.sampled_from([5, 20, 90, 400])),
        st.tuples(st.just("restart"), st.just(0)),
        st.tuples(st.just("twice"), st.just(0)),
    ),
    min_size=4,
    max_size=14,
)


async def play(steps: list[tuple[str, int]], database: Path) -> None:
    engine = make_engine(f"sqlite+aiosqlite:///{database}")
    fleet = Fleet(make_sessions(engine))
    await fleet.seed(0.0001)
    for what, number in steps:
        kiosk = fleet.kiosks[min(number, 1)]
        match what:
            case "offline":
                await fleet.silence([kiosk])
            case "lost-offline":
                await fleet.silence([kiosk], events=False)
            case "online":
                await fleet.back([kiosk])
            case "jam":
                await fleet.trouble(kiosk, "document_printer.paper.jammed")
            case "well":
                await fleet.trouble(kiosk)
            case "wait":
                await fleet.wait(number, step=number / 2)
            case "restart":
                fleet.restart()
            case "twice":
                await fleet.engine.round()
                await fleet.engine.sweep()
    for kiosk in fleet.kiosks:
        await fleet.trouble(kiosk)
    await fleet.wait(900, step=100)
    said: dict[tuple[str, str], list[str]] = {}
    for message in await fleet.messages():
        if message.facts["rule"] != "duty-empty":
            said.setdefault((message.facts["rule"], message.facts["subject"]), []).append(message.kind)
    for kinds in said.values():
        assert kinds == ["alert", "clear"] * (len(kinds) // 2)
    assert all(not one.live for one in await fleet.alerts() if one.rule != "duty-empty")
    await engine.dispose()


@settings(max_examples=12, deadline=None, derandomize=True)
@given(STEPS)
def test_alert_and_all_clear_alternate(steps: list[tuple[str, int]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        database = Path(folder) / "fleet.sqlite3"
        shutil.copy(migrated_sqlite(), database)
        asyncio.run(play(steps, database))
