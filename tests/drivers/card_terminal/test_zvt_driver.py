"""The driver when all goes well, and the rules that hold whatever happens."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
import structlog

from drivers.card_terminal.port import CardMark, CardOutcome, CardPrompt, EndOfDay
from drivers.card_terminal.recovery import Doubt, judge
from drivers.card_terminal.zvt_driver import ZvtCardTerminal
from drivers.status import Action, DeviceState
from drivers.virtual.zvt_terminal_scenario import CutPlan, Tap, TerminalFault
from tests.drivers.card_terminal.bench import TIMINGS, Bench, impatient, over_serial, over_tcp
from tests.drivers.link.waiting import until

PRICE = 1250


async def _whole_life(bench: Bench) -> None:
    prompts: list[CardPrompt] = []
    paid = await bench.driver.pay(1250, prompts.append)
    assert (paid.outcome, paid.amount, paid.receipt, paid.trace) == (CardOutcome.APPROVED, 1250, 470, 470)
    assert (paid.terminal, paid.scheme) == ("28004869", "UnionPay")
    assert paid.slip[0] == "持卡人存根"
    assert "金额: RMB 12.50" in paid.slip
    wanted = [CardPrompt.INSERT_CARD, CardPrompt.ENTER_PIN, CardPrompt.WAIT, CardPrompt.APPROVED]
    assert prompts == [*wanted, CardPrompt.REMOVE_CARD]
    assert await bench.driver.last_result() == paid

    back = await bench.driver.reverse(470)
    assert (back.outcome, back.amount, back.reverses) == (CardOutcome.APPROVED, 1250, 470)
    assert bench.terminal.book.kept == []

    await bench.driver.pay(300)
    assert await bench.driver.end_of_day() == EndOfDay(True, 1, 300)
    assert await bench.driver.diagnose()
    status = await bench.driver.refresh()
    assert status.ready
    assert status.identity == "terminal 28004869, CN-APP-v2.0.9"
    assert status.counters == {"payments_approved": 2, "reversals_approved": 1, "end_of_days": 1}


async def test_over_tcp() -> None:
    async with over_tcp() as bench:
        await _whole_life(bench)


async def test_over_a_serial_line(tmp_path: Path) -> None:
    async with over_serial(tmp_path) as bench:
        await _whole_life(bench)


async def test_registration_says_what_the_settings_say() -> None:
    sent: list[bytes] = []
    async with over_tcp() as bench:
        hear = bench.terminal.wire.hear
        assert hear is not None

        async def listen(apdu: bytes) -> None:
            sent.append(apdu)
            await hear(apdu)

        bench.terminal.wire.hear = listen
        await bench.terminal.wire.cut()
        await until(lambda: any(apdu[:2] == b"\x06\x00" for apdu in sent))
    assert sent[0] == bytes.fromhex("06 00 10 00 00 00 BE 01 56 03 01 06 06 26 04 0A 02 06 D3")


@pytest.mark.parametrize(
    ("tap", "outcome", "prompt"),
    [
        (Tap.DECLINED, CardOutcome.DECLINED, CardPrompt.DECLINED),
        (Tap.PIN_BLOCKED, CardOutcome.DECLINED, CardPrompt.WRONG_PIN),
        (Tap.UNREADABLE, CardOutcome.DECLINED, CardPrompt.INSERT_CARD),
        (Tap.KEY, CardOutcome.ABORTED, CardPrompt.INSERT_CARD),
        (Tap.WRONG_PIN, CardOutcome.APPROVED, CardPrompt.WRONG_PIN),
    ],
)
async def test_what_the_person_does(tap: Tap, outcome: CardOutcome, prompt: CardPrompt) -> None:
    prompts: list[CardPrompt] = []
    async with over_tcp(auto=tap) as bench:
        result = await bench.driver.pay(100, prompts.append)
        assert result.outcome is outcome
        assert prompt in prompts
        assert len(bench.terminal.book.kept) == (outcome is CardOutcome.APPROVED)
        assert bench.driver.status.ready, "the terminal itself is well"
        assert (await bench.driver.last_result()) == result


@pytest.mark.parametrize(
    ("fault", "device", "action"),
    [
        (TerminalFault.OPEN_END_OF_DAY, DeviceState.USER_ERROR, Action.RESET),
        (TerminalFault.BUSY, DeviceState.BUSY, Action.NONE),
        (TerminalFault.NOT_SUPPORTED, DeviceState.ONLINE, Action.NONE),
    ],
)
async def test_the_terminal_refuses(fault: TerminalFault, device: DeviceState, action: Action) -> None:
    async with over_tcp(impatient(busy_grace=0.2)) as bench:
        bench.terminal.inject(fault)
        result = await bench.driver.pay(100)
        assert result.outcome is CardOutcome.NOT_POSSIBLE
        assert (bench.driver.status.device, bench.driver.status.action) == (device, action)
        assert bench.terminal.book.bookings == []
        assert bench.driver._doubt is None


async def test_the_day_is_handed_in_and_payments_go_on() -> None:
    async with over_tcp() as bench:
        await bench.driver.pay(100)
        bench.terminal.inject(TerminalFault.OPEN_END_OF_DAY)
        assert (await bench.driver.pay(200)).code == 0xF0
        bench.terminal.inject(TerminalFault.CANNOT_HAND_IN)
        assert await bench.driver.end_of_day() == EndOfDay(False)
        assert "FA" in bench.driver.status.detail
        bench.terminal.clear(TerminalFault.CANNOT_HAND_IN)
        assert await bench.driver.end_of_day() == EndOfDay(True, 1, 100)
        assert (await bench.driver.pay(200)).outcome is CardOutcome.APPROVED


async def test_a_required_diagnosis_is_done_without_anybody() -> None:
    async with over_tcp() as bench:
        bench.terminal.inject(TerminalFault.DIAGNOSIS_REQUIRED)
        assert (await bench.driver.pay(100)).code == 0xC2
        await until(lambda: b"\x06\x70" in bench.terminal.heard)
        await bench.ready()
        assert (await bench.driver.pay(100)).outcome is CardOutcome.APPROVED


async def test_a_terminal_that_needs_time_or_is_busy_for_a_moment() -> None:
    async with over_tcp() as bench:
        bench.terminal.inject(TerminalFault.NEEDS_TIME, 1)
        assert (await bench.driver.pay(100)).outcome is CardOutcome.APPROVED
        await bench.ready()
        bench.terminal.inject(TerminalFault.BUSY, 2)
        assert (await bench.driver.pay(200)).outcome is CardOutcome.APPROVED
        assert [b.amount for b in bench.terminal.book.kept] == [100, 200]


async def test_cancel() -> None:
    async with over_tcp(auto=None) as bench:
        paying = asyncio.create_task(bench.driver.pay(100))
        await until(lambda: bench.terminal.wants_card)
        await bench.driver.cancel()
        assert (await paying).outcome is CardOutcome.ABORTED
        assert bench.terminal.book.bookings == []
        await bench.driver.cancel()  # nothing runs
        paying = asyncio.create_task(bench.driver.pay(100))
        await until(lambda: bench.terminal.wants_card)
        bench.terminal.tap()
        assert (await paying).outcome is CardOutcome.APPROVED, "the old wish does not hit a new payment"


async def test_a_payment_may_succeed_after_cancel() -> None:
    async with over_tcp(auto=None) as bench:
        bench.terminal.inject(TerminalFault.KEEPS_CANCEL)
        paying = asyncio.create_task(bench.driver.pay(100))
        await until(lambda: bench.terminal.wants_card)
        await bench.driver.cancel()
        await until(lambda: b"\x06\xb0" in bench.terminal.heard)
        bench.terminal.tap()
        assert (await paying).outcome is CardOutcome.APPROVED


async def test_a_cancelled_caller_leaves_a_whole_payment() -> None:
    async with over_tcp(auto=None) as bench:
        heard: list[CardPrompt] = []
        paying = asyncio.create_task(bench.driver.pay(100, heard.append))
        await until(lambda: bench.terminal.wants_card and heard)
        paying.cancel()
        with pytest.raises(asyncio.CancelledError):
            await paying
        assert (await bench.driver.pay(200)).outcome is CardOutcome.NOT_POSSIBLE, "one after the other"
        assert (await bench.driver.end_of_day()) == EndOfDay(False)
        bench.terminal.tap()
        result = await bench.driver.last_result()
        assert result is not None
        assert (result.outcome, result.amount) == (CardOutcome.APPROVED, 100)
        assert heard == [CardPrompt.INSERT_CARD], "nobody is told any more"
        assert [b.amount for b in bench.terminal.book.kept] == [100]


async def test_a_prompt_handler_that_fails_does_not_harm_the_payment() -> None:
    def fail(prompt: CardPrompt) -> None:
        raise RuntimeError("screen gone")

    async with over_tcp() as bench:
        assert (await bench.driver.pay(100, fail)).outcome is CardOutcome.APPROVED


async def test_in_doubt_nothing_is_paid_until_it_is_cleared() -> None:
    async with over_tcp() as bench:
        bench.terminal.cut_plan = CutPlan(control=b"\x04\x0f", after=True)
        assert (await bench.driver.pay(100)).outcome is CardOutcome.UNKNOWN
        await until(lambda: bench.driver.status.device is DeviceState.BUSY)
        assert not bench.driver.status.ready
        assert bench.driver.status.action is Action.RESET
        assert (await bench.driver.pay(100)).outcome is CardOutcome.NOT_POSSIBLE
        assert (await bench.driver.reverse(470)).outcome is CardOutcome.NOT_POSSIBLE
        assert await bench.driver.end_of_day() == EndOfDay(False)
        found = await bench.driver.last_result()
        assert found is not None
        assert (found.outcome, found.amount, found.receipt) == (CardOutcome.APPROVED, 100, 470)
        assert len(bench.terminal.book.payments) == 1
        await bench.ready()
        assert (await bench.driver.pay(200)).outcome is CardOutcome.APPROVED


async def test_wrong_amount_is_in_doubt_and_can_be_given_back() -> None:
    async with over_tcp() as bench:
        bench.terminal.inject(TerminalFault.WRONG_AMOUNT)
        assert (await bench.driver.pay(100)).outcome is CardOutcome.UNKNOWN
        found = await bench.driver.last_result()
        assert found is not None
        assert found.receipt is not None
        assert (found.outcome, found.amount) == (CardOutcome.APPROVED, 200)
        assert (await bench.driver.reverse(found.receipt)).outcome is CardOutcome.APPROVED
        assert bench.terminal.book.kept == []


async def test_a_terminal_that_cannot_repeat_leaves_the_doubt_to_the_staff() -> None:
    async with over_tcp() as bench:
        bench.terminal.inject(TerminalFault.NO_REPETITION)
        await bench.driver.pay(100)
        await bench.ready()
        bench.terminal.cut_plan = CutPlan(control=b"\x06\x0f")
        assert (await bench.driver.pay(100)).outcome is CardOutcome.UNKNOWN
        assert await bench.driver.last_result() is None
        await bench.ready()
        bench.terminal.clear()
        assert await bench.driver.last_result() is None, "not with an older payment either"
        assert (await bench.driver.pay(100)).outcome is CardOutcome.APPROVED, "it is not shut for ever"


CANNOT_TELL = [
    TerminalFault.REFUSES_REPETITION,
    TerminalFault.ABORTS_REPETITION,
    TerminalFault.DAMAGES_REPETITION,
    TerminalFault.NO_REPETITION,
]


@pytest.mark.parametrize("fault", CANNOT_TELL)
async def test_a_terminal_that_could_not_tell_before_leaves_the_doubt_to_the_staff(fault: TerminalFault) -> None:
    """That it did not say which transaction was its newest does not mean that it had none."""
    async with over_tcp() as bench:
        bench.terminal.inject(fault)
        await bench.driver.pay(700)
        await bench.ready()
        bench.terminal.cut_plan = CutPlan(control=b"\x04\xff")  # before any card was shown
        assert (await bench.driver.pay(PRICE)).outcome is CardOutcome.UNKNOWN
        bench.terminal.clear()
        assert await bench.driver.last_result() is None, "the older payment is not this one"
        assert await bench.driver.last_result() is None, "nor when asked again"
        assert [b.amount for b in bench.terminal.book.payments] == [700]


@pytest.mark.parametrize("fault", CANNOT_TELL)
async def test_a_terminal_that_can_tell_later_is_asked_again(fault: TerminalFault) -> None:
    async with over_tcp() as bench:
        await bench.driver.pay(700)
        await bench.ready()
        bench.terminal.cut_plan = CutPlan(control=b"\x04\xff")
        assert (await bench.driver.pay(PRICE)).outcome is CardOutcome.UNKNOWN
        bench.terminal.inject(fault)
        assert await bench.driver.last_result() is None
        bench.terminal.clear()
        found = await bench.driver.last_result()
        assert found is not None
        assert found.outcome is CardOutcome.ABORTED


async def test_a_terminal_without_any_transaction_cannot_tell() -> None:
    async with over_tcp() as bench:
        bench.terminal.book.earlier = None
        bench.driver._mark_known = False
        bench.terminal.cut_plan = CutPlan(control=b"\x04\x0f", after=True)
        assert (await bench.driver.pay(PRICE)).outcome is CardOutcome.UNKNOWN
        assert await bench.driver.last_result() is None


async def test_a_restarted_kiosk_judges_by_the_mark_in_its_journal() -> None:
    async with over_tcp() as bench:
        await bench.driver.pay(100)
        await bench.ready()
        before = bench.driver.mark
        assert before == CardMark(470, 470)
        async with _second_kiosk(bench) as again:  # nothing was paid
            verdict = judge(await again.last_result(), Doubt(100, before))
            assert verdict.outcome is CardOutcome.ABORTED
        await bench.ready()
        await bench.driver.pay(100)
        async with _second_kiosk(bench) as again:
            verdict = judge(await again.last_result(), Doubt(100, before))
            assert (verdict.outcome, verdict.receipt) == (CardOutcome.APPROVED, 471)


@asynccontextmanager
async def _second_kiosk(bench: Bench) -> AsyncIterator[ZvtCardTerminal]:
    """The terminal keeps one connection: the other driver is closed meanwhile."""
    await bench.driver.close()
    again = ZvtCardTerminal(bench.driver._settings)
    await again.open()
    yield again
    await again.close()
    await bench.driver.open()


async def test_unasked_messages_are_acknowledged() -> None:
    async with over_tcp() as bench:
        bench.terminal._bound = bench.terminal.wire.connection
        assert await bench.terminal._say(bytes.fromhex("04 FF 01 0E")) == b"\x80\x00\x00"
        assert await bench.terminal._say(bytes.fromhex("04 0D 00")) == b"\x84\x83\x00", "no menus here"


async def test_wrong_currency_needs_a_technician() -> None:
    async with over_tcp() as bench:
        settings = bench.driver._settings
        await bench.driver.close()
        other = ZvtCardTerminal(replace(settings, currency=978, timings=impatient(connect_grace=0.2)))
        await other.open()
        await until(lambda: other.status.action is Action.MAINTENANCE)
        assert "6F" in other.status.detail
        assert (await other.pay(100)).outcome is CardOutcome.NOT_POSSIBLE
        await other.close()


class _RefusesRegistration:
    """As `VirtualZvtTerminal._registration`."""

    def __init__(self, bench: Bench, code: int) -> None:
        self.times = 0
        self._bench, self._code = bench, code

    async def __call__(self, data: bytes) -> None:
        self.times += 1
        await self._bench.terminal._abort(self._code)


@pytest.mark.parametrize("code", [0x6F, 0x83, 0xA0], ids=["currency", "not-possible", "busy"])
async def test_a_terminal_that_registers_nobody_any_more_lets_nobody_wait(code: int) -> None:
    """It forgot us, says so to a payment, and refuses us. The keeper tries on; meanwhile everybody gets an answer."""
    async with over_tcp(impatient(busy_pause=0.02, busy_grace=0.1)) as bench:
        registration = bench.terminal._registration
        refuse = _RefusesRegistration(bench, code)
        bench.terminal.registered = False
        bench.terminal._registration = refuse  # type: ignore[method-assign]
        async with asyncio.timeout(20):
            assert (await bench.driver.pay(PRICE)).code == 0x6B
            await until(lambda: refuse.times > 0)
            assert (await bench.driver.pay(PRICE)).outcome is CardOutcome.NOT_POSSIBLE
            assert (await bench.driver.reverse(470)).outcome is CardOutcome.NOT_POSSIBLE
            assert (await bench.driver.end_of_day()) == EndOfDay(False)
            await bench.driver.last_result()
            await bench.driver.cancel()
            assert not bench.driver.status.ready
            tried = refuse.times
            await until(lambda: refuse.times > tried)
            bench.terminal._registration = registration  # type: ignore[method-assign]
            await bench.ready()
            assert (await bench.driver.pay(PRICE)).outcome is CardOutcome.APPROVED


async def test_close_in_the_middle_of_a_payment_is_in_doubt_and_leaves_nothing_behind() -> None:
    async with over_tcp(auto=None) as bench:
        before = len(asyncio.all_tasks())
        paying = asyncio.create_task(bench.driver.pay(100))
        await until(lambda: bench.terminal.wants_card)
        await bench.driver.close()
        assert (await paying).outcome is CardOutcome.UNKNOWN
        await until(lambda: len(asyncio.all_tasks()) < before)
        await bench.driver.open()
        found = await bench.driver.last_result()
        assert found is not None
        assert found.outcome is CardOutcome.ABORTED
        assert bench.terminal.book.bookings == []


async def test_never_opened() -> None:
    async with over_tcp() as bench:
        await bench.driver.close()
        assert (await bench.driver.pay(100)).outcome is CardOutcome.NOT_POSSIBLE
        assert await bench.driver.last_result() is None
        assert await bench.driver.end_of_day() == EndOfDay(False)
        assert bench.driver.status.device is DeviceState.OFFLINE


@pytest.mark.parametrize("amount", [0, -1, 10**12])
async def test_amounts_no_terminal_takes(amount: int) -> None:
    async with over_tcp() as bench:
        with pytest.raises(ValueError):
            await bench.driver.pay(amount)


async def test_status_is_logged_once_per_trouble() -> None:
    with structlog.testing.capture_logs() as logs:
        async with over_tcp(impatient(enquiry_interval=0.02)) as bench:
            await until(lambda: list(bench.terminal.heard).count(b"\x05\x01") > 5)
    changes = [entry["device"] for entry in logs if entry["event"] == "card_terminal_status"]
    assert changes == ["starting", "online", "offline"]


def test_timings_scale() -> None:
    assert TIMINGS.scaled(2).t3 == 8.0
