"""A heartbeat over HTTP: taken, answered, and what it changes."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from backend.contract.fleet_api import CommandKind
from backend.db.engine import Sessions, writing
from backend.fleet.commands import service
from backend.fleet.models import Kiosk, KioskEvent, KioskPulse
from tests.backend.desk import OPERATOR, Desk
from tests.backend.fleet.enrolled import enrolled_kiosks, kiosk_of, pulse_of, serial_of, state_of
from tests.backend.fleet.heartbeat.beating import JAMMED, PATH, WELL, beat, beating, body

K = "K-1"


async def events(sessions: Sessions) -> list[tuple[str, str, dict[str, Any]]]:
    async with sessions() as session:
        rows = (await session.scalars(select(KioskEvent).order_by(KioskEvent.id))).all()
        return [(row.kind, row.severity, row.detail) for row in rows]


async def test_the_first(desk: Desk) -> None:
    await enrolled_kiosks(desk.sessions, K)
    async with beating(desk) as client:
        reply = await beat(client, 1, uptime_s=5, temperature_c=41.25, disk_free_mb=9000, counters={"sessions": 3})
    assert reply.status_code == 200
    answer = reply.json()
    assert (answer["interval_s"], answer["jitter_s"]) == (60, 5)
    assert abs((datetime.fromisoformat(answer["now"]) - datetime.now(UTC)).total_seconds()) < 30
    pulse = await pulse_of(desk.sessions, K)
    assert (pulse.seq, pulse.boot, pulse.temperature_dc, pulse.counters) == (1, "a", 412, '{"sessions":3}')
    assert pulse.seen_at is not None
    assert pulse.seen_at == pulse.boot_at
    assert pulse.patience_s == 145
    assert pulse.silent_after == int(pulse.seen_at.timestamp()) + 145
    state = await state_of(desk.sessions, K)
    assert (state.online, state.health, state.in_service, state.software) == (True, "ok", True, "1.0")
    assert state.report["devices"]["document_printer"]["levels"] == {"paper": 80}
    assert state.online_changed_at == pulse.seen_at
    assert [kind for kind, *_ in await events(desk.sessions)] == ["online"]


async def test_changes_go_to_the_history_at_once(desk: Desk) -> None:
    await enrolled_kiosks(desk.sessions, K)
    error = {"code": "journal-full", "at": "2026-01-01T00:00:00Z", "where": "x\x00y"}
    async with beating(desk) as client:
        await beat(client, 1)
        changed_at = (await state_of(desk.sessions, K)).changed_at
        assert (await beat(client, 2)).status_code == 200
        assert (await state_of(desk.sessions, K)).changed_at == changed_at  # nothing changed, nothing written
        await beat(client, 3, report=JAMMED, errors=[error])
        state = await state_of(desk.sessions, K)
        assert (state.health, state.trouble) == ("fault", "document_printer.deviceError")
        assert [trouble["action"] for trouble in state.troubles] == ["technician"] * 2
        await beat(client, 4, "b", report=WELL | {"software": "1.1", "in_service": False, "out_of_service": "moved"})
    assert (await state_of(desk.sessions, K)).health == "out-of-service"
    history = await events(desk.sessions)
    assert [(kind, severity) for kind, severity, _ in history] == [
        ("online", "info"),
        ("device-changed", "error"),
        ("error", "error"),
        ("restarted", "info"),
        ("device-changed", "info"),
        ("version-changed", "info"),
        ("service-changed", "warning"),
    ]
    assert history[1][2]["before"] == {"state": "online", "supplies": {"paper": "full"}}
    assert history[1][2]["after"]["supplies"] == {"paper": "jammed"}
    assert history[2][2]["where"] == "xy"
    assert history[5][2] == {"of": "software", "before": "1.0", "after": "1.1"}
    assert (await pulse_of(desk.sessions, K)).previous_boot == "a"


async def test_the_reply_says_what_is_wanted(desk: Desk) -> None:
    await enrolled_kiosks(desk.sessions, K)
    async with writing(desk.sessions) as session:
        kiosk = await session.get(Kiosk, K)
        assert kiosk is not None
        command = await service.create(
            session, OPERATOR, kiosk, CommandKind.VOLUME, {"percent": 40}, at=datetime.now(UTC)
        )
        wanted = {"settings_wanted": 7, "content_wanted": "c9", "software_wanted": "s9", "interval_s": 240}
        await session.execute(update(KioskPulse).values(**wanted))
        await session.commit()
    async with beating(desk) as client:
        answer = (await beat(client, 1)).json()
        assert [answer[name] for name in ("settings", "content", "software", "interval_s")] == [7, "c9", "s9", 240]
        [order] = answer["commands"]
        assert (order["command_id"], order["arguments"], order["epoch"]) == (command.command_id, {"percent": 40}, 1)
        again = (await beat(client, 1)).json()  # the reply was lost
        assert again["commands"] == answer["commands"]
        assert "commands" not in (await beat(client, 2)).json()
    assert (await pulse_of(desk.sessions, K)).patience_s == 2 * 260 + 15


async def test_a_repetition_writes_nothing(desk: Desk) -> None:
    await enrolled_kiosks(desk.sessions, K)
    async with beating(desk) as client:
        first = await beat(client, 5, errors=[{"code": "x", "at": "2026-01-01T00:00:00Z"}])
        seen_at = (await pulse_of(desk.sessions, K)).seen_at
        again = await beat(client, 5, report=JAMMED, errors=[{"code": "x", "at": "2026-01-01T00:00:00Z"}])
    assert again.status_code == 200
    assert again.json().keys() == first.json().keys()
    assert (await pulse_of(desk.sessions, K)).seen_at == seen_at
    assert [kind for kind, *_ in await events(desk.sessions)] == ["online", "error"]


async def test_one_batch_with_everything_in_it(desk: Desk) -> None:
    """Strangers, repetitions, overtaking, and a broken report do not disturb the others."""
    kiosks = [f"K-{n}" for n in range(20)]
    await enrolled_kiosks(desk.sessions, *kiosks)

    async def send(kiosk_id: str, seq: int, serial: str = "", **more: Any) -> int:
        async with beating(desk, kiosk_id, serial) as client:
            return (await beat(client, seq, **more)).status_code

    statuses = await asyncio.gather(
        *(send(kiosk_id, 1) for kiosk_id in kiosks[2:]),
        send(kiosks[0], 8),
        send(kiosks[0], 8),
        send(kiosks[0], 7),
        send(kiosks[1], 1, serial="dead"),
        send("K-unknown", 1),
        send(kiosks[1], 1, report={"devices": 5}),
    )
    assert statuses == [200] * 18 + [200, 200, 409, 403, 403, 400]
    assert (await pulse_of(desk.sessions, kiosks[0])).seq == 8
    assert (await pulse_of(desk.sessions, kiosks[1])).seq == 0
    assert (await kiosk_of(desk.sessions, kiosks[0])).identity == "enrolled"


async def test_a_clone_is_quarantined_at_once_where_there_is_no_doubt(desk: Desk) -> None:
    await enrolled_kiosks(desk.sessions, K)
    async with beating(desk) as client:
        assert (await beat(client, 10, "a")).status_code == 200
        assert (await beat(client, 11, "b")).status_code == 200  # a restart, as far as anybody can tell
        reply = await beat(client, 12, "a")
        assert (reply.status_code, reply.json()["code"]) == (403, "quarantined")
        assert (await beat(client, 13, "b")).json()["code"] == "quarantined"
    assert (await kiosk_of(desk.sessions, K)).identity == "quarantined"
    assert (await state_of(desk.sessions, K)).health == "quarantined"
    assert (await pulse_of(desk.sessions, K)).seq == 11
    assert "quarantined" in [kind for kind, *_ in await events(desk.sessions)]


async def test_a_number_that_goes_back_is_watched_then_quarantined(desk: Desk) -> None:
    await enrolled_kiosks(desk.sessions, K)
    now = datetime.now(UTC)
    batches = desk.app.state.heartbeats
    async with beating(desk) as client:
        for after_s, seq, boot, status in (
            (0, 100, "a", 200),
            (10, 90, "z", 409),  # overtaken, as far as anybody can tell
            (150, 101, "a", 200),
            (160, 91, "z", 403),
        ):
            batches.clock = lambda after_s=after_s: now + timedelta(seconds=after_s)
            assert (await beat(client, seq, boot)).status_code == status


async def test_a_kiosk_that_lost_its_number_and_its_clock_goes_on(desk: Desk) -> None:
    await enrolled_kiosks(desk.sessions, K)
    now = datetime.now(UTC)
    batches = desk.app.state.heartbeats
    async with beating(desk) as client:
        await beat(client, 1_790_000_000, "a")
        batches.clock = lambda: now + timedelta(seconds=300)
        reply = await beat(client, 41, "b")  # a disk from before, a clock at 1970
        assert (reply.status_code, reply.json()["code"], reply.json()["last_seq"]) == (409, "sequence", 1_790_000_000)
        batches.clock = lambda: now + timedelta(seconds=400)
        assert (await beat(client, reply.json()["last_seq"] + 1, "b")).status_code == 200
        batches.clock = lambda: now + timedelta(seconds=600)
        assert (await beat(client, reply.json()["last_seq"] + 2, "b")).status_code == 200
    assert (await kiosk_of(desk.sessions, K)).identity == "enrolled"


@pytest.mark.parametrize("first", ["copy", "honest"])
async def test_the_number_named_hides_no_copy(desk: Desk, first: str) -> None:
    """Both use it as soon as they are behind: they are found all the same."""
    await enrolled_kiosks(desk.sessions, K)
    async with beating(desk) as client:
        seqs = {"honest": 1000, "copy": 10}
        await beat(client, 1000, "honest")
        order = ["copy", "honest"] if first == "copy" else ["honest", "copy"]
        heard = []
        for boot in order * 4:
            seqs[boot] += 1
            reply = await beat(client, seqs[boot], boot)
            if reply.status_code == 409:
                seqs[boot] = reply.json()["last_seq"]
            heard.append(reply.status_code)
    assert heard[-1] == 403
    assert (await kiosk_of(desk.sessions, K)).identity == "quarantined"


async def test_no_other_refusal_names_a_number(desk: Desk) -> None:
    await enrolled_kiosks(desk.sessions, K)
    async with beating(desk, serial="e") as stranger:
        assert "last_seq" not in (await beat(stranger, 1)).json()


@pytest.mark.parametrize("off_s", [3600, -3600])
async def test_a_wrong_clock_is_a_trouble(desk: Desk, off_s: int) -> None:
    await enrolled_kiosks(desk.sessions, K)
    wrong = (datetime.now(UTC) + timedelta(seconds=off_s)).isoformat()
    between = (datetime.now(UTC) + timedelta(seconds=90)).isoformat()
    async with beating(desk) as client:
        await beat(client, 1, sent_at=between)
        assert (await state_of(desk.sessions, K)).trouble == ""
        await beat(client, 2, sent_at=wrong, disk_free_mb=10, interface_age_s=10_000)
        state = await state_of(desk.sessions, K)
        assert [trouble["code"] for trouble in state.troubles] == ["interface.stuck", "clock.skewed", "storage.low"]
        assert state.health == "fault"
        await beat(client, 3, sent_at=between)  # on the edge: still
        assert [one["code"] for one in (await state_of(desk.sessions, K)).troubles] == ["clock.skewed"]
        await beat(client, 4)
    assert (await state_of(desk.sessions, K)).health == "ok"
    assert [(kind, detail.get("device")) for kind, _, detail in await events(desk.sessions)][1:] == [
        ("device-changed", "clock"),
        ("device-changed", "storage"),
        ("device-changed", "interface"),
        ("device-changed", "storage"),
        ("device-changed", "interface"),
        ("device-changed", "clock"),
    ]


async def test_two_certificates_during_a_renewal(desk: Desk) -> None:
    await enrolled_kiosks(desk.sessions, K)
    async with writing(desk.sessions) as session:
        await session.execute(update(KioskPulse).values(serials=f"|{serial_of(K)}|new|"))
        await session.execute(update(Kiosk).values(certificate_serial="new"))
        await session.commit()
    async with beating(desk) as old, beating(desk, serial="new") as new, beating(desk, serial="e") as part:
        assert (await beat(old, 1)).status_code == 200
        assert (await beat(part, 2)).status_code == 403
        assert (await beat(new, 3)).status_code == 200
        assert (await pulse_of(desk.sessions, K)).serials == "|new|"
        assert (await beat(old, 4)).status_code == 403  # the new one was used: the old one is dead


async def test_doors(desk: Desk) -> None:
    async with beating(desk, None) as client:
        assert (await beat(client, 1)).status_code == 401
        assert (await client.get(PATH)).status_code == 405
        assert (await client.get("/healthz")).status_code == 200
    async with beating(desk) as client:
        reply = await client.post(PATH, json=body(1))
        assert (reply.status_code, reply.json()["code"]) == (403, "unknown-identity")
