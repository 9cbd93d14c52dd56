"""Who may do what where."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.regions.division import COUNTRY, Level, Span, ancestor, level_of, lineage, span_of
from backend.staff.roles import Grant, Permission, Role, Staff

codes = st.from_regex(r"[1-9][0-9]{11}", fullmatch=True)


@given(codes)
def test_a_region_holds_itself_and_what_is_below(code: str) -> None:
    for region in lineage(code):
        assert code in span_of(region)
    assert ancestor(code, Level.COUNTRY) == COUNTRY


@given(codes, codes)
def test_a_span_holds_just_what_descends_from_it(region: str, other: str) -> None:
    assert (other in span_of(region)) == (ancestor(other, level_of(region)) == region)


@pytest.mark.parametrize("bad", ["", "51", "51000000000a", "5100000000000"])
def test_no_code(bad: str) -> None:
    with pytest.raises(ValueError, match="twelve digits"):
        level_of(bad)


def test_roles_hold_in_their_regions_only() -> None:
    staff = Staff("s", "甲", (Grant(Role.OPERATOR, "990100000000"), Grant(Role.VIEWER, "990000000000")))
    assert staff.may(Permission.OPERATE, "990102001001")
    assert not staff.may(Permission.OPERATE, "990200000000")
    assert staff.may(Permission.VIEW, "990200000000")
    assert not staff.may_anywhere(Permission.STAFF)
    # The city's own viewing right is inside the province's.
    assert staff.spans(Permission.VIEW) == (Span("990000000000", "999999999999"),)
    assert staff.home == "990000000000"
