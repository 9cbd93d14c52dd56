"""The walk's waiting times. Simulated mechanics run twenty times as fast, so that software is what is left."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from uuid import uuid4

import httpx

from backend.contract.kiosk_api import API_PREFIX
from drivers.virtual.cabinet.cards import CARDS, DEFAULT, with_photo
from drivers.virtual.cabinet.client import CabinetClient
from kiosk.identity.face.bench import bench_face
from provisioning.bench.figures import Figures
from provisioning.demo.robot import Robot, Timeline
from provisioning.demo.visit import PROOF, WATER, Visit
from provisioning.ports import Ports
from provisioning.stack import Stack

_SPEED = 20.0
_TOUCHES = 40


async def bench_walk(journeys: int) -> Figures:
    figures = Figures("walk")
    with tempfile.TemporaryDirectory(prefix="menkou-bench-") as folder:
        shots = Path(folder) / "shots"
        shots.mkdir()
        stack = Stack(Path(folder), ports=Ports.free(), headless=True, speed=_SPEED, keep_alive=False)
        since = time.monotonic()
        async with stack:
            figures.add("whole house: start → ready", _ms(since))
            timeline = Timeline()
            robot = Robot(stack.inspect_socket, str(stack.display), shots, timeline)
            with CabinetClient(stack.cabinet_url) as cabinet:
                visit = Visit(stack, robot, cabinet, Path(folder), timeline)
                await _cold_start(visit, figures)
                await _touches(visit, figures)
                for _ in range(journeys):
                    await _certificate(visit, figures)
                await _print_handed_over(visit, figures)
                for _ in range(journeys):
                    await visit.control(reset=True)  # the bill is due again
                    await _water(visit, figures)
            await _issue(stack, figures)
            await _face(stack, figures)
    return figures


def _ms(since: float) -> float:
    return (time.monotonic() - since) * 1000


@contextmanager
def _timed(figures: Figures, what: str) -> Iterator[None]:
    since = time.monotonic()
    yield
    figures.add(what, _ms(since))


async def _cold_start(visit: Visit, figures: Figures) -> None:
    """The kiosk's process alone, killed and started again."""
    for _ in range(3):
        await visit.robot.wait_for("Home", timeout_s=60)
        await visit.stack.kill("kiosk")
        since = time.monotonic()
        await visit.stack.restart("kiosk")
        await visit.robot.wait_for("Home", timeout_s=60)
        swaps = (await visit.robot.call("frames"))["swaps"]
        figures.add("kiosk: cold start → first frame", (min(swaps) - since) * 1000)


async def _touches(visit: Visit, figures: Figures) -> None:
    """Touch → pixels: from the pointer event given to the X server to the end of the swap that shows it."""
    await visit.open_service("fees", WATER)
    view = await visit.robot.wait_for("Keypad")
    pointer = await asyncio.create_subprocess_exec(
        "xdotool", "-", stdin=asyncio.subprocess.PIPE, env={**os.environ, "DISPLAY": str(visit.stack.display)}
    )
    assert pointer.stdin is not None  # noqa: S101 - asked for above
    try:
        for number in range(_TOUCHES):
            x, y = view.targets[f"key:{number % 10}" if number % 12 else "key:clear"].centre
            pointer.stdin.write(f"mousemove {x} {y}\n".encode())
            await asyncio.sleep(0.6)
            since = time.monotonic()
            pointer.stdin.write(b"mousedown 1\n")
            await asyncio.sleep(0.25)
            pointer.stdin.write(b"mouseup 1\n")
            swaps = (await visit.robot.call("frames"))["swaps"]
            shown = [swap for swap in swaps if swap > since]
            if shown:
                figures.add("touch → pixels", (shown[0] - since) * 1000)
    finally:
        pointer.stdin.close()
        await pointer.wait()
    await visit.robot.touch("leave")
    await visit.robot.wait_for("Home")


def _waited(visit: Visit, since: int) -> float:
    """Milliseconds a journey kept its resident waiting: from each touch (or card, or payment) to the next screen.
    The goodbye's fixed seconds are not waiting."""
    moments = visit.timeline.moments[since:]
    return sum(m.took_ms for m in moments if m.what.startswith("screen ") and m.what != "screen Home")


async def _certificate(visit: Visit, figures: Figures) -> None:
    first = len(visit.timeline.moments)
    with _timed(figures, "journey: proof of social insurance, by a robot"):
        await visit.agree()
        await visit.robot.wait_for("PlaceCard")
        with _timed(figures, "card laid → text read, next screen"):
            await visit.hand(visit.cabinet.lay_card, DEFAULT)
            await visit.robot.wait_for("Choose", timeout_s=30)
        await visit.hand(visit.cabinet.face, "holder")
        await asyncio.sleep(0.5)  # the resident has stepped before the camera
        with _timed(figures, "face step, touch → next screen"):
            await visit.robot.touch("choice:face")
            await visit.robot.wait_for("Choose", says="哪一段时间", timeout_s=40)
        await visit.robot.touch("choice:last-12-months")
        await visit.robot.wait_for("Review", timeout_s=30)
        with _timed(figures, "confirmed → signed certificate on the screen"):
            await visit.issue()
        await visit.print_it()
        await visit.rate_and_leave()
    figures.add("whole journey, proof of social insurance: software time", _waited(visit, first))
    await visit.hand(visit.cabinet.reset)


async def _print_handed_over(visit: Visit, figures: Figures) -> None:
    """From the intent in the journal to the printer's job number."""
    with sqlite3.connect(f"file:{visit.stack.kiosk_dir / 'journal.sqlite3'}?mode=ro", uri=True) as db:
        rows = db.execute(
            "SELECT intent, phase, at FROM event "
            "WHERE phase IN ('printing', 'submitted') AND intent LIKE 'cert%' ORDER BY seq"
        )
        began: dict[str, datetime] = {}
        for intent, phase, at in rows.fetchall():
            moment = datetime.fromisoformat(at)
            if phase == "printing":
                began[intent] = moment
            elif intent in began:  # the first "submitted"; later ones carry the verdict
                figures.add("print handed over", (moment - began.pop(intent)).total_seconds() * 1000)


async def _water(visit: Visit, figures: Figures) -> None:
    first = len(visit.timeline.moments)
    with _timed(figures, "journey: water bill, by a robot"):
        await visit.bill()
        with _timed(figures, "paid → slip out, next screen"):
            await visit.pay()
            await visit.robot.wait_for("Rate", timeout_s=30)
        await visit.rate_and_leave()
    figures.add("whole journey, water bill: software time", _waited(visit, first))


async def _face(stack: Stack, figures: Figures) -> None:
    """The face engine by itself, with nobody else on the machine's cores (the kiosk is stopped)."""
    with CabinetClient(stack.cabinet_url) as cabinet:
        await asyncio.to_thread(cabinet.face, "holder", person=DEFAULT)
    photo = with_photo(next(card for card in CARDS if card.id == DEFAULT)).photo
    for what, ms in (await bench_face(f"{stack.cabinet_url}/camera/stream", photo)).items():
        figures.add(f"face engine: {what.replace('_', ' ')}", ms)


async def _issue(stack: Stack, figures: Figures) -> None:
    """Request → signed PDF, at the backend's door; the first one after a start is counted apart."""
    await stack.kill("kiosk")
    await stack.restart("backend")
    person = next(card.card for card in CARDS if card.id == DEFAULT)
    token = stack.token_file.read_text("utf-8").strip()
    async with httpx.AsyncClient(
        base_url=stack.backend_url + API_PREFIX,
        headers={"Authorization": f"Bearer {token}"},
        trust_env=False,
        timeout=30,
    ) as http:
        for number in range(11):
            proof = await http.post(
                "/identity/assertions",
                json={"name": person.name, "number": person.number, "score_band": "match", "algorithm": "bench"},
            )
            proof.raise_for_status()
            request = {
                "intent_id": f"cert-{uuid4().hex[:20]}",
                "service_id": PROOF,
                "proof_id": proof.json()["proof_id"],
                "form": {"period": "last-12-months"},
            }
            since = time.monotonic()
            (await http.post("/certificates", json=request)).raise_for_status()
            figures.add("request → signed PDF, " + ("first after start" if number == 0 else "warm"), _ms(since))
