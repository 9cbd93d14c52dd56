"""One demonstration: the stack, the resident's finger and hands, and both journeys step by step."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import httpx

from drivers.virtual.cabinet.client import CabinetClient
from provisioning.demo.robot import Robot, Timeline, View
from provisioning.stack import Stack

T = TypeVar("T")
PROOF = "social-insurance-enrolment-proof"
WATER = "water-bill"
ACCOUNT = "035012342718"
AMOUNT = "43.40"
PIN = "135790"


@dataclass
class Visit:
    """Everything a walk needs. `stack` is running; files go to `out`."""

    stack: Stack
    robot: Robot
    cabinet: CabinetClient
    out: Path
    timeline: Timeline

    @property
    def shots(self) -> Path:
        return self.out / "screenshots"

    async def hand(self, act: Callable[..., T], *args: Any, **kwargs: Any) -> T:
        """A move of the resident's hands in the cabinet (a blocking client)."""
        return await asyncio.to_thread(act, *args, **kwargs)

    async def control(self, **faults: Any) -> None:
        """Faults of the outside world (departments, Alipay): the sandbox's own control."""
        async with httpx.AsyncClient(trust_env=False) as http:
            (await http.post(f"{self.stack.sandbox_url}/control", json=faults)).raise_for_status()

    # --- parts of both journeys -------------------------------------------------------------------------------------

    async def open_service(self, door: str, service: str) -> None:
        """Home → door → guide → start."""
        await self.robot.wait_for("Home", timeout_s=30)
        await self.robot.screenshot("home")
        await self.robot.touch(f"door:{door}")
        await self.robot.wait_for("ServiceList")
        await self.robot.screenshot("door")
        await self.robot.find(f"service:{service}")
        await self.robot.touch(f"service:{service}")
        await self.robot.wait_for("Guide")
        await self.robot.screenshot("guide")
        await self.robot.touch("primary")

    async def rate_and_leave(self) -> None:
        await self.robot.wait_for("Rate", timeout_s=30)
        await self.robot.screenshot("rate")
        await self.robot.touch("rate:5")
        await self.robot.wait_for("Goodbye")
        await self.robot.screenshot("goodbye")
        await self.hand(self.cabinet.lift_card)
        await self.robot.wait_for("Home", timeout_s=30)

    # --- proof of social insurance ----------------------------------------------------------------------------------

    async def agree(self) -> None:
        await self.open_service("certificates", PROOF)
        await self.robot.wait_for("Consent")
        await self.robot.screenshot("consent")
        await self.robot.touch("agree")
        await self.robot.wait_for("PlaceCard")

    async def lay_card(self, card: str = "li") -> View:
        """The card is laid; returns when the choice of ways is shown."""
        await self.robot.wait_for("PlaceCard")
        await self.robot.screenshot("place-card")
        await self.hand(self.cabinet.lay_card, card)
        return await self.robot.wait_for("Choose", timeout_s=30)

    async def by_face(self, who: str = "holder") -> None:
        await self.robot.screenshot("choose-way")
        await self.hand(self.cabinet.face, who)
        await self.robot.touch("choice:face")
        await self.robot.wait_for("FaceCheck")
        await asyncio.sleep(0.6)  # let the resident see themselves for the picture
        await self.robot.screenshot("face")

    async def by_sms(self) -> None:
        """From the choice of ways, or from the first keypad, to the choice of the period."""
        view = await self.robot.wait_for("Choose", "Keypad")
        if view.screen == "Choose":
            await self.robot.touch("choice:sms-pin")
            await self.robot.wait_for("Keypad")
        await self.robot.screenshot("sms-code")
        await self.robot.type_digits(await self.hand(self.cabinet.sms_code))
        await self.robot.touch("primary")
        await self.robot.wait_for("Keypad", says="社保卡密码")
        await self.robot.screenshot("pin")
        await self.robot.type_digits(PIN)
        await self.robot.touch("primary")

    async def choose_period(self) -> None:
        await self.robot.wait_for("Choose", says="哪一段时间", timeout_s=40)
        await self.robot.screenshot("period")
        await self.robot.touch("choice:last-12-months")
        await self.robot.wait_for("Review", timeout_s=30)
        await self.robot.screenshot("review")

    async def issue(self) -> None:
        await self.robot.touch("primary")
        await self.robot.wait_for("Preview", timeout_s=30)
        await self.robot.screenshot("preview")

    async def print_it(self) -> None:
        await self.robot.touch("primary")
        await self.robot.wait_for("Printing", "Message")  # a printer out of paper stops at once
        await self.robot.screenshot("printing")

    async def certificate(self) -> None:
        await self.agree()
        await self.lay_card()
        await self.by_face()
        await self.choose_period()
        await self.issue()
        await self.print_it()
        await self.rate_and_leave()

    # --- water bill -------------------------------------------------------------------------------------------------

    async def bill(self, account: str = ACCOUNT) -> None:
        """Home → … → the QR code is shown."""
        await self.open_service("fees", WATER)
        await self.robot.wait_for("Keypad")
        await self.enter_account(account)
        await self.robot.wait_for("Review", timeout_s=30)
        await self.robot.screenshot("bill")
        await self.robot.touch("primary")
        await self.robot.wait_for("Pay", timeout_s=30)
        await self.robot.screenshot("pay")

    async def enter_account(self, account: str) -> None:
        await self.robot.type_digits(account)
        await self.robot.screenshot("account")
        await self.robot.touch("primary")

    async def water(self) -> None:
        await self.bill()
        await self.robot.touch("lang")
        await self.robot.wait_for("Pay", says="Alipay")
        await self.robot.screenshot("pay-in-english")
        await self.robot.touch("lang")
        await self.robot.wait_for("Pay", says="支付宝")
        await self.pay()
        await self.rate_and_leave()

    async def pay(self, outcome: str = "success") -> dict[str, Any]:
        """The phone scans the kiosk's screen."""
        return await self.hand(self.cabinet.pay, outcome)
