"""Instructions and verdicts, without a camera."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.identity.face.config import Borderline, FaceConfig
from kiosk.identity.face.engine import Box, Eyes, Sight
from kiosk.identity.face.port import FaceOutcome, ScoreBand
from kiosk.identity.face.step import Damper, Tracker, Verdict, instruction
from kiosk.screens import FaceCue

FACE = Box(160, 408, 346, 222)
GOOD = Sight(640, 480, (FACE,), Eyes(320, 210, 100, 0.01), 150, 200)


def moved(x: float = 0, apart: float = 0, turn: float = 0) -> Sight:
    assert GOOD.eyes is not None
    eyes = GOOD.eyes
    return replace(GOOD, eyes=Eyes(eyes.x + x, eyes.y, eyes.apart + apart, eyes.turn + turn))


@pytest.mark.parametrize(
    ("sight", "cue"),
    [
        (GOOD, None),
        (Sight(640, 480), FaceCue.NOBODY),
        (replace(GOOD, faces=(FACE, FACE)), FaceCue.SEVERAL),
        (moved(apart=-50), FaceCue.COME_CLOSER),
        (replace(GOOD, luma=20), FaceCue.TOO_DARK),
        (moved(turn=0.11), FaceCue.LOOK),
        (moved(turn=-0.11), FaceCue.LOOK),
        (replace(GOOD, sharpness=5), FaceCue.HOLD_STILL),
    ],
)
def test_one_instruction_for_a_frame(sight: Sight, cue: FaceCue | None) -> None:
    assert instruction(sight) is cue


def test_three_still_frames_are_needed() -> None:
    tracker = Tracker(3)
    assert [tracker.feed(GOOD) for _ in range(4)] == [FaceCue.HOLD_STILL] * 2 + [FaceCue.CHECKING] * 2
    assert not tracker.broken


@pytest.mark.parametrize("other", [moved(x=40), moved(apart=20)])
def test_a_jump_is_another_face_until_shown_otherwise(other: Sight) -> None:
    tracker = Tracker(3)
    for _ in range(3):
        tracker.feed(GOOD)
    assert tracker.feed(other) is FaceCue.HOLD_STILL
    assert tracker.broken


def test_turning_the_head_keeps_the_face_but_not_the_stillness() -> None:
    tracker = Tracker(2)
    tracker.feed(GOOD)
    assert tracker.feed(moved(turn=0.1)) is FaceCue.LOOK
    assert not tracker.broken
    assert tracker.feed(GOOD) is FaceCue.HOLD_STILL
    assert tracker.feed(GOOD) is FaceCue.CHECKING


@pytest.mark.parametrize("gap", [Sight(640, 480), replace(GOOD, faces=(FACE, FACE)), None])
def test_a_gap_breaks_it(gap: Sight | None) -> None:
    tracker = Tracker(1)
    tracker.feed(GOOD)
    if gap is None:
        tracker.lost()
    else:
        tracker.feed(gap)
    assert tracker.broken
    tracker.feed(GOOD)
    assert tracker.broken
    tracker.feed(GOOD)
    assert not tracker.broken


def judge(*distances: float, config: FaceConfig | None = None) -> tuple[FaceOutcome, ScoreBand] | None:
    verdict = Verdict(config or FaceConfig())
    found = None
    for distance in distances:
        assert found is None
        found = verdict.add(distance)
    return found


DECIDE = FaceConfig(borderline=Borderline.DECIDE)


@pytest.mark.parametrize(
    ("distances", "config", "found"),
    [
        ((0.2, 0.2), None, (FaceOutcome.MATCH, ScoreBand.STRONG)),
        ((0.4, 0.44), None, (FaceOutcome.MATCH, ScoreBand.MATCH)),
        ((0.4,), None, None),
        ((0.46, 0.54), None, (FaceOutcome.INCONCLUSIVE, ScoreBand.BORDERLINE)),
        ((0.6, 0.7), None, (FaceOutcome.NO_MATCH, ScoreBand.DIFFERENT)),
        ((0.4, 0.5, 0.6, 0.4), None, (FaceOutcome.MATCH, ScoreBand.MATCH)),
        ((0.4, 0.5, 0.6, 0.6), None, (FaceOutcome.NO_MATCH, ScoreBand.DIFFERENT)),
        ((0.47, 0.48), DECIDE, (FaceOutcome.MATCH, ScoreBand.BORDERLINE)),
        ((0.51, 0.52), DECIDE, (FaceOutcome.NO_MATCH, ScoreBand.BORDERLINE)),
        ((math.nan, math.nan), None, (FaceOutcome.NO_MATCH, ScoreBand.DIFFERENT)),
    ],
)
def test_verdicts(
    distances: tuple[float, ...], config: FaceConfig | None, found: tuple[FaceOutcome, ScoreBand] | None
) -> None:
    assert judge(*distances, config=config) == found


@given(st.lists(st.floats(0, 2), max_size=20), st.integers(1, 3), st.sampled_from(Borderline))
def test_a_match_always_has_enough_frames_below_the_threshold(
    distances: list[float], agreeing: int, borderline: Borderline
) -> None:
    config = FaceConfig(agreeing=agreeing, borderline=borderline)
    verdict = Verdict(config)
    for count, distance in enumerate(distances, 1):
        found = verdict.add(distance)
        if found is None:
            assert count < config.max_comparisons
            continue
        if found[0] is FaceOutcome.MATCH:
            assert sum(d <= config.threshold for d in distances[:count]) >= agreeing
        return


def test_stepping_away_does_not_buy_attempts() -> None:
    verdict = Verdict(FaceConfig(max_comparisons=4))
    for _ in range(3):
        assert verdict.add(0.6) is None
        verdict.restart()
    assert verdict.add(0.2) == (FaceOutcome.INCONCLUSIVE, ScoreBand.BORDERLINE)


def test_two_people_do_not_add_up_to_a_match() -> None:
    verdict = Verdict(FaceConfig())
    verdict.add(0.2)
    verdict.restart()
    assert verdict.add(0.2) is None


def test_instructions_must_last_before_they_are_shown() -> None:
    damper = Damper()
    assert damper.feed(FaceCue.LOOK, 0.0) is None
    assert damper.feed(FaceCue.LOOK, 0.3) is FaceCue.LOOK
    assert damper.feed(FaceCue.NOBODY, 0.4) is None  # the detector blinks
    assert damper.feed(FaceCue.LOOK, 0.5) is None
    assert damper.feed(FaceCue.NOBODY, 1.25) is None  # counted anew
    assert damper.feed(FaceCue.NOBODY, 2.1) is FaceCue.NOBODY
    assert damper.feed(FaceCue.CHECKING, 2.1) is FaceCue.CHECKING  # no wait


@pytest.mark.parametrize(
    "wrong", [{"threshold": 0.05}, {"band": -0.1}, {"agreeing": 0}, {"agreeing": 3, "max_comparisons": 2}]
)
def test_settings_that_make_no_sense(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError):
        FaceConfig(**wrong)  # type: ignore[arg-type]


def test_settings_travel() -> None:
    config = FaceConfig(borderline=Borderline.DECIDE, threshold=0.45)
    assert FaceConfig.from_json(config.to_json()) == config
