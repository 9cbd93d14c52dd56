"""The simulated terminal tells its card number in every field, in the TLV container, in free text, behind an unknown
field and on the slip. After payments of all kinds it is in no object, no log line, no trace and no result."""

from __future__ import annotations

from pathlib import Path

import pytest
import structlog

from drivers.link.trace import Traced, watch
from drivers.virtual.zvt_terminal_data import test_pan as pan_of_the_simulator
from drivers.virtual.zvt_terminal_scenario import CutPlan, Tap, TerminalFault
from tests.drivers.card_terminal.bench import Bench, over_serial, over_tcp
from tests.drivers.card_terminal.pan_search import seen_in, seen_in_memory
from tests.drivers.card_terminal.vendor_bench import bridge


async def _payments(bench: Bench, kept: list[object]) -> None:
    bench.terminal.inject(TerminalFault.UNMASKED_SLIP)
    kept.append(await bench.driver.pay(1250))
    kept.append(await bench.driver.last_result())
    bench.terminal.inject(TerminalFault.UNKNOWN_FIELD)
    kept.append(await bench.driver.pay(100))
    kept.append(await bench.driver.last_result())
    bench.terminal.clear()
    bench.terminal.inject(TerminalFault.UNMASKED_SLIP)
    await bench.ready()
    bench.terminal.auto = Tap.DECLINED
    kept.append(await bench.driver.pay(200))
    bench.terminal.auto = Tap.PAY
    bench.terminal.cut_plan = CutPlan(control=b"\x04\x0f", after=True)
    kept.append(await bench.driver.pay(300))
    kept.append(await bench.driver.last_result())
    await bench.ready()
    kept.append(await bench.driver.reverse(470))
    kept.append(bench.driver.status)


@pytest.mark.parametrize("kind", ["tcp", "serial"])
async def test_nowhere(tmp_path: Path, kind: str) -> None:
    kept: list[object] = []
    traces: list[Traced] = []
    with structlog.testing.capture_logs() as logs, watch(traces.append):
        async with over_tcp() if kind == "tcp" else over_serial(tmp_path) as bench:
            await _payments(bench, kept)
            assert seen_in_memory() == []
    texts = [repr(each) for each in (*kept, *logs)]
    texts += [trace.hex(10**6).replace(" ", "") for trace in traces]
    raw = [bytes(byte or 0 for byte in trace.data) for trace in traces]
    assert len(traces) > 50
    assert len(logs) > 10
    assert seen_in([*texts, *raw]) == []
    assert pan_of_the_simulator()[:6].decode() not in "".join(texts), "nor the beginning of it"
    assert any("****" in text for text in texts), "the slip is printed, with stars"


async def test_nor_what_a_careless_bridge_says(tmp_path: Path) -> None:
    traces: list[Traced] = []
    with structlog.testing.capture_logs() as logs, watch(traces.append):
        async with bridge(tmp_path) as bench:
            result = await bench.driver.pay(100)
    texts = [repr(each) for each in (result, *logs)] + [trace.hex(10**6).replace(" ", "") for trace in traces]
    assert "622299" not in "".join(texts)
    assert b"622299".hex() not in "".join(texts).lower()
    assert seen_in_memory() == []


class _Holder:
    value: object = None


def test_the_search_finds_it() -> None:
    """Or the tests above could not fail."""
    holders = [_Holder() for _ in range(3)]
    spaced = "卡号 " + " ".join(pan_of_the_simulator().decode()[at : at + 4] for at in (0, 4, 8, 12))
    holders[0].value = spaced
    holders[1].value = {"a": bytes.fromhex(pan_of_the_simulator().decode())}
    holders[2].value = ("a", (bytearray(b"x" + pan_of_the_simulator()),))
    del spaced
    assert len(seen_in_memory()) == 3
