"""`compare` finds what is missing: each kind of loss is planted once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import delete, insert, update
from typer.testing import CliRunner

from backend.db.engine import Sessions, writing
from backend.fleet.changes import Heard, Known, change_of
from backend.fleet.commands.models import Command
from backend.fleet.models import Kiosk, KioskEvent, KioskPulse, Site
from provisioning.simulator.book import Book, Change, Kept, read_book
from provisioning.simulator.compare import compare_with, told_by
from provisioning.simulator.terminal import Terminal

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
REGION = "990101001001"
PAPER = Change("supply", "receipt_printer.paper", "low")


def a_book(path: Path, change: Callable[[Book], None] = lambda book: None) -> Kept:
    book = Book(path / "one.tsv")
    book.heartbeat("K-1", 7, "d1")
    book.heartbeat("K-1", 9, "d2", (PAPER,))
    book.executed("K-1", "c1")
    book.acknowledged("K-1", "c1", "done")
    change(book)
    book.close()
    return read_book(path)


@pytest.fixture
async def desk(sessions: Sessions) -> Sessions:
    """A database in which everything of that book is."""
    detail = {
        "device": "receipt_printer",
        "before": {"state": "online", "supplies": {"paper": "full"}},
        "after": {"state": "online", "supplies": {"paper": "low"}},
    }
    async with writing(sessions) as session:
        site = {"site_id": "S", "region_code": REGION, "name_zh": "站", "name_en": "Point", "created_at": NOW}
        await session.execute(insert(Site).values(**site))
        kiosk = {"kiosk_id": "K-1", "site_id": "S", "region_code": REGION, "identity": "enrolled", "created_at": NOW}
        await session.execute(insert(Kiosk).values(**kiosk))
        await session.execute(insert(KioskPulse).values(kiosk_id="K-1", seq=9))
        event = {"kiosk_id": "K-1", "region_code": REGION, "at": NOW, "severity": "warning", "detail": detail}
        await session.execute(insert(KioskEvent).values(kind="device-changed", **event))
        command = {"command_id": "c1", "kiosk_id": "K-1", "region_code": REGION, "epoch": 1, "kind": "self-test"}
        command |= {"state": "done", "created_at": NOW, "created_by": "t", "expires_at": NOW + timedelta(hours=1)}
        await session.execute(insert(Command).values(**command))
        await session.commit()
    return sessions


def url(sessions: Sessions) -> str:
    return str(sessions.kw["bind"].url.render_as_string(hide_password=False))


async def test_nothing_is_missing(desk: Sessions, tmp_path: Path) -> None:
    verdict = await compare_with(a_book(tmp_path / "book"), url(desk))
    assert verdict.good, verdict.text()
    assert verdict.looked_at["heartbeats acknowledged"] == 2
    assert "nothing acknowledged is missing" in verdict.text()


@pytest.mark.parametrize(
    ("loss", "what"),
    [
        (update(KioskPulse).values(seq=8), "heartbeats"),
        (delete(KioskEvent), "state changes"),
        (update(Command).values(state="expired"), "commands' ends"),
        (delete(Command), "carried out though there is no such order"),
    ],
)
async def test_a_planted_loss_is_found(desk: Sessions, tmp_path: Path, loss: object, what: str) -> None:
    async with writing(desk) as session:
        await session.execute(loss)  # type: ignore[call-overload]
        await session.commit()
    verdict = await compare_with(a_book(tmp_path / "book"), url(desk))
    assert what in verdict.losses
    assert "MISSING" in verdict.text()


async def test_two_equal_changes_need_two_events(desk: Sessions, tmp_path: Path) -> None:
    kept = a_book(tmp_path / "book", lambda book: book.heartbeat("K-1", 9, "d3", (PAPER,)))
    assert "state changes" in (await compare_with(kept, url(desk))).losses


async def test_what_ran_twice_or_should_not_have_is_told(desk: Sessions, tmp_path: Path) -> None:
    def twice(book: Book) -> None:
        book.executed("K-1", "c1")
        book.violation("K-1", "expired command handed out")

    verdict = await compare_with(a_book(tmp_path / "book", twice), url(desk))
    assert set(verdict.losses) == {
        "commands carried out twice",
        "the desk did what it must not: expired command handed out",
    }


def test_a_line_cut_short_by_a_crash_is_left_out(tmp_path: Path) -> None:
    a_book(tmp_path / "book")
    with (tmp_path / "book" / "one.tsv").open("a") as file:
        file.write("h\tK-1\t1")
    assert read_book(tmp_path / "book").last_seq == {"K-1": 9}
    with pytest.raises(FileNotFoundError):
        read_book(tmp_path / "none")


def test_the_desks_history_says_it_in_the_books_words() -> None:
    """What the desk writes for a change, and what the book keeps of it, are the same thing: else every run is red."""
    import random

    import msgspec

    from backend.contract.fleet_api import KioskReport

    def report(terminal: Terminal) -> KioskReport:
        return msgspec.json.decode(terminal.report(), type=KioskReport)

    terminal = Terminal("K-1", 1, random.Random(3))
    for _ in range(60):
        before = terminal.report()
        terminal.told()
        terminal.something_happens()
        if terminal.dice.random() < 0.3:
            terminal.runs("software", f"1.{terminal.dice.random()}")
            terminal.took_settings(terminal.settings + 1)
            terminal.in_service = not terminal.in_service
        known = Known(REGION, True, before.decode(), "[]")
        entries = change_of("K-1", known, Heard(report(terminal), "000", False, [])).entries
        told = [change for entry in entries for change in told_by(entry.kind.value, entry.detail)]
        assert sorted(map(str, told)) == sorted(map(str, terminal.changes()))


def test_the_command_says_when_there_is_no_book(tmp_path: Path) -> None:
    from provisioning.fleet_cli import app

    result = CliRunner().invoke(app, ["compare", "--book", str(tmp_path)])
    assert result.exit_code == 2
    assert "no book" in result.output
