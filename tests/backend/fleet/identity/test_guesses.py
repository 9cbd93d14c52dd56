"""Wrong codes are slowed down by what is guessed, not by where the guess comes from."""

from __future__ import annotations

from datetime import UTC, datetime

from cryptography.hazmat.primitives.asymmetric import ec

from backend.contract import enrolment
from backend.db.engine import writing
from backend.fleet.identity.desk import make_code
from backend.fleet.identity.guesses import Guesses
from tests.backend.desk import Desk
from tests.backend.fleet.enrolled import enrolled_kiosks
from tests.backend.fleet.identity.doors import House, csr_pem


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_one_prefix_does_not_hold_up_the_others() -> None:
    clock = Clock()
    guesses = Guesses(one_size=3, one_pause_s=60, all_size=100, all_per_s=1, clock=clock)
    for _ in range(3):
        assert guesses.wait_s("AAAA1") == 0
        guesses.wrong("AAAA1")
    assert 59 <= guesses.wait_s("AAAA2") <= 61
    assert guesses.wait_s("BBBB1") == 0
    clock.now += 61
    assert guesses.wait_s("AAAA2") == 0


def test_all_together_have_a_limit_too() -> None:
    clock = Clock()
    guesses = Guesses(one_size=3, all_size=10, all_per_s=2, clock=clock)
    for number in range(10):
        guesses.wrong(f"{number:04}")
    assert guesses.wait_s("ZZZZ") == 1
    clock.now += 1
    assert guesses.wait_s("ZZZZ") == 0


def test_what_is_remembered_has_an_end() -> None:
    guesses = Guesses(clock=Clock())
    for number in range(10_000):
        guesses.wrong(f"{number:05}")
    assert len(guesses._names) <= 4096


async def test_at_the_door(door: House) -> None:
    """After ten wrong guesses with one beginning the eleventh has to wait; the right code never has."""
    await door.enter("K-1")
    ticket = await door.ticket("K-1")
    prefix = ticket.code[:4]
    csr = door.machine().csr()
    async with door.client() as client:
        for _ in range(10):
            wrong = _with_prefix(prefix)
            reply = await client.post("/fleet/v1/enrol", json={"code": wrong, "csr_pem": csr})
            assert reply.status_code == 403
        for _ in range(20):  # mistyped: no guess
            await client.post("/fleet/v1/enrol", json={"code": "0" * 27 + "1", "csr_pem": csr})
        held = await client.post("/fleet/v1/enrol", json={"code": _with_prefix(prefix), "csr_pem": csr})
        assert (held.status_code, held.json()["code"]) == (503, "busy")
        assert int(held.headers["retry-after"]) > 0
    assert (await door.enrol(door.machine(), ticket.code)).status_code == 200


async def test_strangers_do_not_stop_an_enrolment(desk: Desk) -> None:
    """However many wrong codes they send, and whatever those begin with."""
    await enrolled_kiosks(desk.sessions, "K-1")
    state = desk.app.state
    state.guesses = Guesses(all_size=5, all_per_s=0.0001)
    async with writing(desk.sessions) as session:
        ticket = await make_code(session, state.authority, state.fleet, "x", "K-1", datetime.now(UTC))
        await session.commit()

    async def ask(code: str) -> int:
        csr = csr_pem(ec.generate_private_key(ec.SECP256R1()))
        return (await desk.client.post("/fleet/v1/enrol", json={"code": code, "csr_pem": csr})).status_code

    assert [await ask(enrolment.new_code()) for _ in range(7)] == [403] * 5 + [503] * 2  # they are slowed down
    assert await ask(ticket.code) == 200


async def test_an_open_code_with_nonsense(door: House) -> None:
    """Whoever has the code may not try for ever either."""
    await door.enter("K-1")
    ticket = await door.ticket("K-1")
    async with door.client() as client:
        given = {"code": ticket.code, "csr_pem": "none"}
        statuses = [(await client.post("/fleet/v1/enrol", json=given)).status_code for _ in range(12)]
    assert (statuses[0], statuses[-1]) == (400, 503)


def _with_prefix(prefix: str) -> str:
    """A well-formed code that nobody made."""
    values = prefix + enrolment.new_code()[4:27]
    return next(values + letter for letter in enrolment.ALPHABET if _fits(values + letter))


def _fits(code: str) -> bool:
    try:
        enrolment.parse_code(code)
    except enrolment.CodeError:
        return False
    return True
