"""The gate opens only for what is known to be good."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.releases.gate import Verdict, judge
from backend.releases.states import UNFINISHED, MemberState

M = MemberState


@pytest.mark.parametrize(
    ("counts", "verdict"),
    [
        ({M.SUCCEEDED: 100}, Verdict.PASS),
        ({M.SUCCEEDED: 98, M.FAILED: 2}, Verdict.PASS),
        ({M.SUCCEEDED: 97, M.FAILED: 2, M.SILENT: 1}, Verdict.HALT),
        ({M.SUCCEEDED: 97, M.SILENT: 3}, Verdict.HALT),
        # Kiosks that were never heard do not dilute: 3 of 100 attempted, whatever else is in the group.
        ({M.SUCCEEDED: 97, M.FAILED: 3, M.UNREACHED: 10_000}, Verdict.HALT),
        # Not at the first failure, not before the sample
        ({M.FAILED: 1, M.ATTEMPTED: 99}, Verdict.WAIT),
        ({M.FAILED: 5, M.SUCCEEDED: 5, M.OFFERED: 90}, Verdict.HALT),
        ({M.SUCCEEDED: 99, M.ATTEMPTED: 1}, Verdict.WAIT),
        # Closed where nothing is known
        ({M.UNREACHED: 100}, Verdict.HALT),
        ({M.SUCCEEDED: 9, M.UNREACHED: 91}, Verdict.HALT),
        ({}, Verdict.HALT),
        # A group smaller than the sample is judged by all of it
        ({M.SUCCEEDED: 5}, Verdict.PASS),
        ({M.SUCCEEDED: 4, M.FAILED: 1}, Verdict.HALT),
        ({M.SUCCEEDED: 4, M.UNREACHED: 1}, Verdict.HALT),
    ],
)
def test_verdicts(counts: dict[MemberState, int], verdict: Verdict) -> None:
    assert judge(counts, max_error_share=0.02, min_sample=10).verdict is verdict


@pytest.mark.parametrize("gate", [(float("nan"), 1), (1.5, 1), (0.1, 0)])
def test_an_unreadable_gate_is_closed(gate: tuple[float, int]) -> None:
    share, sample = gate
    assert judge({M.SUCCEEDED: 10}, max_error_share=share, min_sample=sample).verdict is Verdict.HALT


@given(
    st.dictionaries(st.sampled_from(list(M)), st.integers(0, 500)),
    st.floats(0, 0.99),
    st.integers(1, 50),
)
def test_it_never_passes_what_it_should_not(counts: dict[MemberState, int], share: float, sample: int) -> None:
    judgement = judge(counts, max_error_share=share, min_sample=sample)
    if judgement.verdict is Verdict.PASS:
        assert not any(counts.get(state) for state in UNFINISHED)
        assert judgement.attempted >= min(sample, sum(counts.values())) > 0
        assert judgement.errors <= share * judgement.attempted + 1e-9
