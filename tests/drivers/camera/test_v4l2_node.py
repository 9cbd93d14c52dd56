"""The choice of a camera's node, on a kernel that says what we want it to say."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest

from drivers.camera.v4l2_node import CaptureNode, NodeFault, capture_node
from tests.drivers.camera.kernel import METADATA, PICTURES, QUERYCAP, REQBUFS, Kernel, capability


@pytest.fixture
def kernel(tmp_path: Path) -> Kernel:
    return Kernel(tmp_path)


def test_the_node_that_gives_pictures(kernel: Kernel) -> None:
    link = kernel.name(kernel.node(0, capability(PICTURES)))
    found = capture_node(link, kernel.system)
    assert found == CaptureNode(str(kernel.root / "video0"), "HD Pro Webcam C920", "usb-0000:00:14.0-1.2")
    assert kernel.asked == [QUERYCAP, REQBUFS]


def test_a_name_that_leads_to_the_metadata_node(kernel: Kernel) -> None:
    kernel.node(10, capability(PICTURES))
    link = kernel.name(kernel.node(11, capability(METADATA), beside=10))
    kernel.node(2, capability(PICTURES))  # another camera
    found = capture_node(link, kernel.system)
    assert isinstance(found, CaptureNode)
    assert found.path.endswith("video10")


def test_a_device_without_any_pictures(kernel: Kernel) -> None:
    link = kernel.name(kernel.node(0, capability(METADATA)))
    kernel.node(1, capability(PICTURES))
    assert capture_node(link, kernel.system) is NodeFault.NO_PICTURES


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (capability(0x00000001), NodeFault.NO_PICTURES),  # no streaming
        (capability(0x04000002), NodeFault.NO_PICTURES),  # output
        (capability(0, whole=0x04000001), CaptureNode),  # a driver from before device_caps
        (capability(0x04001000), CaptureNode),  # multi-planar
    ],
)
def test_capabilities(kernel: Kernel, answer: bytes, expected: object) -> None:
    found = capture_node(kernel.node(0, answer), kernel.system)
    assert found is expected or (isinstance(expected, type) and isinstance(found, expected))


@pytest.mark.parametrize(
    ("code", "fault"),
    [
        (errno.ENODEV, NodeFault.MISSING),
        (errno.ENOTTY, NodeFault.NO_CAMERA),
        (errno.EIO, NodeFault.BROKEN),
        (errno.EACCES, NodeFault.NO_PERMISSION),
        (errno.EBUSY, NodeFault.BUSY),
    ],
)
def test_errors(kernel: Kernel, code: int, fault: NodeFault) -> None:
    assert capture_node(kernel.node(0, code), kernel.system) is fault


def test_held_by_another_process(kernel: Kernel) -> None:
    node = kernel.node(0, capability(PICTURES))
    kernel.held["video0"] = errno.EBUSY
    assert capture_node(node, kernel.system) is NodeFault.BUSY
    assert isinstance(capture_node(node, kernel.system, busy_counts=False), CaptureNode)
    kernel.held["video0"] = errno.EINVAL  # a driver that has only read()
    assert isinstance(capture_node(node, kernel.system), CaptureNode)


def test_what_is_not_there_or_no_device(kernel: Kernel) -> None:
    assert capture_node(kernel.root / "none", kernel.system) is NodeFault.MISSING
    circle = kernel.root / "circle"
    circle.symlink_to(circle)
    assert capture_node(circle, kernel.system) is NodeFault.MISSING
    text = kernel.root / "text"
    text.write_text("x")
    assert capture_node(text, kernel.system) is NodeFault.NO_CAMERA
    assert capture_node(text) is NodeFault.NO_CAMERA, "the real kernel says so too"
    assert capture_node(Path("/dev/null")) is NodeFault.NO_CAMERA


def test_a_hostile_descriptor(kernel: Kernel) -> None:
    node = kernel.node(0, capability(PICTURES, card=b"\x1b[2J\xff\n" + b"x" * 25))
    found = capture_node(node, kernel.system)
    assert isinstance(found, CaptureNode)
    assert found.card.isprintable()
    assert len(found.card) <= 32


def test_replugged_under_another_number(kernel: Kernel) -> None:
    link = kernel.name(kernel.node(0, capability(PICTURES)))
    assert capture_node(link, kernel.system) != NodeFault.MISSING
    (kernel.root / "video0").unlink()
    assert capture_node(link, kernel.system) is NodeFault.MISSING
    kernel.name(kernel.node(3, capability(PICTURES)))
    found = capture_node(link, kernel.system)
    assert isinstance(found, CaptureNode)
    assert found.path.endswith("video3")


def test_no_descriptor_is_left_open(kernel: Kernel) -> None:
    nodes = [kernel.node(0, capability(PICTURES)), kernel.node(1, errno.EIO), kernel.node(2, capability(METADATA))]
    before = len(list(Path("/proc/self/fd").iterdir()))
    for node in nodes * 3:
        capture_node(node, kernel.system)
    assert len(list(Path("/proc/self/fd").iterdir())) == before
