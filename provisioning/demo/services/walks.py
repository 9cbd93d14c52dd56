"""All walks one after the other in one house, each with its screenshots, its paper and what must be true after it."""

from __future__ import annotations

import asyncio
import re
import time
from pathlib import Path

from drivers.virtual.cabinet.client import CabinetClient
from provisioning.demo.checks import CheckFailed, require
from provisioning.demo.robot import NotSeen, Robot, Timeline
from provisioning.demo.services.plans import Plan
from provisioning.demo.services.resident import Resident
from provisioning.stack import Stack

_CASE_NO = re.compile(r"[0-9A-HJ-NPQRTUWXY]{18}[1-6]\d{24}")
_CHECK_CODE = re.compile(r"查询码\s*([0-9A-Za-z]{4,12})")


class Walks:
    """In a running stack; what is left goes to `out`."""

    def __init__(self, stack: Stack, cabinet: CabinetClient, out: Path, timeline: Timeline) -> None:
        self._stack, self._cabinet, self._out, self._timeline = stack, cabinet, out, timeline
        self._cases: dict[str, tuple[str, str]] = {}

    async def walk(self, plan: Plan) -> int:
        """Returns the number of screens. Raises NotSeen or CheckFailed."""
        shots = (self._out / "screenshots" / plan.name).resolve()
        shots.mkdir(parents=True)
        robot = self.robot(shots)
        slips, sheets = await self._paper()
        since = time.monotonic()
        try:
            seen = await Resident(plan, robot, self._cabinet, self._cases.get(plan.after, ("", ""))).walk()
        except NotSeen:
            await robot.screenshot("unexpected")
            raise
        self._timeline.note(f"walk: {plan.name}", since)
        new_slips, new_sheets = await self._paper()
        require(new_sheets - sheets == plan.sheets, f"{new_sheets - sheets} sheets came out, not {plan.sheets}")
        if plan.slip:
            require(new_slips > slips, "no slip came out")
            await self._check_slip(plan)
        return len(seen)

    def robot(self, shots: Path) -> Robot:
        return Robot(self._stack.inspect_socket, str(self._stack.display), shots, self._timeline)

    async def _paper(self) -> tuple[int, int]:
        """Slips and sheets that came out so far."""
        state = await asyncio.to_thread(self._cabinet.state)
        sheets = await asyncio.to_thread(self._cabinet.sheets)
        return int(state["receipt_printer"]["slips"]), sum(sheet["state"] == "printed" for sheet in sheets)

    async def _check_slip(self, plan: Plan) -> None:
        text = await asyncio.to_thread(self._cabinet.slip_text)
        (self._out / f"slip-{plan.name}.png").write_bytes(await asyncio.to_thread(self._cabinet.slip_png))
        if plan.slip not in text:
            raise CheckFailed(f"{plan.name}: {plan.slip!r} does not stand on the slip")
        number, code = _CASE_NO.search("".join(text.split())), _CHECK_CODE.search(text)
        if number is not None and code is not None:
            self._cases[plan.name] = number.group(), code.group(1)
