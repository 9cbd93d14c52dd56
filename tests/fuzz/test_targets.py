"""Every codec swallows its seeds, mutilated seeds and random bytes. `make fuzz` searches deeper, guided by coverage."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fuzz.catalogue import load, names


def mutilate(seed: bytes, chance: random.Random) -> bytes:
    """What a bad line makes of a frame: bits flipped, bytes lost, doubled or strange, a cut, another frame behind."""
    data = bytearray(seed)
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(len(data) + 1)
        match chance.randrange(6):
            case 0 if data:
                data[at % len(data)] ^= 1 << chance.randrange(8)
            case 1:
                del data[at : at + chance.randint(1, 8)]
            case 2:
                data[at:at] = data[at : at + chance.randint(1, 16)]
            case 3:
                data[at:at] = chance.randbytes(chance.randint(1, 8))
            case 4:
                del data[at:]
            case _:
                data += seed
    return bytes(data)


@pytest.mark.parametrize("name", names())
def test_seeds(name: str) -> None:
    target = load(name)
    assert target.seeds, "a target without seeds proves little"
    for seed in target.seeds:
        target.one_input(seed)
    target.one_input(b"")
    for i, seed in enumerate(target.seeds):
        target.one_input(b"".join(target.seeds[i:] + target.seeds[:i]) + seed)


@pytest.mark.parametrize("name", names())
def test_mutilated_seeds(name: str) -> None:
    target, chance = load(name), random.Random(name)
    for _ in range(300):
        target.one_input(mutilate(chance.choice(target.seeds), chance))


@pytest.mark.parametrize("name", names())
def test_any_bytes(name: str) -> None:
    target = load(name)

    @settings(max_examples=60, deadline=None)
    @given(st.binary(max_size=512))
    def feed(data: bytes) -> None:
        target.one_input(data)

    feed()
