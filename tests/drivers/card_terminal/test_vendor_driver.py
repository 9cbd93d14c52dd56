"""A vendor's bridge program in all its moods. Each is a value here, and money in doubt is UNKNOWN."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest

from drivers.card_terminal.plugin import VENDOR_PROCESS
from drivers.card_terminal.port import CardMark, CardOutcome, CardPrompt, EndOfDay
from drivers.device import DeviceClass
from drivers.manager import DevicesFileError, make_device
from drivers.status import Action, DeviceState
from tests.drivers.card_terminal.vendor_bench import bridge
from tests.drivers.link.waiting import until


def _alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


async def test_whole_life(tmp_path: Path) -> None:
    async with bridge(tmp_path) as bench:
        prompts: list[CardPrompt] = []
        paid = await bench.driver.pay(1250, prompts.append)
        assert (paid.outcome, paid.amount, paid.receipt, paid.scheme) == (CardOutcome.APPROVED, 1250, 1, "UnionPay")
        assert paid.slip == ("POS slip", "card ****************")
        assert prompts == [CardPrompt.INSERT_CARD, CardPrompt.ENTER_PIN]
        assert await bench.driver.last_result() == paid
        await bench.ready()
        assert bench.driver.mark == CardMark(1, 1)
        assert (await bench.driver.reverse(1)).outcome is CardOutcome.APPROVED
        assert await bench.driver.end_of_day() == EndOfDay(True, 2, 0)
        status = await bench.driver.refresh()
        assert status.identity == "MIS POS 1.2"
        assert status.counters == {"payments_approved": 1, "reversals_approved": 1, "end_of_days": 1}
        pid = bench.pid
    assert not _alive(pid)
    assert bench.driver.status.device is DeviceState.OFFLINE


@pytest.mark.parametrize("fault", ["crash-before@", "hang@"])
async def test_nothing_was_taken(tmp_path: Path, fault: str) -> None:
    async with bridge(tmp_path, fault, payment=2.0, after_cancel=0.3, exit=0.3) as bench:
        (tmp_path / "memory.json").write_text('[{"outcome": "approved", "amount": 5, "receipt": 7, "trace": 7}]')
        bench.driver._mark_known = False
        assert (await bench.driver.pay(100)).outcome is CardOutcome.UNKNOWN
        found = await bench.driver.last_result()
        assert found is not None
        assert found.outcome is CardOutcome.ABORTED
        await bench.ready()
        assert (await bench.driver.pay(100)).outcome is CardOutcome.APPROVED


@pytest.mark.parametrize("fault", ["crash-after@", "nonsense-result@"])
async def test_money_was_taken(tmp_path: Path, fault: str) -> None:
    async with bridge(tmp_path, fault, payment=2.0, after_cancel=0.3, exit=0.3) as bench:
        assert (await bench.driver.pay(100)).outcome is CardOutcome.UNKNOWN
        assert (await bench.driver.pay(100)).outcome is CardOutcome.NOT_POSSIBLE, "not while in doubt"
        found = await bench.driver.last_result()
        assert found is not None
        assert (found.outcome, found.amount, found.receipt) == (CardOutcome.APPROVED, 100, 1)
        assert len(bench.transactions) == 1


async def test_a_bridge_that_could_not_tell_before_leaves_the_doubt_to_the_staff(tmp_path: Path) -> None:
    flag = tmp_path / "cannot-tell"
    (tmp_path / "memory.json").write_text('[{"outcome": "approved", "amount": 5, "receipt": 7, "trace": 7}]')
    async with bridge(tmp_path, "cannot-tell@", "crash-before@") as bench:
        flag.unlink()  # and once more, before the payment
        assert (await bench.driver.pay(100)).outcome is CardOutcome.UNKNOWN
        assert flag.exists()
        assert await bench.driver.last_result() is None, "the older payment is not this one"
        assert await bench.driver.last_result() is None, "nor when asked again"
        assert [each["amount"] for each in bench.transactions] == [5]


async def test_wrong_amount(tmp_path: Path) -> None:
    async with bridge(tmp_path, "wrong-amount") as bench:
        assert (await bench.driver.pay(100)).outcome is CardOutcome.UNKNOWN
        found = await bench.driver.last_result()
        assert found is not None
        assert found.amount == 200


async def test_cancel(tmp_path: Path) -> None:
    async with bridge(tmp_path, "wait-for-cancel") as bench:
        prompts: list[CardPrompt] = []
        paying = asyncio.create_task(bench.driver.pay(100, prompts.append))
        await until(lambda: prompts)
        await bench.driver.cancel()
        assert (await paying).outcome is CardOutcome.ABORTED


async def test_a_silent_payment_is_cancelled_before_the_program_is_killed(tmp_path: Path) -> None:
    """So that the terminal lets the resident's card go, and the payment has a clear end."""
    async with bridge(tmp_path, "wait-for-cancel", payment=0.5) as bench:
        pid = bench.pid
        assert (await bench.driver.pay(100)).outcome is CardOutcome.ABORTED
        await bench.ready()
        assert bench.pid == pid, "it lives"
        assert bench.driver._doubt is None


async def test_prompts_for_ever_are_ended(tmp_path: Path) -> None:
    async with bridge(tmp_path, "prompts-for-ever", whole_payment=0.5, after_cancel=0.4) as bench:
        assert (await bench.driver.pay(100)).outcome is CardOutcome.UNKNOWN


@pytest.mark.parametrize(
    ("fault", "detail"),
    [
        ("crash-at-start", "ended"),
        ("mute", "silent"),
        ("flood", "floods"),
        ("endless-line", "floods"),
        ("other-protocol", "another protocol"),
    ],
)
async def test_never_ready(tmp_path: Path, fault: str, detail: str) -> None:
    async with bridge(tmp_path, fault, ready=False, start=1.5, connect_grace=0.1, exit=0.1) as bench:
        await until(lambda: detail in bench.driver.status.detail)
        assert bench.driver.status.device is DeviceState.OFFLINE
        assert bench.driver.status.action is Action.MAINTENANCE
        assert (await bench.driver.pay(100)).outcome is CardOutcome.NOT_POSSIBLE


async def test_started_again_when_it_recovers(tmp_path: Path) -> None:
    async with bridge(tmp_path, "crash-at-start@", "flood@") as bench:
        assert (await bench.driver.pay(100)).outcome is CardOutcome.APPROVED


async def test_not_ready(tmp_path: Path) -> None:
    async with bridge(tmp_path, "not-ready", ready=False) as bench:
        await until(lambda: bench.driver.status.device is DeviceState.HARDWARE_ERROR)
        assert bench.driver.status.action is Action.CLEAR


async def test_killed_with_its_children_although_it_stays(tmp_path: Path) -> None:
    async with bridge(tmp_path, "child", "stays", exit=0.1) as bench:
        pids = [bench.pid, int((tmp_path / "memory.json.child").read_text())]
        assert all(map(_alive, pids))
    await until(lambda: not any(map(_alive, pids)))


async def test_close_in_the_middle_of_a_payment(tmp_path: Path) -> None:
    async with bridge(tmp_path, "hang", exit=0.1) as bench:
        prompts: list[CardPrompt] = []
        paying = asyncio.create_task(bench.driver.pay(100, prompts.append))
        await until(lambda: prompts)
        pid = bench.pid
        await bench.driver.close()
        assert (await paying).outcome is CardOutcome.UNKNOWN
        assert not _alive(pid)


async def test_no_leak_over_many_restarts(tmp_path: Path) -> None:
    def files() -> int:
        return sum(1 for _ in Path("/proc/self/fd").iterdir())

    async with bridge(tmp_path) as bench:
        before = (len(asyncio.all_tasks()), files())
        for _ in range(5):
            pid = bench.pid
            os.kill(pid, 9)
            await until(lambda: bench.driver._channel is not None and bench.pid != pid)  # noqa: B023
            await bench.ready()
        await until(lambda: (len(asyncio.all_tasks()), files()) <= before)


async def test_no_such_program(tmp_path: Path) -> None:
    driver = make_device(DeviceClass.CARD_TERMINAL, {"driver": "vendor-process", "command": [str(tmp_path / "none")]})
    await driver.open()
    await until(lambda: "cannot be started" in driver.status.detail)
    await driver.close()


@pytest.mark.parametrize("command", [[], ["bridge"]])
def test_command_is_checked(command: list[str]) -> None:
    with pytest.raises(DevicesFileError, match="command"):
        make_device(DeviceClass.CARD_TERMINAL, {"driver": "vendor-process", "command": command})
    assert "bridge program" in VENDOR_PROCESS.about
