"""How often kiosks are told to come."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from backend.fleet.heartbeat.pace import LONGEST_S, Pace, jitter_of, patience_of
from backend.staff.access import STAFF_API
from tests.backend.desk import ADMIN, OPERATOR, Desk
from tests.backend.fleet.enrolled import ELSEWHERE, enrolled_kiosks, pulse_of
from tests.backend.fleet.heartbeat.beating import beat, beating


@given(own=st.integers(0, LONGEST_S), delays=st.lists(st.floats(0, 60), max_size=30))
def test_nobody_is_missed_before_its_time(own: int, delays: list[float]) -> None:
    pace = Pace(60)
    for delay in delays:
        pace.waited(delay)
    stretch = pace.stretch
    told = pace.spread("K-1", own, stretch)
    longest = pace.told(own, stretch)
    assert min(own or 60, LONGEST_S) <= told <= longest <= LONGEST_S
    assert patience_of(longest) >= 2 * (told + jitter_of(told)) + 15


def test_load_stretches_and_calm_returns() -> None:
    pace = Pace(60)
    assert pace.stretch == 100
    pace.waited(4.5)
    assert pace.stretch == 300
    intervals = {pace.spread(f"K-{n}", 0, 300) for n in range(500)}
    assert (min(intervals), max(intervals)) == (60, 180)
    assert len(intervals) > 100
    for _ in range(50):
        pace.waited(0.0)
    assert pace.stretch == 100


async def test_a_region_of_its_own(desk: Desk) -> None:
    await enrolled_kiosks(desk.sessions, "K-1")
    await enrolled_kiosks(desk.sessions, "K-2", region=ELSEWHERE)
    city = "9901" + "0" * 8
    for region, seconds in (("99" + "0" * 10, 300), (city, 120)):
        reply = await desk.ask("PUT", f"{STAFF_API}/pace/{region}", ADMIN, json={"interval_s": seconds})
        assert reply.status_code == 200
    assert len((await desk.get(f"{STAFF_API}/pace")).json()) == 2
    await desk.app.state.jobs.run_once("pace")
    async with beating(desk) as client:
        assert (await beat(client, 1)).json()["interval_s"] == 120
        assert (await pulse_of(desk.sessions, "K-1")).patience_s == patience_of(120)
    assert (await pulse_of(desk.sessions, "K-2")).interval_s == 300
    for region in ("99" + "0" * 10, city):
        assert (await desk.ask("DELETE", f"{STAFF_API}/pace/{region}", ADMIN)).status_code == 204
    await desk.app.state.jobs.run_once("pace")
    assert (await pulse_of(desk.sessions, "K-1")).interval_s == 0
    assert (await desk.ask("PUT", f"{STAFF_API}/pace/{city}", ADMIN, json={"interval_s": 1})).status_code == 422
    assert (await desk.ask("PUT", f"{STAFF_API}/pace/{city}", OPERATOR, json={"interval_s": 60})).status_code == 403
