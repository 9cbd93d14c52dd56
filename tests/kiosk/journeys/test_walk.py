"""Steps in their order, back and forth."""

from __future__ import annotations

from kiosk.journeys.steps import Move, walk


async def _walked(script: dict[str, list[Move]], at: int = 0) -> tuple[Move, str]:
    trail: list[str] = []

    def step(name: str):  # type: ignore[no-untyped-def]
        async def take() -> Move:
            trail.append(name)
            moves = script[name]
            return moves.pop(0) if len(moves) > 1 else moves[0]

        return take

    end = await walk([step(name) for name in script], at)
    return end, "".join(trail)


async def test_a_step_with_nothing_to_ask_is_passed_both_ways() -> None:
    script = {"a": [Move.ON], "b": [Move.SKIP], "c": [Move.BACK, Move.ON]}
    assert await _walked(script) == (Move.ON, "abcbabc")


async def test_out_at_the_front_even_over_a_step_with_nothing_to_ask() -> None:
    assert await _walked({"a": [Move.SKIP], "b": [Move.BACK]}) == (Move.BACK, "aba")


async def test_from_the_middle() -> None:
    script = {"a": [Move.ON], "b": [Move.BACK, Move.ON], "c": [Move.ON]}
    assert await _walked(script, 1) == (Move.ON, "babc")
