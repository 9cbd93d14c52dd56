"""The journal: on disk before the call returns, settled once, readable after any death."""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path

import pytest

from kiosk.journal.journal import IntentKind, Journal, OutboxItem, Outcome, Phase


async def test_committed_before_the_call_returns(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite3"
    journal = await Journal.open(path)
    intent = await journal.begin(IntentKind.PAYMENT, session="s", service="water-bill", detail={"amount_fen": 4340})
    await journal.advance(intent.id, Phase.PRINTING, cuts_before=7)
    # Somebody else's eyes, without closing the first connection: what a restarted kiosk would see.
    with sqlite3.connect(path) as other:
        row = other.execute("SELECT phase, detail, outcome FROM intent").fetchone()
    assert row == ("printing", '{"amount_fen": 4340, "cuts_before": 7}', None)
    await journal.close()


async def test_durable_settings(tmp_path: Path) -> None:
    journal = await Journal.open(tmp_path / "journal.sqlite3")
    mode = await (await journal._db.execute("PRAGMA journal_mode")).fetchone()
    synchronous = await (await journal._db.execute("PRAGMA synchronous")).fetchone()
    assert mode is not None
    assert mode[0] == "wal"
    assert synchronous is not None
    assert synchronous[0] == 2, "FULL: a commit survives the plug being pulled"
    await journal.close()


async def test_settled_once(tmp_path: Path) -> None:
    journal = await Journal.open(tmp_path / "journal.sqlite3")
    intent = await journal.begin(IntentKind.CERTIFICATE, session="s", service="x")
    await journal.settle(intent.id, Outcome.VOIDED)
    await journal.settle(intent.id, Outcome.VOIDED)
    with pytest.raises(ValueError, match="already ended as voided"):
        await journal.settle(intent.id, Outcome.DONE)
    with pytest.raises(ValueError, match="settled"):
        await journal.advance(intent.id, Phase.PRINTING)
    assert await journal.open_intents() == []
    await journal.close()


async def test_parents_before_children_and_by_session(tmp_path: Path) -> None:
    journal = await Journal.open(tmp_path / "journal.sqlite3")
    payment = await journal.begin(IntentKind.PAYMENT, session="a", service="x")
    slip = await journal.begin(IntentKind.RECEIPT, session="a", service="x", parent=payment.id)
    other = await journal.begin(IntentKind.PAYMENT, session="b", service="x")
    assert [intent.id for intent in await journal.open_intents()] == [payment.id, slip.id, other.id]
    assert [intent.id for intent in await journal.open_intents("b")] == [other.id]
    assert [intent.id for intent in await journal.children(payment.id)] == [slip.id]
    await journal.close()


async def test_outbox_keeps_until_delivered(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite3"
    journal = await Journal.open(path)
    item = OutboxItem("rate-1", "rating", {"level": 5})
    await journal.post(item)
    await journal.post(item)
    await journal.close()
    journal = await Journal.open(path)
    assert await journal.outbox() == [item]
    await journal.delivered("rate-1")
    assert await journal.outbox() == []
    await journal.close()


async def test_cancelled_at_any_moment_it_takes_the_next_intent(tmp_path: Path) -> None:
    """A touch on 首页 in mid-write: half a transaction would block every later one."""
    for steps in range(12):
        journal = await Journal.open(tmp_path / f"{steps}.sqlite3")
        task = asyncio.create_task(journal.begin(IntentKind.PAYMENT, session="s", service="x"))
        for _ in range(steps):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        after = await journal.begin(IntentKind.PAYMENT, session="s", service="x")
        assert after.id in [intent.id for intent in await journal.open_intents()]
        await journal.close()
