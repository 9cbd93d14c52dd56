"""What the desk sets: what fits is kept, what does not is reported and changes nothing. And the hours."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.contract.fleet_api import Settings
from backend.contract.kiosk_settings import SETTINGS, fault_of
from kiosk.link import desired_settings as module
from kiosk.link.desired_settings import DesiredSettings
from kiosk.link.errors import ErrorBook
from kiosk.link.hours import closed_reason
from kiosk.settings import KioskSettings


def test_every_setting_of_the_desk_is_one_of_ours() -> None:
    own = KioskSettings()
    for key, setting in SETTINGS.items():
        assert getattr(own, key) == setting.default, key


def test_good_values_are_kept_and_bad_ones_change_nothing(tmp_path: Path) -> None:
    errors = ErrorBook()
    desired = DesiredSettings(tmp_path / "s", errors)
    desired.take(Settings(revision=1, values={"volume": 40, "staff_phone": "12345"}))
    desired.take(
        Settings(revision=2, values={"volume": 900, "staff_phone": "54321", "var_dir": "/", "site": "a\nb", "x": 1})
    )
    assert desired.values == {"volume": 40, "staff_phone": "54321"}
    assert desired.revision == 2
    assert {(error.code, error.where) for error in errors.noted()} == {
        ("setting_value_unusable", "volume"),
        ("setting_value_unusable", "site"),
        ("setting_unknown", "var_dir"),
        ("setting_unknown", "x"),
    }
    again = DesiredSettings(tmp_path / "s", errors)
    assert (again.revision, again.values) == (2, desired.values)


def test_what_is_taken_back_is_gone(tmp_path: Path) -> None:
    desired = DesiredSettings(tmp_path / "s")
    desired.take(Settings(revision=1, values={"volume": 40}))
    desired.take(Settings(revision=2, values={}))
    assert desired.values == {}


@pytest.mark.parametrize("content", [b"", b"{", b'{"revision": 3}', b"\xff\xfe", b'{"revision":"x","values":{}}'])
def test_a_damaged_file_is_as_none_and_fetched_again(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "s").write_bytes(content)
    desired = DesiredSettings(tmp_path / "s", ErrorBook())
    assert (desired.revision, desired.values) == (0, {})


def test_a_full_disk_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    desired = DesiredSettings(tmp_path / "s")

    def full(*_: object) -> None:
        raise OSError

    monkeypatch.setattr(module, "write_whole", full)
    with pytest.raises(OSError):
        desired.take(Settings(revision=1, values={"volume": 40}))
    assert (desired.revision, desired.values) == (0, {})


ANYTHING: st.SearchStrategy[Any] = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text(), st.lists(st.integers(), max_size=2)
)


@given(st.dictionaries(st.sampled_from([*SETTINGS, "unknown", "token_file"]), ANYTHING))
def test_whatever_comes_only_what_fits_is_in_force(values: dict[str, Any]) -> None:
    desired = DesiredSettings(Path("/nowhere/s"), ErrorBook())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "write_whole", lambda path, data: None)
        desired.take(Settings(revision=1, values=values))
    settings = KioskSettings()
    for key, value in desired.values.items():
        assert fault_of(key, value) is None
        setattr(settings, key, value)
    closed_reason(datetime.now(UTC), settings.opens_at, settings.closes_at)


# Beijing is eight hours ahead.
@pytest.mark.parametrize(
    ("utc", "opens", "closes", "open_"),
    [
        ("00:00", "00:00", "24:00", True),
        ("00:59", "09:00", "17:00", False),
        ("01:00", "09:00", "17:00", True),
        ("08:59", "09:00", "17:00", True),
        ("09:00", "09:00", "17:00", False),
        ("14:00", "22:00", "06:00", True),
        ("21:59", "22:00", "06:00", True),
        ("22:00", "22:00", "06:00", False),
        ("15:59", "09:00", "24:00", True),
        ("16:00", "09:00", "24:00", False),
        ("12:00", "09:00", "09:00", True),
        ("12:00", "24:00", "00:00", True),
    ],
)
def test_hours(utc: str, opens: str, closes: str, open_: bool) -> None:
    now = datetime.fromisoformat(f"2026-03-01T{utc}:00+00:00")
    reason = closed_reason(now, opens, closes)
    assert (reason is None) is open_
    if reason is not None:
        assert opens in reason.zh
        assert opens in reason.en
