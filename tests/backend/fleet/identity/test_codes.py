"""Enrolment codes on paper: what was typed is what was made, or is refused."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.contract.enrolment import (
    ALPHABET,
    LETTERS,
    CodeError,
    Ticket,
    code_sha256,
    grouped,
    lookup_of,
    new_code,
    parse_code,
)

codes = st.builds(new_code)
PIN = "ab" * 32


@given(codes, st.sampled_from(["-", " ", "", " - ", "\u3000"]), st.booleans())
def test_typed_as_it_comes(code: str, between: str, lower: bool) -> None:
    typed = grouped(code).replace("-", between)
    typed = typed.lower() if lower else typed
    assert parse_code(typed) == code
    assert parse_code(typed.replace("0", "o").replace("1", "I")) == code
    assert parse_code(typed.replace("1", "l")) == code


@given(codes, st.integers(0, LETTERS - 1), st.sampled_from(ALPHABET))
def test_any_wrong_letter_is_found(code: str, at: int, letter: str) -> None:
    wrong = code[:at] + letter + code[at + 1 :]
    if wrong != code:
        with pytest.raises(CodeError):
            parse_code(wrong)


@given(codes, st.integers(0, LETTERS - 2), st.integers(1, LETTERS - 2))
def test_any_two_exchanged_letters_are_found(code: str, at: int, distance: int) -> None:
    letters = list(code)
    other = at + distance
    if other < LETTERS and letters[at] != letters[other]:
        letters[at], letters[other] = letters[other], letters[at]
        if other == LETTERS - 1:  # the check letter itself has another weight; its neighbour is what people exchange
            distance = 1
        if distance == 1 or other < LETTERS - 1:
            with pytest.raises(CodeError):
                parse_code("".join(letters))


@given(st.text(max_size=80))
def test_anything_else_is_refused_and_not_quoted(text: str) -> None:
    said = ""
    try:
        assert len(parse_code(text)) == LETTERS
    except CodeError as error:
        said = str(error)
    assert len(text) < 8 or text not in said


def test_codes_are_new_each_time_and_hashes_give_nothing_away() -> None:
    made = {new_code() for _ in range(500)}
    assert len(made) == 500
    code = made.pop()
    assert len({code, code_sha256(code), lookup_of(code)}) == 3


names = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._-]{0,59}", fullmatch=True)


@given(codes, names, st.integers(0, 2**33), st.sampled_from(["https://desk:8143", "https://d.example/x?y=1&k=2"]))
def test_a_ticket_there_and_back(code: str, kiosk_id: str, seconds: int, url: str) -> None:
    ticket = Ticket(url, kiosk_id, code, datetime.fromtimestamp(seconds, UTC), PIN)
    assert Ticket.parse(ticket.as_uri()) == ticket


@pytest.mark.parametrize(
    "change",
    [
        ("menkou:", "https:"),
        ("enrol?", "x?"),
        ("u=https", "u=http"),
        ("&p=ab", "&p=zz"),
        ("&e=", "&e=x"),
        ("&c=", "&x="),
    ],
)
def test_other_peoples_qr_codes(change: tuple[str, str]) -> None:
    uri = Ticket("https://desk", "K-1", new_code(), datetime.now(UTC), PIN).as_uri()
    assert change[0] in uri
    with pytest.raises(CodeError):
        Ticket.parse(uri.replace(*change))


@given(st.text(max_size=300))
def test_any_text_is_a_ticket_or_a_code_error(text: str) -> None:
    for uri in (text, "menkou://enrol?" + text):
        with suppress(CodeError):
            Ticket.parse(uri)
