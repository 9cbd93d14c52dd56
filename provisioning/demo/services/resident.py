"""A resident who answers whatever the screen asks, by touch, as a plan says; every screen is photographed."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from drivers.virtual.cabinet.client import CabinetClient
from provisioning.demo.robot import NotSeen, Robot, Target, View
from provisioning.demo.services.plans import PHONE, Plan
from provisioning.demo.services.typist import Typist
from provisioning.demo.visit import PIN

T = TypeVar("T")
_SCREENS_AT_MOST = 70  # a walk that turns in circles is not waited for
_ANSWER_S = 60.0  # from one question to the next: a printer takes its time
_POLL_S = 0.05
_SHOWN_S = 0.4  # after a touch, before the picture of what it did
_AS_ALWAYS = ("face", "self", "new", "again", "ok")  # where a plan does not say otherwise
_NO_QUESTION = ("Working", "Printing", "")


class Resident:
    """One walk: `Resident(…).walk()` returns the names of the screens that were seen."""

    def __init__(self, plan: Plan, robot: Robot, cabinet: CabinetClient, case: tuple[str, str] = ("", "")) -> None:
        """`case`: number and check code of the case that is asked for."""
        self.plan, self.robot, self.cabinet = plan, robot, cabinet
        self._case = case
        self._typist = Typist(robot)
        self._seen: list[str] = []  # the screens that asked something
        self._passed: set[str] = set()  # those that only showed what the machine does
        self._photographed = -1
        self._kept_pages = 0
        self._looked: set[str] = set()
        self._answers: dict[str, Callable[[View], Awaitable[None]]] = {
            "Guide": self._primary,
            "Consent": self._agree,
            "PlaceCard": self._lay_card,
            "Choose": self._choose,
            "FaceCheck": self._show_face,
            "Keypad": self._keypad,
            "ScanCode": self._scan_code,
            "Tick": self._tick,
            "Papers": self._papers,
            "Scan": self._scan,
            "Form": self._form,
            "Review": self._primary,
            "Sign": self._sign,
            "Pay": self._pay,
            "Preview": self._primary,
            "Record": self._record,
            "QueueTicket": self._primary,
            "Message": self._message,
            "Rate": self._rate,
            "Goodbye": self._leave,
        }

    async def walk(self) -> list[str]:
        """From home to home. Raises NotSeen."""
        await self._from_home()
        while not self._seen or self._seen[-1] != "Goodbye":
            view = await self._next_question()
            if view.screen not in self._answers:
                raise NotSeen(f"{self.plan.name} ended at {view.screen}: {view.question}; seen: {self._seen}")
            self._seen.append(view.screen)
            if len(self._seen) > _SCREENS_AT_MOST:
                raise NotSeen(f"{self.plan.name} does not end: {self._seen[-6:]}")
            await self._photograph(view)
            await self._answers[view.screen](view)
            self._answered = view.serial
        await self.robot.wait_for("Home", timeout_s=30)
        if missing := [screen for screen in self.plan.screens if screen not in {*self._seen, *self._passed}]:
            raise NotSeen(f"{self.plan.name} never showed {missing}; seen: {self._seen}")
        return self._seen

    _answered = -1

    async def _next_question(self) -> View:
        """The next screen that asks something and is not the one just answered."""
        since = time.monotonic()
        while True:
            view = await self.robot.view()
            asks = view.screen not in _NO_QUESTION and not view.answered and not view.in_transition
            if asks and view.serial != self._answered:
                return view
            if view.screen in ("Working", "Printing") and view.serial != self._photographed and not view.in_transition:
                self._passed.add(view.screen)
                await self._photograph(view)
            if time.monotonic() - since > _ANSWER_S:
                raise NotSeen(f"{self.plan.name}: nothing came after {self._seen[-3:]}; {view.screen}: {view.question}")
            await asyncio.sleep(_POLL_S)

    async def _photograph(self, view: View, what: str = "") -> None:
        if view.screen != "FaceCheck" or self._seen[-2:-1] != ["FaceCheck"]:
            self._photographed = view.serial
            await self.robot.screenshot(what or _name(view.screen))

    async def _hand(self, act: Callable[..., T], *args: Any, **kwargs: Any) -> T:
        return await asyncio.to_thread(act, *args, **kwargs)

    # --- before -----------------------------------------------------------------------------------------------------

    async def _from_home(self) -> None:
        robot, plan = self.robot, self.plan
        view = await robot.wait_for("Home", timeout_s=30)
        if plan.large:
            await robot.touch("elder")
        if plan.english:
            await robot.touch("lang")
        await asyncio.sleep(0.3)
        await robot.screenshot("home")
        if f"service:{plan.service}" not in view.targets:
            await robot.touch(f"door:{plan.door}")
            await robot.wait_for("ServiceList")
            await robot.screenshot("door")
            await robot.find(f"service:{plan.service}")
        self._answered = (await robot.view()).serial
        await robot.touch(f"service:{plan.service}")

    async def _primary(self, _view: View) -> None:
        await self.robot.touch("primary")

    async def _agree(self, _view: View) -> None:
        await self.robot.touch("agree")

    async def _lay_card(self, _view: View) -> None:
        await self._hand(self.cabinet.lay_card, self.plan.card)

    async def _show_face(self, view: View) -> None:
        await self._hand(self.cabinet.face, "holder")
        await asyncio.sleep(0.6)

    async def _choose(self, view: View) -> None:
        offered = [each for each in view.targets.values() if each.id.startswith("choice:") and each.enabled]
        if not offered:
            raise NotSeen(f"nothing to choose: {view.question}")
        wanted = ("sms-pin", *self.plan.choose) if self.plan.by_sms else self.plan.choose
        await self.robot.touch(_best(offered, (*wanted, *_AS_ALWAYS)).id)

    async def _keypad(self, view: View) -> None:
        if self.plan.account:
            digits = self.plan.account
        elif "短信" in view.question or "验证码" in view.question:
            digits = await self._hand(self.cabinet.sms_code)
        else:
            digits = PIN
        await self.robot.type_digits(digits)
        await self._photograph(view, "typed")
        await self.robot.touch("primary")

    async def _scan_code(self, _view: View) -> None:
        if self.plan.scan:
            await self._hand(self.cabinet.scan_preset, self.plan.scan)
        else:
            await self._hand(self.cabinet.scan, self._case[0])

    # --- the matter -------------------------------------------------------------------------------------------------

    async def _tick(self, view: View) -> None:
        for part in self.plan.untick:
            await self.robot.touch(f"item:{part}")
            await self._photograph(view, "ticked")
        await self.robot.touch("primary")

    async def _papers(self, view: View) -> None:
        if self.plan.print_record and "print-list" in view.targets and "print" not in self._looked:
            self._looked.add("print")
            await self.robot.touch("print-list")
            return
        papers = [name for name in view.targets if name.startswith("paper:") and name not in self._looked]
        if papers and self.plan.pages:
            self._looked.add(papers[0])
            self._kept_pages = 0
            await self._hand(self.cabinet.face, "paper")
            await self.robot.touch(papers[0])
            return
        await self.robot.touch("primary")

    async def _scan(self, view: View) -> None:
        if "again" in view.targets:
            self._kept_pages += 1
            await self.robot.touch("primary")
        elif self._kept_pages >= self.plan.pages and "enough" in view.targets:
            await self.robot.touch("enough")
        else:
            await self._hand(self.cabinet.face, "paper")
            await asyncio.sleep(2.5)  # the camera opens, the paper is laid straight
            await self._photograph(view, "paper")
            await self.robot.touch("primary")

    async def _form(self, view: View) -> None:
        """Continue opens the next field that needs something; what is optional and in the plan is touched first."""
        rows = [name.removeprefix("field:") for name in view.targets if name.startswith("field:")]
        first = next((name for name in rows if name in self.plan.fields or name in ("case_no", "check_code")), None)
        await self.robot.touch(f"field:{first}" if first is not None else "primary")
        for _ in range(_SCREENS_AT_MOST):
            await asyncio.sleep(0.2)
            now = await self.robot.view()
            if now.serial != view.serial or now.answered:
                return
            if now.field is None:
                await self._photograph(now, "form-filled")
                await self.robot.touch("primary")
                continue
            if now.field not in self._looked:
                await self._photograph(now, f"field-{now.field}")
                await self._fill(now)
                self._looked.add(now.field)
                await asyncio.sleep(_SHOWN_S)
                await self._photograph(await self.robot.view(), f"field-{now.field}-done")
            elif now.field == self._stuck:
                raise NotSeen(f"{now.field} is not taken: {now.texts}")
            else:
                self._stuck = now.field
            await self.robot.touch("primary")
        raise NotSeen(f"the form does not end: {now.field}")

    _stuck = ""

    async def _fill(self, view: View) -> None:
        name = str(view.field)
        value = {"case_no": self._case[0], "check_code": self._case[1]}.get(name) or self.plan.fields.get(name)
        offered = [each for each in view.targets.values() if each.id.startswith("choice:") and each.enabled]
        if offered:
            await self.robot.touch(_best(offered, self.plan.choose).id)
        elif "agree" in view.targets:
            await self.robot.touch("agree")
        elif "letter:A" in view.targets:
            await self._typist.write((value,) if isinstance(value, str) else value or ())
        else:
            await self.robot.type_digits(value if isinstance(value, str) else PHONE)

    async def _sign(self, _view: View) -> None:
        pad = (await self.robot.view()).targets["sign"]
        for stroke in _signature(pad):
            await self.robot.draw(stroke)
        await self.robot.screenshot("signed")
        await self.robot.touch("primary")

    async def _pay(self, _view: View) -> None:
        await self._hand(self.cabinet.pay, "success")

    async def _record(self, view: View) -> None:
        for button in ("reveal", "print"):
            wanted = button == "reveal" or self.plan.print_record
            if wanted and button in view.targets and button not in self._looked:
                self._looked.add(button)
                await self.robot.touch(button)
                return
        await self.robot.touch("primary")

    # --- after ------------------------------------------------------------------------------------------------------

    async def _message(self, view: View) -> None:
        buttons = [each for each in view.targets.values() if each.id.startswith("button:")]
        await self.robot.touch(_best(buttons, ("ok", "continue", *_AS_ALWAYS)).id)

    async def _rate(self, _view: View) -> None:
        await self.robot.touch("rate:5")

    async def _leave(self, _view: View) -> None:
        await self._hand(self.cabinet.lift_card)
        await self._hand(self.cabinet.face, "nobody")


def _best(offered: list[Target], wanted: tuple[str, ...]) -> Target:
    """The first that is wanted and offered, else the first offered."""
    by_value = {each.id.partition(":")[2]: each for each in offered}
    return next((by_value[value] for value in wanted if value in by_value), offered[0])


def _signature(pad: Target) -> list[list[tuple[int, int]]]:
    """Two strokes as of a name written in one go."""
    strokes = []
    for start, rounds in ((0.18, 2.0), (0.55, 1.5)):
        points = []
        for step in range(24):
            part = step / 23
            x = pad.x + pad.w * (start + 0.26 * part)
            y = pad.y + pad.h * (0.5 + 0.24 * math.sin(part * rounds * 2 * math.pi))
            points.append((round(x), round(y)))
        strokes.append(points)
    return strokes


def _name(screen: str) -> str:
    return "".join(f"-{letter.lower()}" if letter.isupper() else letter for letter in screen).lstrip("-")
