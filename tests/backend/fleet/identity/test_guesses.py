"""Wrong codes are slowed down by what is guessed, not by where the guess comes from."""

from __future__ import annotations

from backend.contract import enrolment
from backend.fleet.identity.guesses import Guesses
from tests.backend.fleet.identity.doors import House


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
    assert len(guesses._prefixes) <= 4096


async def test_at_the_door(door: House) -> None:
    """After ten wrong guesses with one beginning even a right code with it has to wait; others do not."""
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
        held = await client.post("/fleet/v1/enrol", json={"code": ticket.code, "csr_pem": csr})
        assert (held.status_code, held.json()["code"]) == (503, "busy")
        assert int(held.headers["retry-after"]) > 0
    await door.enter("K-2")
    code = (await door.ticket("K-2")).code
    if code[:4] != prefix:
        assert (await door.enrol(door.machine(), code)).status_code == 200


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
