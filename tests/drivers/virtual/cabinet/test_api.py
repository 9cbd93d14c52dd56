"""The hands on real simulators, over HTTP, and what they do at the other end of each wire."""

from __future__ import annotations

import io
import json
import os
import time
import tomllib
from collections.abc import Iterator
from pathlib import Path

import cv2
import httpx
import pytest
from PIL import Image

from drivers.virtual.cabinet.client import CabinetClient, CabinetRefusedError
from drivers.virtual.photo_codec import VirtualPhotoDecoder

from .conftest import FakeSandbox, Running
from .test_screen_grab import LINK, screen_with_qr
from .xwd import xwd

PATIENCE_S = 30.0
FIND = bytes.fromhex("AAAAAA96690003200122")
SELECT = bytes.fromhex("AAAAAA96690003200221")
READ = bytes.fromhex("AAAAAA96690003300132")


class Line:
    """The host's end of a serial device, byte for byte."""

    def __init__(self, path: Path) -> None:
        self._fd = os.open(path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)

    def close(self) -> None:
        os.close(self._fd)

    def ask(self, request: bytes, length: int) -> bytes:
        """Write, then wait for `length` bytes."""
        os.write(self._fd, request)
        return self.wait(length)

    def wait(self, length: int) -> bytes:
        reply, deadline = b"", time.monotonic() + PATIENCE_S
        while len(reply) < length:
            assert time.monotonic() < deadline, f"only {len(reply)} of {length} bytes came"
            try:
                reply += os.read(self._fd, 4096)
            except BlockingIOError:
                time.sleep(0.01)
        return reply


@pytest.fixture
def reader(running: Running) -> Iterator[Line]:
    line = Line(running.dir / "dev" / "id_reader")
    yield line
    line.close()


# --- card -----------------------------------------------------------------------------------------------------------


def test_devices_file_names_devices_that_are_there(running: Running, hands: CabinetClient) -> None:
    tables = tomllib.loads((running.dir / "devices.toml").read_text("utf-8"))
    assert {"id_reader", "receipt_printer", "code_scanner", "document_printer", "camera", "cash"} < set(tables)
    for name in ("id_reader", "receipt_printer", "code_scanner"):
        assert Path(tables[name]["path"]).exists()
    assert tables["id_reader"]["driver"] == "sdt-serial"
    assert tables["id_reader"]["baud"] == 115200
    assert tables["code_scanner"]["family"] == "honeywell"
    assert tables["camera"]["source"] == f"{running.url}/camera/stream"


def test_laid_card_is_read_to_the_last_byte_and_lifted(hands: CabinetClient, reader: Line) -> None:
    assert reader.ask(FIND, 11)[9] == 0x80
    hands.lay_card("li")
    assert hands.state()["id_reader"]["card"] == "li"
    assert reader.ask(FIND, 15)[9] == 0x9F
    assert reader.ask(SELECT, 19)[9] == 0x90
    reply = reader.ask(READ, 1295)
    assert "李样本" in reply[14:270].decode("utf-16-le")
    png = VirtualPhotoDecoder().decode(reply[270:1294])
    assert png is not None
    assert Image.open(io.BytesIO(png)).size == (102, 126)
    hands.lift_card()
    assert hands.state()["id_reader"]["card"] is None
    assert reader.ask(FIND, 11)[9] == 0x80


def test_worn_card_and_card_taken_midway(hands: CabinetClient, reader: Line) -> None:
    hands.lay_card("worn")
    reader.ask(FIND, 15)
    reader.ask(SELECT, 19)
    assert reader.ask(READ, 11)[9] == 0x41
    hands.remove_midway("zhang")
    reader.ask(FIND, 15)
    reader.ask(SELECT, 19)
    assert reader.ask(READ, 11)[9] == 0x41
    assert hands.state()["id_reader"]["card"] is None


def test_reader_faults_come_and_go(hands: CabinetClient, reader: Line) -> None:
    hands.reader_fault("self-test")
    assert hands.state()["id_reader"]["faults"] == ["self-test"]
    assert reader.ask(FIND, 11)[9] == 0x60
    hands.reader_fault("self-test", on=False)
    assert reader.ask(FIND, 11)[9] == 0x80
    with pytest.raises(CabinetRefusedError, match="404"):
        hands.reader_fault("haunted")


@pytest.mark.parametrize("device", ["id_reader", "scanner", "receipt_printer"])
def test_unplugging_takes_the_name_away(running: Running, hands: CabinetClient, device: str) -> None:
    path = running.dir / "dev" / device
    hands.plug(device, False)
    assert not path.exists()
    assert hands.state()[device]["plugged"] is False
    hands.plug(device)
    assert path.exists()
    assert hands.state()[device]["plugged"] is True


def test_the_holder_is_who_laid_the_card(hands: CabinetClient) -> None:
    hands.lay_card("chen")
    hands.face("holder")
    camera = hands.state()["camera"]
    assert (camera["who"], camera["person"]) == ("holder", "chen")
    hands.face("other", pose="left")
    assert hands.state()["camera"]["pose"] == "left"
    with pytest.raises(CabinetRefusedError, match="404"):
        hands.face(person="nobody-knows")
    with pytest.raises(CabinetRefusedError, match="404"):
        hands.lay_card("nobody-knows")


# --- camera ---------------------------------------------------------------------------------------------------------


def test_opencv_opens_the_stream_until_it_is_unplugged(running: Running, hands: CabinetClient) -> None:
    hands.face("holder")
    capture = cv2.VideoCapture(f"{running.url}/camera/stream")
    try:
        assert capture.isOpened()
        ok, frame = capture.read()
        assert ok
        assert frame.shape == (480, 640, 3)
        hands.wait_for(lambda state: state["camera"]["active"])
        hands.face("dark")
        deadline = time.monotonic() + PATIENCE_S
        while frame.mean() > 25:
            assert time.monotonic() < deadline
            ok, frame = capture.read()
            assert ok
        hands.face("unplugged")
        while capture.read()[0]:
            assert time.monotonic() < deadline
    finally:
        capture.release()
    assert httpx.get(f"{running.url}/camera/stream", trust_env=False).status_code == 503
    assert httpx.get(f"{running.url}/camera/still.jpg", trust_env=False).status_code == 503
    hands.face("nobody")
    still = httpx.get(f"{running.url}/camera/still.jpg", trust_env=False)
    assert Image.open(io.BytesIO(still.content)).size == (640, 480)


# --- scanner --------------------------------------------------------------------------------------------------------


def test_code_is_read_when_the_beam_is_on(running: Running, hands: CabinetClient) -> None:
    line = Line(running.dir / "dev" / "scanner")
    try:
        os.write(line._fd, b"\x16T\r")
        hands.wait_for(lambda state: state["scanner"]["beam"])
        hands.scan_preset("water-bill")
        assert line.wait(13) == b"035012342718\r"
        hands.scan("ABC-123")
        assert line.ask(b"\x16T\r", 8) == b"ABC-123\r"
    finally:
        line.close()


def test_presenting_needs_exactly_one_thing(running: Running, hands: CabinetClient) -> None:
    for body, status in (({}, 422), ({"preset": "alipay", "text": "x"}, 422), ({"preset": "no"}, 404)):
        assert httpx.post(f"{running.url}/api/scanner/present", json=body, trust_env=False).status_code == status


def test_codes_stay_out_of_the_events(running: Running, hands: CabinetClient) -> None:
    hands.scan_preset("alipay")
    assert "281234567890123456" not in json.dumps(hands.events())


# --- phone ----------------------------------------------------------------------------------------------------------


def test_phone_reads_the_code_off_the_kiosks_screen(
    running: Running, hands: CabinetClient, sandbox: FakeSandbox
) -> None:
    sandbox.payments.clear()
    sandbox.offers[:] = ["https://qr.alipay.com/not-this-one"]
    frame_buffer = running.dir / "screen" / "Xvfb_screen0"
    frame_buffer.write_bytes(xwd(screen_with_qr(LINK)))
    try:
        result = hands.pay("success")
    finally:
        frame_buffer.unlink()
    assert sandbox.payments == [{"qr_code": LINK, "outcome": "success"}]
    assert (result["paid"], result["found_by"], result["amount"]) == (True, "screen", "43.40")
    assert LINK not in json.dumps(hands.state())


def test_phone_falls_back_to_the_sandbox_or_says_there_is_no_code(hands: CabinetClient, sandbox: FakeSandbox) -> None:
    sandbox.payments.clear()
    sandbox.offers[:] = ["https://qr.alipay.com/newest", "https://qr.alipay.com/older"]
    result = hands.pay("insufficient")
    assert sandbox.payments == [{"qr_code": "https://qr.alipay.com/newest", "outcome": "insufficient"}]
    assert (result["paid"], result["found_by"]) == (False, "sandbox")
    sandbox.offers.clear()
    assert hands.pay("success")["detail"] == "no-code-seen"


def test_paying_twice_is_refused_the_second_time(hands: CabinetClient, sandbox: FakeSandbox) -> None:
    sandbox.payments.clear()
    result = hands.pay("twice", qr="https://qr.alipay.com/given")
    assert [p["outcome"] for p in sandbox.payments] == ["success", "success"]
    assert (result["outcome"], result["found_by"]) == ("twice", "given")
    assert (result["paid"], result["detail"]) == (False, "ACQ.TRADE_HAS_SUCCESS")


def test_text_messages_arrive(hands: CabinetClient, sandbox: FakeSandbox) -> None:
    before = len(hands.messages())
    with pytest.raises(TimeoutError):
        hands.sms_code(0.1, after=before)
    sandbox.messages.append(
        {"to": "138****0025", "text": "【门口】验证码 204713,5分钟内有效", "at": "2026-11-22T04:00:00Z"}
    )
    assert hands.sms_code(after=before) == "204713"
    assert hands.wait_for(lambda state: len(state["phone"]["messages"]) > before)["phone"]["reachable"]
    assert "204713" not in json.dumps(hands.events())


# --- the whole ------------------------------------------------------------------------------------------------------


def test_reset_mends_everything(hands: CabinetClient) -> None:
    hands.lay_card("li")
    hands.reader_fault("noise")
    hands.plug("scanner", False)
    hands.face("two")
    hands.receipt("cover-open")
    hands.receipt("off")
    hands.network(cut=True)
    hands.reset()
    state = hands.state()
    assert state["id_reader"]["card"] is None
    assert state["id_reader"]["faults"] == []
    assert state["scanner"]["plugged"]
    assert state["camera"]["who"] == "nobody"
    assert state["receipt_printer"]["trouble"] == []
    assert state["network"]["state"] == "connected"


def test_state_comes_by_itself(running: Running, hands: CabinetClient) -> None:
    with httpx.stream("GET", f"{running.url}/api/stream", timeout=PATIENCE_S, trust_env=False) as stream:
        lines = (line for line in stream.iter_lines() if line.startswith("data: "))
        assert json.loads(next(lines)[6:])["id_reader"]["card"] is None
        hands.lay_card("wang")
        while json.loads(next(lines)[6:])["id_reader"]["card"] != "wang":
            pass


def test_api_describes_itself(running: Running) -> None:
    paths = httpx.get(f"{running.url}/openapi.json", trust_env=False).json()["paths"]
    assert {"/api/state", "/api/card/lay", "/api/phone/pay", "/api/network", "/api/a4"} <= set(paths)
    changing = [path for path, verbs in paths.items() if "post" in verbs]
    assert all(path.startswith("/api/") for path in changing)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Host": "evil.example"}, 403),
    ],
)
def test_strangers_pages_move_nothing(
    running: Running, hands: CabinetClient, headers: dict[str, str], status: int
) -> None:
    reply = httpx.post(f"{running.url}/api/card/lay", json={"card": "li"}, headers=headers, trust_env=False)
    assert reply.status_code == status
    assert (hands.state()["id_reader"]["card"] == "li") == (status == 200)


def test_own_page_may(running: Running, hands: CabinetClient) -> None:
    reply = httpx.post(f"{running.url}/api/card/lift", json={}, headers={"Origin": running.url}, trust_env=False)
    assert reply.status_code == 200
    assert "default-src 'none'" in reply.headers["content-security-policy"]
