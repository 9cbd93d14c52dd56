"""Every fault of the walk, as a resident meets it: what is said, that nothing is lost, and how it goes on."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from provisioning.demo.checks import check_books, check_slip, journal_of, payment_state, require
from provisioning.demo.visit import ACCOUNT, PROOF, Visit

Script = Callable[[Visit], Awaitable[None]]


@dataclass(frozen=True)
class Fault:
    """`environment` is given to every program of the stack."""

    script: Script
    help: str
    environment: Mapping[str, str] = field(default_factory=dict)


async def _leave(visit: Visit) -> None:
    await visit.robot.touch("leave")
    await visit.robot.wait_for("Home", timeout_s=30)


def _log_says(visit: Visit, name: str, words: str) -> bool:
    return words in (visit.stack.log_dir / f"{name}.log").read_text("utf-8", errors="replace")


async def _settled(visit: Visit, timeout_s: float = 60.0) -> None:
    """Until no intent is open any more."""
    loop = asyncio.get_running_loop()
    until = loop.time() + timeout_s
    while any(row.outcome is None for row in journal_of(visit, "payment") + journal_of(visit, "certificate")):
        require(loop.time() < until, "an intent stays open")
        await asyncio.sleep(0.5)


# --- card -----------------------------------------------------------------------------------------------------------


async def unreadable_card(visit: Visit) -> None:
    await visit.agree()
    await visit.robot.wait_for("PlaceCard")
    await visit.hand(visit.cabinet.lay_card, "worn")
    await visit.robot.wait_for("PlaceCard", says="读不出来", timeout_s=30)
    await visit.robot.screenshot("unreadable")
    await visit.hand(visit.cabinet.lift_card)
    await visit.lay_card("li")
    await _leave(visit)


async def card_removed(visit: Visit) -> None:
    await visit.agree()
    await visit.robot.wait_for("PlaceCard")
    await visit.hand(visit.cabinet.remove_midway, "li")
    await visit.robot.wait_for("PlaceCard", says="再放一次", timeout_s=30)
    await visit.robot.screenshot("removed")
    await visit.lay_card("li")
    await _leave(visit)


# --- face -----------------------------------------------------------------------------------------------------------


async def wrong_person(visit: Visit) -> None:
    await visit.agree()
    await visit.lay_card("li")
    await visit.by_face("other")
    await visit.robot.wait_for("Message", says="没有比对上", timeout_s=40)
    await visit.robot.screenshot("no-match")
    await visit.robot.touch("button:again")
    await visit.robot.touch("choice:face")
    await visit.robot.wait_for("Message", says="请用另一种方式", timeout_s=40)
    await visit.robot.screenshot("used-up")
    await visit.robot.touch("button:other")
    await visit.by_sms()
    await visit.choose_period()
    await _leave(visit)


async def nobody(visit: Visit) -> None:
    await visit.agree()
    await visit.lay_card("li")
    await visit.by_face("nobody")
    await visit.robot.wait_for("Message", says="没有看到人脸", timeout_s=40)
    await visit.robot.screenshot("nobody")
    await visit.robot.touch("button:again")
    await visit.by_face("holder")
    await visit.choose_period()
    await _leave(visit)


async def camera_unplugged(visit: Visit) -> None:
    await visit.agree()
    await visit.lay_card("li")
    await visit.by_face("nobody")
    await visit.hand(visit.cabinet.face, "unplugged")
    await visit.robot.wait_for("Message", says="摄像头断开了", timeout_s=40)
    await visit.robot.screenshot("camera-gone")
    await visit.robot.touch("button:other")
    await visit.by_sms()
    await visit.choose_period()
    await _leave(visit)


async def without_a_face(visit: Visit) -> None:
    """No fault at all: the other way leads to the same paper."""
    await visit.agree()
    await visit.lay_card("li")
    await visit.by_sms()
    await visit.choose_period()
    await visit.issue()
    await visit.print_it()
    await visit.rate_and_leave()
    require([row.outcome for row in journal_of(visit, "certificate")] == ["done"], "not printed")


# --- printing -------------------------------------------------------------------------------------------------------


async def paper_out_before(visit: Visit) -> None:
    await visit.robot.wait_for("Home", timeout_s=30)
    await visit.hand(visit.cabinet.a4, "paper-out")
    await visit.robot.wait_for("Home", says="没有纸了", timeout_s=30)
    await visit.robot.screenshot("home-without-paper")
    await visit.robot.touch(f"service:{PROOF}", greyed=True)
    await asyncio.sleep(0.5)
    await visit.robot.screenshot("unavailable")
    await visit.robot.touch("panel:close")
    await visit.hand(visit.cabinet.a4, "refill")
    await asyncio.sleep(3)
    await visit.agree()
    await _leave(visit)


async def _to_preview(visit: Visit) -> None:
    await visit.agree()
    await visit.lay_card("li")
    await visit.by_face()
    await visit.choose_period()
    await visit.issue()


async def paper_out_midway(visit: Visit) -> None:
    await _to_preview(visit)
    await visit.hand(visit.cabinet.a4, "paper-out-midway")
    await visit.print_it()
    await visit.robot.wait_for("Message", says="没有纸了", timeout_s=30)
    await visit.robot.screenshot("held")
    await visit.hand(visit.cabinet.a4, "refill")
    await visit.rate_and_leave()
    require([row.outcome for row in journal_of(visit, "certificate")] == ["done"], "not printed after the refill")


async def paper_out_given_up(visit: Visit) -> None:
    await _to_preview(visit)
    await visit.hand(visit.cabinet.a4, "paper-out-midway")
    await visit.print_it()
    await visit.robot.wait_for("Message", says="没有纸了", timeout_s=30)
    await visit.robot.touch("button:give-up")
    await visit.robot.wait_for("Message", says="已经作废", timeout_s=40)
    await visit.robot.screenshot("voided")
    await visit.robot.touch("button:ok")
    await visit.robot.wait_for("Home", timeout_s=30)
    require([row.outcome for row in journal_of(visit, "certificate")] == ["voided"], "not voided")


# --- money ----------------------------------------------------------------------------------------------------------


async def wrong_account(visit: Visit) -> None:
    await visit.open_service("fees", "water-bill")
    await visit.robot.wait_for("Keypad")
    await visit.enter_account("035099999999")
    await visit.robot.wait_for("Keypad", says="没有查到这个户号")
    await visit.robot.screenshot("unknown-account")
    await visit.hand(visit.cabinet.scan, ACCOUNT)
    await visit.robot.wait_for("Review", timeout_s=30)
    await visit.robot.screenshot("scanned")
    await _leave(visit)


async def payment_refused(visit: Visit) -> None:
    await visit.bill()
    result = await visit.pay("insufficient")
    require(not result["paid"], "the wallet was to refuse")
    await visit.robot.wait_for("Pay", says="没付成？换一张银行卡")
    await visit.robot.touch("cancel")
    await visit.robot.wait_for("Message", says="没有付款，也没有扣钱", timeout_s=30)
    await visit.robot.screenshot("not-paid")
    await visit.robot.touch("button:again")
    await visit.robot.wait_for("Pay", timeout_s=30)
    await visit.pay()
    await visit.rate_and_leave()
    outcomes = [row.outcome for row in journal_of(visit, "payment")]
    require(outcomes == ["closed", "done"], f"attempts ended as {outcomes}")


async def payment_abandoned(visit: Visit) -> None:
    await visit.bill()
    await visit.robot.wait_for("Message", says="没有收到付款", timeout_s=90)
    await visit.robot.screenshot("expired")
    # Nobody is there any more: the message's own time-out ends the session.
    await visit.robot.wait_for("Home", timeout_s=90)
    outcomes = [row.outcome for row in journal_of(visit, "payment")]
    require(outcomes == ["closed"], f"the attempt ended as {outcomes}")


async def walked_away(visit: Visit) -> None:
    await visit.bill()
    await visit.robot.touch("leave")
    await visit.robot.wait_for("Home", timeout_s=40)
    await _settled(visit)
    outcomes = [row.outcome for row in journal_of(visit, "payment")]
    require(outcomes == ["closed"], f"the attempt ended as {outcomes}")


async def notify_forged(visit: Visit) -> None:
    await visit.control(alipay={"notify": "forged"})
    await visit.bill()
    await visit.pay()
    await visit.rate_and_leave()
    require(
        _log_says(visit, "backend", "alipay_notification_refused"), "the forged notification left no trace in the log"
    )


async def notify_twice(visit: Visit) -> None:
    await visit.control(alipay={"notify": "duplicate"})
    await visit.bill()
    await visit.pay("twice")
    await visit.rate_and_leave()
    payments = journal_of(visit, "payment")
    require([row.outcome for row in payments] == ["done"], "paid once, booked once")
    require(payment_state(visit, payments[0].id) == "delivered", "not delivered")


async def slip_paper_out(visit: Visit) -> None:
    await visit.bill()
    await visit.hand(visit.cabinet.receipt, "paper-out")
    await visit.pay()
    await visit.robot.wait_for("Message", says="原路退回", timeout_s=40)
    await visit.robot.screenshot("refunded")
    await visit.robot.touch("button:ok")
    await visit.robot.wait_for("Home", timeout_s=40)
    await _settled(visit)
    require([row.outcome for row in journal_of(visit, "payment")] == ["refunded"], "not refunded")


# --- the whole machine ----------------------------------------------------------------------------------------------


async def backend_gone(visit: Visit) -> None:
    await visit.agree()
    await visit.lay_card("li")
    await visit.by_face()
    await visit.choose_period()
    await visit.hand(lambda: visit.cabinet.network(cut=True))
    await visit.robot.touch("primary")
    await visit.robot.wait_for("Message", says="网络断开了", timeout_s=40)
    await visit.robot.screenshot("backend-gone")
    await visit.robot.touch("button:ok")
    await visit.robot.wait_for("Home", says="网络暂时不通", timeout_s=60)
    await visit.robot.screenshot("home-without-network")
    await visit.hand(visit.cabinet.network)
    await _settled(visit)
    await visit.hand(visit.cabinet.lift_card)
    await asyncio.sleep(3)
    await visit.agree()
    await _leave(visit)


async def touch_in_transition(visit: Visit) -> None:
    """A nervous finger: many presses at one place move exactly one screen on."""
    await visit.robot.wait_for("Home", timeout_s=30)
    await visit.robot.touch("door:certificates")
    await visit.robot.wait_for("ServiceList")
    await visit.robot.touch(f"service:{PROOF}")
    view = await visit.robot.wait_for("Guide")
    x, y = view.targets["primary"].centre
    for _ in range(5):
        await visit.robot.press(x, y)
    after = await visit.robot.wait_for("Consent", "PlaceCard")
    require(after.screen == "Consent", "repeated presses agreed to what nobody had read")
    require(after.serial == view.serial + 1, f"{after.serial - view.serial} screens went by")
    await visit.robot.screenshot("one-screen-on")
    await asyncio.sleep(1.0)  # the finger rests
    await _leave(visit)


async def time_out(visit: Visit) -> None:
    await visit.agree()
    await visit.robot.wait_for("MoreTime", timeout_s=60)
    await visit.robot.screenshot("more-time")
    await visit.robot.touch("more-time")
    await visit.robot.wait_for("PlaceCard")
    await visit.lay_card("li")
    await visit.robot.wait_for("MoreTime", timeout_s=60)
    await visit.robot.wait_for("Home", timeout_s=60)
    await visit.robot.screenshot("home-again")


async def kiosk_killed(visit: Visit) -> None:
    """Power cut while the code is shown; the resident pays all the same; the slip comes out after the restart."""
    await visit.bill()
    await visit.stack.kill("kiosk")
    await visit.control(alipay={"notify": "normal"})
    await visit.hand(lambda: visit.cabinet.pay("success"))
    await visit.stack.restart("kiosk")
    await visit.robot.wait_for("Home", timeout_s=60)
    await _settled(visit)
    require([row.outcome for row in journal_of(visit, "payment")] == ["done"], "not delivered after the restart")
    check_slip(await visit.hand(visit.cabinet.slip_bytes))


async def kiosk_killed_printing(visit: Visit) -> None:
    """Power cut while the certificate is being printed: it is printed once, and known to be."""
    await _to_preview(visit)
    await visit.print_it()
    await visit.stack.kill("kiosk")
    await visit.stack.restart("kiosk")
    await visit.robot.wait_for("Home", timeout_s=60)
    await _settled(visit)
    outcomes = [row.outcome for row in journal_of(visit, "certificate")]
    sheets = [sheet for sheet in await visit.hand(visit.cabinet.sheets) if sheet["state"] == "printed"]
    require(outcomes == ["done"], f"the certificate ended as {outcomes}")
    require(len(sheets) == 1, f"{len(sheets)} sheets came out")


FAULTS: dict[str, Fault] = {
    "unreadable-card": Fault(unreadable_card, "A worn card; then a good one."),
    "card-removed": Fault(card_removed, "The card is taken away while it is being read."),
    "wrong-person": Fault(wrong_person, "Somebody else before the camera, twice; then SMS and PIN."),
    "nobody": Fault(nobody, "Nobody before the camera.", {"MENKOU_KIOSK_FACE_TIMEOUT_S": "5"}),
    "camera-unplugged": Fault(camera_unplugged, "The camera is pulled out in the middle; then SMS and PIN."),
    "without-a-face": Fault(without_a_face, "The whole journey by SMS code and PIN."),
    "paper-out-before": Fault(paper_out_before, "No A4 paper before the start: shown as unavailable."),
    "paper-out-midway": Fault(paper_out_midway, "The A4 printer runs dry: held, then continued."),
    "paper-out-given-up": Fault(paper_out_given_up, "The A4 printer runs dry: given up and voided."),
    "wrong-account": Fault(wrong_account, "An account nobody has; then the bill is scanned."),
    "payment-refused": Fault(payment_refused, "The wallet refuses; then another attempt."),
    "payment-abandoned": Fault(
        payment_abandoned,
        "Nobody pays: the code expires, nothing is taken.",
        {
            "MENKOU_BACKEND_PAYMENT_EXPIRY_S": "15",
            "MENKOU_KIOSK_IDLE_SCALE": "0.3",
            "MENKOU_KIOSK_MORE_TIME_S": "5",
        },
    ),
    "walked-away": Fault(walked_away, "首页 while the code is shown: the trade is closed."),
    "notify-forged": Fault(notify_forged, "A notification with a stranger's signature."),
    "notify-twice": Fault(notify_twice, "Every notification comes three times, and the payer pays twice."),
    "slip-paper-out": Fault(slip_paper_out, "Paid, but no slip can be printed: the money goes back."),
    "backend-gone": Fault(backend_gone, "The network is cut in the middle."),
    "touch-in-transition": Fault(touch_in_transition, "Many presses at one place."),
    "time-out": Fault(
        time_out, "Rest: more time is offered; then nobody answers.",
        {"MENKOU_KIOSK_IDLE_SCALE": "0.1", "MENKOU_KIOSK_MORE_TIME_S": "12"},
    ),
    "kiosk-killed": Fault(kiosk_killed, "Power cut while the resident pays."),
    "kiosk-killed-printing": Fault(kiosk_killed_printing, "Power cut while the certificate is printed."),
}  # fmt: skip


async def run_fault(visit: Visit, name: str) -> None:
    await FAULTS[name].script(visit)
    await _settled(visit)
    check_books(visit)
