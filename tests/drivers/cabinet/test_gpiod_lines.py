"""Lines through libgpiod 2, on a chip made of software: what is asked of it, and what becomes of its answers."""

from __future__ import annotations

import errno
import inspect
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import gpiod
import pytest
from gpiod.line import Bias, Direction, Edge, Value

from drivers.cabinet import gpiod_lines
from drivers.cabinet.driver import Parts, StandardCabinet
from drivers.cabinet.gpiod_lines import GpiodLines, open_gpiod_lines
from drivers.cabinet.line_port import InputLine, OutputLine, Pull
from drivers.cabinet.lines_part import opener_for
from drivers.cabinet.port import Sensor
from drivers.cabinet.sensors import SensorLine, SensorsPart, SensorTimings
from drivers.link.stream import LinkLost
from drivers.link.supervise import Backoff
from tests.drivers.cabinet.fake_gpiod import FakeChip, FakeChipHardware, FakeRequest
from tests.drivers.link.waiting import until

CHIP = FakeChip.path
INPUTS = {4: InputLine(Pull.UP, 0.03), "JACK": InputLine(Pull.DOWN, 0.2), 6: InputLine(Pull.NONE)}
OUTPUTS = {17: OutputLine(), 18: OutputLine(high=True)}


@pytest.fixture
def hardware(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeChipHardware]:
    chip = FakeChipHardware(names={"JACK": 5})
    monkeypatch.setattr(FakeChip, "hardware", chip, raising=False)
    monkeypatch.setattr(gpiod_lines.gpiod, "Chip", FakeChip)
    yield chip
    assert not chip.requests, "lines were not given free"


@pytest.mark.parametrize(
    ("fake", "real", "names"),
    [
        (FakeChip, gpiod.Chip, ["line_offset_from_id", "get_line_info", "request_lines"]),
        (
            FakeRequest,
            gpiod.LineRequest,
            ["get_values", "set_value", "wait_edge_events", "read_edge_events", "release"],
        ),
    ],
)
def test_the_fake_has_the_real_ones_calls(fake: type, real: type, names: list[str]) -> None:
    for name in names:
        wanted = list(inspect.signature(getattr(real, name)).parameters)
        assert list(inspect.signature(getattr(fake, name)).parameters) == wanted, name
    info = gpiod.LineInfo.__dataclass_fields__
    assert {"used", "consumer"} <= set(info)
    assert isinstance(gpiod.LineRequest.fd, property)


async def test_what_the_kernel_is_asked_for(hardware: FakeChipHardware) -> None:
    lines = await open_gpiod_lines(CHIP, INPUTS, OUTPUTS)
    (asked,) = hardware.asked
    assert list(asked) == [4, "JACK", 6, 17, 18]
    for line, bias, debounce in ((4, Bias.PULL_UP, 0.03), ("JACK", Bias.PULL_DOWN, 0.2), (6, Bias.DISABLED, 0)):
        assert asked[line].direction is Direction.INPUT
        assert asked[line].bias is bias
        assert asked[line].edge_detection is Edge.BOTH
        assert asked[line].debounce_period == timedelta(seconds=debounce)
        assert asked[line].active_low is False
    for line, value in ((17, Value.INACTIVE), (18, Value.ACTIVE)):
        assert asked[line].direction is Direction.OUTPUT
        assert asked[line].output_value is value
        assert asked[line].edge_detection is Edge.NONE
        assert asked[line].active_low is False
    assert hardware.holders[4] == "menkou"
    await lines.close()
    assert hardware.holders == {}


async def test_levels_edges_and_outputs(hardware: FakeChipHardware) -> None:
    lines = await open_gpiod_lines(CHIP, INPUTS, OUTPUTS)
    hardware.high[6] = False
    assert await lines.levels() == {4: True, "JACK": True, 6: False}
    hardware.set(5, False)
    hardware.set(5, True)
    hardware.set(4, False)
    seen: list[tuple[int | str, bool]] = []
    while len(seen) < 3:
        seen += await lines.changes()
    assert seen == [("JACK", False), ("JACK", True), (4, False)]
    await lines.set_level(17, True)
    assert hardware.high[17] is True
    await lines.close()
    with pytest.raises(LinkLost):
        await lines.levels()
    with pytest.raises(LinkLost):
        await lines.changes()


async def test_woken_without_an_edge(hardware: FakeChipHardware) -> None:
    """A read without an event blocks, and with it everything else in the program."""
    lines = await open_gpiod_lines(CHIP, INPUTS, {})
    assert isinstance(lines, GpiodLines)
    lines._readable()
    hardware.set(4, False)
    assert await lines.changes() == [(4, False)]
    await lines.close()


async def test_only_outputs(hardware: FakeChipHardware) -> None:
    lines = await open_gpiod_lines(CHIP, {}, OUTPUTS)
    assert await lines.levels() == {}
    await lines.close()


@pytest.mark.parametrize(
    ("cannot", "bias", "edges", "debounce"),
    [
        ({"debounce": errno.EINVAL}, True, True, False),
        ({"bias": errno.ENOTSUP}, False, True, True),
        ({"bias": errno.ENOTSUP, "debounce": errno.EINVAL}, False, True, False),
        ({"edges": errno.ENXIO}, True, False, False),
        ({"edges": errno.ENXIO, "bias": errno.EINVAL}, False, False, False),
    ],
)
async def test_a_chip_that_can_do_less(
    hardware: FakeChipHardware, cannot: dict[str, int], bias: bool, edges: bool, debounce: bool
) -> None:
    """An expander on I2C has no edges, an old one no pull-up: then the board has it, and we look more often."""
    hardware.cannot = cannot
    lines = await open_gpiod_lines(CHIP, INPUTS, {})
    got = hardware.asked[-1][4]
    assert (got.bias is Bias.PULL_UP) is bias
    assert (got.edge_detection is Edge.BOTH) is edges
    assert (got.debounce_period > timedelta()) is debounce
    assert await lines.levels() == {4: True, "JACK": True, 6: True}
    await lines.close()


async def refused(inputs: dict[int | str, InputLine], chip: str = CHIP) -> str:
    with pytest.raises(LinkLost) as lost:
        await open_gpiod_lines(chip, inputs, {})
    return str(lost.value)


async def test_why_lines_cannot_be_had(hardware: FakeChipHardware) -> None:
    hardware.holders[4] = "gpiomon"
    assert await refused({4: InputLine()}) == f"line 4 of {CHIP} is held by another program (gpiomon)"
    hardware.holders[4] = ""
    assert await refused({4: InputLine()}) == f"line 4 of {CHIP} is held by another program (the kernel)"
    assert await refused({99: InputLine()}) == f"{CHIP} has no line 99"
    assert await refused({"NAME": InputLine()}) == f"{CHIP} has no line NAME"
    assert await refused({5: InputLine(), "JACK": InputLine()}) == f"{CHIP}: 5 and JACK are the same line"
    assert await refused({4: InputLine()}, "/dev/none") == "/dev/none: No such file or directory"
    hardware.cannot = {"edges": errno.EACCES}
    assert await refused({6: InputLine()}) == f"{CHIP}: Permission denied"


async def test_a_chip_on_usb_is_pulled_out(hardware: FakeChipHardware) -> None:
    lines = await open_gpiod_lines(CHIP, INPUTS, OUTPUTS)
    hardware.unplug()
    with pytest.raises(LinkLost, match="GPIO chip lost: No such device"):
        await lines.changes()
    with pytest.raises(LinkLost):
        await lines.set_level(17, True)
    await lines.close()


async def test_the_driver_on_it(hardware: FakeChipHardware) -> None:
    """From the level on the wire to the open door; pulled out and back."""
    hardware.high |= {4: False}  # closed loops pull their lines low
    part = SensorsPart(
        opener_for(CHIP),
        {Sensor.DOOR: SensorLine(4, active_high=True, settle_s=0.01)},
        SensorTimings(read=0.05),
        Backoff(0.02, 0.1),
    )
    cabinet = StandardCabinet(Parts(sensors=part))
    await cabinet.open()
    await until(lambda: cabinet.status.ready)
    assert cabinet.state.sensors == {Sensor.DOOR: False}
    hardware.set(4, True)
    await until(lambda: cabinet.state.sensors[Sensor.DOOR])
    hardware.unplug()
    await until(lambda: cabinet.state.sensors == {})
    hardware.gone = False
    await until(lambda: cabinet.state.sensors == {Sensor.DOOR: True})
    hardware.high[4] = False  # and no edge is told
    await until(lambda: cabinet.status.ready)
    await cabinet.close()


async def test_lines_a_running_call_uses_are_given_free_when_it_comes_back(
    hardware: FakeChipHardware, monkeypatch: pytest.MonkeyPatch
) -> None:
    mended = threading.Event()
    lines = await open_gpiod_lines(CHIP, INPUTS, OUTPUTS)
    (request,) = hardware.requests
    monkeypatch.setattr(gpiod_lines, "CALL_S", 0.05)
    monkeypatch.setattr(FakeRequest, "set_value", lambda self, line, value: mended.wait())
    with pytest.raises(LinkLost):
        await lines.set_level(17, True)
    await lines.close()
    assert not request.released
    mended.set()
    await until(lambda: request.released)


async def test_lines_that_come_late_are_given_free(hardware: FakeChipHardware, monkeypatch: pytest.MonkeyPatch) -> None:
    mended = threading.Event()
    real = FakeChip.request_lines

    def slow(self: FakeChip, *args: Any, **kwargs: Any) -> FakeRequest:
        mended.wait()
        return real(self, *args, **kwargs)

    monkeypatch.setattr(gpiod_lines, "CALL_S", 0.05)
    monkeypatch.setattr(FakeChip, "request_lines", slow)
    assert await refused({4: InputLine()}) == f"{CHIP} does not answer"
    mended.set()
    await until(lambda: hardware.asked and not hardware.requests)


CONFIGFS = Path("/sys/kernel/config/gpio-sim")


@pytest.mark.skipif(not CONFIGFS.is_dir(), reason="the kernel has no gpio-sim here (modprobe gpio-sim; needs configfs)")
async def test_a_true_chip_of_the_kernel() -> None:
    """gpio-sim, Linux 5.17 and later: the whole way through the real library."""
    device = CONFIGFS / "menkou-test"
    bank = device / "bank0"
    bank.mkdir(parents=True)
    try:
        (bank / "num_lines").write_text("8")
        (device / "live").write_text("1")
        name = (bank / "chip_name").read_text().strip()
        wire = Path("/sys/devices/platform") / (device / "dev_name").read_text().strip() / name / "sim_gpio4" / "pull"
        lines = await open_gpiod_lines(f"/dev/{name}", {4: InputLine()}, {5: OutputLine()})
        wire.write_text("pull-down")
        assert (4, False) in await lines.changes()
        assert await lines.levels() == {4: False}
        await lines.set_level(5, True)
        with pytest.raises(LinkLost, match="held by another program"):
            await open_gpiod_lines(f"/dev/{name}", {4: InputLine()}, {})
        await lines.close()
    finally:
        (device / "live").write_text("0")
        bank.rmdir()
        device.rmdir()
