"""The heartbeat's number: larger than all before, whenever the power goes."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kiosk.link import sequence as module
from kiosk.link.sequence import BLOCK, Sequence

# What happens to a kiosk: heartbeats, a power cut, a write that does not reach the disk, its clock set wrong.
EVENTS = st.lists(
    st.one_of(
        st.tuples(st.just("beats"), st.integers(1, 250)),
        st.tuples(st.just("cut"), st.just(0)),
        st.tuples(st.just("disk full"), st.just(0)),
        st.tuples(st.just("clock"), st.integers(0, 2_000_000_000)),
    ),
    max_size=12,
)


@settings(deadline=None, max_examples=60)
@given(EVENTS)
def test_it_only_grows(events: list[tuple[str, int]]) -> None:
    wall = [1_790_000_000.0]
    with TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        path = Path(folder) / "sequence"
        sent = [0]
        sequence = Sequence(path, lambda: wall[0])
        for what, number in events:
            if what == "beats":
                for _ in range(number):
                    sent.append(sequence.next())
            elif what == "cut":
                sequence = Sequence(path, lambda: wall[0])
            elif what == "clock":
                wall[0] = float(number)
            else:
                with patch.context() as full:

                    def no_room(*_: object) -> None:
                        raise OSError("no space")

                    full.setattr(module, "write_whole", no_room)
                    for _ in range(BLOCK + 1):
                        try:
                            sent.append(sequence.next())
                        except OSError:
                            break
                    else:
                        pytest.fail("a number that is on no disk was given out")
        assert all(before < after for before, after in pairwise(sent))


def test_the_disk_is_written_once_in_a_hundred(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    writes: list[bytes] = []
    real = module.write_whole
    monkeypatch.setattr(module, "write_whole", lambda path, data: (writes.append(data), real(path, data)))
    sequence = Sequence(tmp_path / "s")
    for _ in range(3 * BLOCK):
        sequence.next()
    assert len(writes) == 3


@pytest.mark.parametrize("content", [b"", b"\x00\x00", b"-5\n", b"12x", b"9" * 40])
def test_a_damaged_file_begins_beyond_everything_sent(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "s").write_bytes(content)
    assert Sequence(tmp_path / "s", lambda: 1_790_000_000.5).next() == 1_790_000_001


def test_an_older_disk_jumps_ahead(tmp_path: Path) -> None:
    (tmp_path / "s").write_text("500\n")
    sequence = Sequence(tmp_path / "s", lambda: 1_790_000_000.0)
    assert sequence.next() == 501
    sequence.jump()
    assert sequence.next() == 1_790_000_001
    assert int((tmp_path / "s").read_text()) > 1_790_000_000


def test_a_lost_file_and_a_clock_at_1970_go_on_beyond_what_the_desk_has(tmp_path: Path) -> None:
    sequence = Sequence(tmp_path / "s", lambda: 40.0)
    assert sequence.next() == 41
    sequence.jump(1_790_000_000)
    assert sequence.next() == 1_790_000_001
    assert int((tmp_path / "s").read_text()) > 1_790_000_000
    sequence.jump(17)  # never back
    assert sequence.next() > 1_790_000_001


@pytest.mark.parametrize("named", [-1, 2**53, 2**80])
def test_a_number_that_cannot_be_is_not_followed(tmp_path: Path, named: int) -> None:
    sequence = Sequence(tmp_path / "s", lambda: 1_790_000_000.0)
    sequence.jump(named)
    assert sequence.next() == 1_790_000_001
