"""The measuring tool's own HTTP and its histogram must be right, or every figure is wrong."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisioning.simulator.histogram import Histogram
from provisioning.simulator.plan import parse_shares
from provisioning.simulator.wire import Target, WireError, connect, parse
from tests.provisioning.simulator.fake_desk import fake_desk, ok, problem


@given(st.lists(st.floats(1e-5, 100), min_size=1, max_size=300), st.sampled_from([0.5, 0.9, 0.95, 0.99, 1.0]))
def test_a_percentile_is_within_two_percent(values: list[float], share: float) -> None:
    histogram = Histogram()
    for value in values:
        histogram.add(value)
    exact = sorted(values)[max(0, -(-int(share * 1000) * len(values) // 1000) - 1)]
    assert exact * 0.999 <= histogram.at(share) <= exact * 1.02
    assert histogram.count == len(values)


def test_two_histograms_are_one() -> None:
    dice = random.Random(4)
    values = [dice.expovariate(50) for _ in range(2000)]
    halves, whole = [Histogram(), Histogram()], Histogram()
    for number, value in enumerate(values):
        halves[number % 2].add(value)
        whole.add(value)
    halves[0].merge(Histogram.from_list(halves[1].as_list()))
    assert [halves[0].at(share) for share in (0.1, 0.5, 0.99)] == [whole.at(share) for share in (0.1, 0.5, 0.99)]
    assert Histogram().at(0.99) == 0


@given(st.binary(max_size=200), st.booleans(), st.integers(0, 400))
def test_a_reply_is_read_however_it_is_cut(body: bytes, chunked: bool, cut: int) -> None:
    if chunked:
        half = len(body) // 2
        parts = [part for part in (body[:half], body[half:]) if part]
        framed = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"
        whole = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + framed
    else:
        whole = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)
    if cut < len(whole):
        assert parse(whole[:cut]) is None
    found = parse(whole + b"HTTP/1.1 204 ")
    assert found is not None
    assert (found[0].status, found[0].body, found[1]) == (200, body, len(whole))


def test_an_interim_reply_is_skipped() -> None:
    found = parse(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n")
    assert found is not None
    assert found[0].status == 413


@pytest.mark.parametrize("text", [b"SSH-2.0-x\r\n\r\n", b"HTTP/1.1 200 OK\r\nServer: x\r\n\r\n"])
def test_what_is_no_reply_of_ours(text: bytes) -> None:
    with pytest.raises(ValueError):
        parse(text)


async def test_one_connection_many_questions() -> None:
    async with fake_desk() as desk:
        wire = await connect(Target("localhost", desk.port, "127.0.0.1", tls=False), None, source="127.0.0.9")
        desk.other["/a"] = problem(503, "busy", Retry_After="7")
        first = await wire.ask(b"GET /fleet/v1/a HTTP/1.1\r\nHost: x\r\n\r\n")
        desk.other["/a"] = ok()
        second = await wire.ask(b"GET /fleet/v1/a HTTP/1.1\r\nHost: x\r\n\r\n")
        assert (first.status, first.retry_after_s, second.status) == (503, 7.0, 200)
        assert desk.connections == 1
        wire.close()
        with pytest.raises(WireError, match="closed"):
            await wire.ask(b"GET / HTTP/1.1\r\n\r\n")


async def test_nobody_there() -> None:
    with pytest.raises(WireError, match="connect"):
        await connect(Target("localhost", 1, "127.0.0.1", tls=False), None, timeout_s=2)


def test_shares() -> None:
    assert parse_shares("replay=1%, broken=0.03") == {"replay": 0.01, "broken": 0.03}
    for wrong in ("dance=1%", "replay", "replay=lots", "replay=300%"):
        with pytest.raises(ValueError):
            parse_shares(wrong)
