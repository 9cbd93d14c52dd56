"""The driver against a real pcscd whose reader is Debian's vpcd, and a card that is a program."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path

import pytest

from drivers.device import DeviceClass
from drivers.link.trace import Traced, Way, watch
from drivers.manager import make_device
from drivers.smart_card.driver import PcscReader, PcscSettings
from drivers.smart_card.port import SmartCardFault, SmartCardReader, SocialSecurityCard
from drivers.status import Action, DeviceState
from drivers.virtual.smart_card import VirtualSmartCardReader
from drivers.virtual.social_security_card import Holder, social_security_card
from tests.drivers.link.waiting import until
from tests.faults.smart_card_bench import BACKOFF, HOLDER, PATIENCE_S, TIMINGS, impatient, smart_card_bench, start


@pytest.mark.parametrize("t0", [True, False])
async def test_a_card_is_read(tmp_path: Path, t0: bool) -> None:
    found = asyncio.Event()
    async with smart_card_bench(tmp_path) as bench:
        port: SmartCardReader = bench.driver
        await bench.virtual.insert(social_security_card(HOLDER, t0=t0))
        card = await port.read_card(PATIENCE_S, found.set)
        assert found.is_set()
        assert card == SocialSecurityCard(HOLDER.number, HOLDER.name, "1", "01", "Z99999999", "20360101")
        status = bench.driver.status
        assert status.ready
        assert (status.action, status.detail, status.identity) == (Action.NONE, "", "Menkou Virtual Reader 00 00")
        assert dict(status.counters) == {"cards_seen": 1, "cards_read": 1}


async def test_the_card_comes_while_it_is_waited_for(tmp_path: Path) -> None:
    async with smart_card_bench(tmp_path) as bench:
        reading = asyncio.create_task(bench.read())
        await asyncio.sleep(0.1)
        await bench.virtual.insert(social_security_card(HOLDER))
        assert isinstance(await reading, SocialSecurityCard)


async def test_a_card_left_in_the_slot_is_read_again(tmp_path: Path) -> None:
    async with smart_card_bench(tmp_path) as bench:
        assert await bench.reads_good_card()
        assert isinstance(await bench.read(), SocialSecurityCard)


async def test_cancelled_at_any_moment(tmp_path: Path) -> None:
    async with smart_card_bench(tmp_path) as bench:
        await bench.virtual.insert(social_security_card(HOLDER))
        for frames in (0, 1, 3, 6, 12):
            heard = asyncio.Event()
            count = 0

            def hear(traced: Traced, heard: asyncio.Event = heard, frames: int = frames) -> None:
                nonlocal count
                count += traced.way is not Way.NOTE
                if count >= frames:
                    heard.set()

            with watch(hear):
                reading = asyncio.create_task(bench.read())
                if frames:
                    await heard.wait()
                reading.cancel()
                await asyncio.wait([reading])
                count = 0
        assert isinstance(await bench.read(), SocialSecurityCard)


async def test_a_broken_off_reading_leaves_no_card_under_power(tmp_path: Path) -> None:
    async with smart_card_bench(tmp_path) as bench:
        chip = social_security_card(HOLDER)
        await bench.virtual.insert(chip)
        heard = asyncio.Event()
        with watch(lambda traced: heard.set() if traced.way is Way.OUT else None):
            reading = asyncio.create_task(bench.read())
            await heard.wait()
            reading.cancel()
            await asyncio.wait([reading])
        assert chip.powered
        await until(lambda: not chip.powered)


async def test_one_reading_at_a_time(tmp_path: Path) -> None:
    async with smart_card_bench(tmp_path) as bench:
        await bench.virtual.insert(social_security_card(HOLDER))
        cards = await asyncio.gather(*(bench.read() for _ in range(3)))
        assert all(isinstance(card, SocialSecurityCard) for card in cards)


async def test_the_reader_is_chosen_by_its_name(tmp_path: Path) -> None:
    """The second slot, by a pattern; a card in the first one is nobody's."""
    async with smart_card_bench(tmp_path, pattern="menkou*00 01") as bench:
        assert bench.driver.status.identity == "Menkou Virtual Reader 00 01"
        await bench.virtual.insert(social_security_card(HOLDER))
        assert await bench.read(timeout_s=1.0) is SmartCardFault.NO_CARD


async def test_another_reader_only(tmp_path: Path) -> None:
    virtual = VirtualSmartCardReader(tmp_path)
    await start(virtual)
    settings = PcscSettings("ACS*", virtual.socket, timings=impatient(connect_grace=0.1), backoff=BACKOFF)
    driver = PcscReader(settings)
    await driver.open()
    await until(lambda: driver.status.device is DeviceState.NO_DEVICE)
    assert driver.status.action is Action.MAINTENANCE
    assert "Menkou Virtual Reader 00 00" in driver.status.detail, "the technician sees which names there are"
    assert await driver.read_card(5) is SmartCardFault.READER_LOST
    await driver.close()
    await virtual.stop()


async def test_what_is_traced(tmp_path: Path) -> None:
    seen: list[Traced] = []
    async with smart_card_bench(tmp_path) as bench:
        with watch(seen.append):
            assert await bench.reads_good_card()
    lines = [f"{traced.way} {traced.label} {traced.hex()}" for traced in seen]
    assert "> SELECT 00 A4 02 00 02 EF 06" in lines
    assert f"< READ RECORD 08 08 12 {'·· ' * 18}90 00" in lines
    assert f"< READ RECORD 09 09 1E {'·· ' * 30}90 00" in lines
    (atr,) = [traced.data for traced in seen if traced.label.endswith("ATR")]
    assert len(atr) > 2
    assert None not in atr[:2]
    assert set(atr[2:]) == {None}, "historical bytes may be the chip's own number"
    text = "\n".join(lines)
    number = " ".join(f"{byte:02X}" for byte in HOLDER.number.encode())
    assert number not in text
    assert number[:17] not in text


async def test_nothing_of_the_person_is_logged(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    async with smart_card_bench(tmp_path) as bench:
        assert await bench.reads_good_card()
        await bench.virtual.withdraw()
    said = capsys.readouterr()
    assert "smart_card_read" in said.out + said.err
    for word in (HOLDER.number, HOLDER.name, "3B04", "3b04"):
        assert word not in said.out + said.err


async def test_a_worker_that_dies_is_replaced(tmp_path: Path) -> None:
    async with smart_card_bench(tmp_path) as bench:
        for _ in range(2):
            (worker,) = workers()
            os.kill(worker, signal.SIGKILL)
            await until(lambda: bench.driver.status.device is DeviceState.OFFLINE)
            await until(lambda: bench.driver.status.ready)
        assert bench.driver.status.counters["worker_lost"] == 2
        assert await bench.reads_good_card()


async def test_nothing_is_left_behind(tmp_path: Path) -> None:
    async with smart_card_bench(tmp_path) as bench:
        before = len(list(Path("/proc/self/fd").iterdir()))
        for _ in range(3):
            await bench.driver.close()
            assert workers() == []
            await bench.driver.open()
            await until(lambda: bench.driver.status.ready)
        assert await bench.reads_good_card()
        await bench.virtual.withdraw()
        assert len(list(Path("/proc/self/fd").iterdir())) <= before
        await bench.driver.close()
        assert workers() == []
        assert bench.driver.status.device is DeviceState.OFFLINE
        assert await bench.driver.read_card(0.1) is SmartCardFault.READER_LOST


async def test_no_library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake = tmp_path / "no-library"
    fake.write_text("#!/bin/sh\nexit 3\n")
    fake.chmod(0o755)
    monkeypatch.setattr("sys.executable", str(fake))
    driver = PcscReader(PcscSettings(timings=TIMINGS, backoff=BACKOFF))
    await driver.open()
    await until(lambda: "library cannot be loaded" in driver.status.detail)
    assert driver.status.action is Action.MAINTENANCE
    await driver.close()


async def test_an_agency_s_table(tmp_path: Path) -> None:
    """Made as devices.toml makes it."""
    virtual = VirtualSmartCardReader(tmp_path)
    await start(virtual)
    table = {"driver": "pcsc", "reader": virtual.name, "socket": str(virtual.socket), "items": {"valid_to": 7}}
    driver = make_device(DeviceClass.SMART_CARD, table)
    assert isinstance(driver, PcscReader)
    await driver.open()
    await until(lambda: driver.status.ready)
    await virtual.insert(social_security_card(Holder("51999919900101005X", "王测试", "1")))
    card = await driver.read_card(PATIENCE_S)
    assert isinstance(card, SocialSecurityCard)
    assert (card.number, card.valid_to) == ("51999919900101005X", "")
    await driver.close()
    await virtual.stop()


def workers() -> list[int]:
    """The PC/SC workers that are children of this process."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((entry / "stat").read_text().rsplit(")", 1)[1].split()[1])
            command = (entry / "cmdline").read_bytes()
        except OSError:
            continue
        if parent == os.getpid() and b"pcsc_worker" in command:
            found.append(int(entry.name))
    return found
