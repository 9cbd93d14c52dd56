"""Signatures of content that end are told in time, those of the desk itself when they were not renewed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from backend.alerts.desk_watch import DeskWatch
from backend.alerts.models import Alert
from backend.alerts.rules import RULES
from backend.operations.jobs import Jobs
from content.signing.roles import SigningFault
from tests.backend.alerts.fleet import Fleet

FAR = timedelta(days=300)


async def told(fleet: Fleet, signed: Mapping[str, timedelta] | None) -> dict[str, tuple[str, str]]:
    """The words by subject of what is not over."""

    def ends() -> dict[str, datetime]:
        if signed is None:
            raise SigningFault("damaged")
        return {role: fleet.now + left for role, left in signed.items()}

    await DeskWatch(fleet.sessions, Jobs(fleet.sessions), lambda: fleet.now, signed=ends).run()
    async with fleet.sessions() as session:
        query = select(Alert).where(Alert.rule == "content-signing", Alert.live.is_not(None))
        return {alert.subject: RULES["content-signing"].words(alert.detail) for alert in await session.scalars(query)}


@pytest.mark.parametrize(
    ("role", "quiet", "loud", "words"),
    [
        ("root", timedelta(days=31), timedelta(days=29, hours=2), "the signatures of root end within 30 days"),
        ("targets", timedelta(days=31), timedelta(days=6), "the signatures of targets end within 6 days"),
        ("timestamp", timedelta(days=1.4), timedelta(hours=12), "the signatures of timestamp end within 1 days"),
        (
            "snapshot",
            timedelta(days=6),
            -timedelta(days=1),
            "the signatures of snapshot have ended: kiosks",
        ),
    ],
)
async def test_what_ends(fleet: Fleet, role: str, quiet: timedelta, loud: timedelta, words: str) -> None:
    others = dict.fromkeys(("root", "targets", "snapshot", "timestamp"), FAR)
    assert await told(fleet, others | {role: quiet}) == {}
    found = await told(fleet, others | {role: loud})
    assert list(found) == [f"signing:{role}"]
    assert found[f"signing:{role}"][1].startswith(words)
    await told(fleet, others)
    await fleet.wait(10)
    assert await told(fleet, others) == {}, "it was signed anew"


async def test_damage_is_told_and_stops_no_other_look(fleet: Fleet) -> None:
    assert (await told(fleet, None))["signing:damaged"][1] == "the desk's signed metadata is damaged"


async def test_a_desk_without_content(fleet: Fleet) -> None:
    assert await told(fleet, {}) == {}
