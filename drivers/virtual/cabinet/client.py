"""The cabinet's hands for programs: tests and the demonstration work the devices as a person does on the page.

Synchronous; in an asyncio program call it through `asyncio.to_thread`, or use a thread of its own.

    with CabinetClient("http://127.0.0.1:8200") as cabinet:
        cabinet.lay_card("li")
        cabinet.face("holder")
        cabinet.pay("success")
        cabinet.document_printer.act("jam")
        cabinet.play("mains-lost-while-paying")
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx

DEFAULT_URL = "http://127.0.0.1:8200"
POLL_S = 0.2

State = dict[str, Any]  # as `drivers.virtual.cabinet.state.CabinetState` is in JSON


class CabinetRefusedError(Exception):
    """The cabinet did not do it: no such card, device not running, …"""


class ScenarioFailedError(Exception):
    """A scenario came to a step that could not be done; the message names its line."""


class Device:
    """The hands of one device; subclasses name those that need details."""

    def __init__(self, client: CabinetClient, name: str) -> None:
        self._client = client
        self.name = name

    def act(self, action: str) -> None:
        """One of its `actions` (`devices` of the state), or the way back of one."""
        self._client.post(f"/api/devices/{self.name}/act", action=action)

    def hand(self, hand: str, **details: Any) -> dict[str, Any]:
        """Any hand of `drivers.virtual.cabinet.hands`; details left out or None are the hand's own."""
        reply: dict[str, Any] = self._client.post(f"/api/devices/{self.name}/{hand}", **_given(**details)).json()
        return reply

    def state(self) -> dict[str, Any]:
        """Its part of the state."""
        part: dict[str, Any] = self._client.state()[self.name]
        return part


class Cash(Device):
    def insert(self, value: int = 1000) -> None:
        """Feed a note of `value` fen: 100, 500, 1000, 2000, 5000 or 10000. Refused while the slot takes none."""
        self.hand("insert", value=value)

    def pull_back(self) -> None:
        self.act("pull-back")


class CardTerminal(Device):
    def tap(self, outcome: str = "pay") -> None:
        """The person with the card acts; one of the state's `card_taps`. Refused while the terminal wants no card."""
        self.hand("tap", outcome=outcome)


class SmartCard(Device):
    def insert(self, card: str = "li") -> None:
        """li, zhang, chen, third, bank or mute."""
        self.hand("insert", card=card)

    def withdraw(self) -> None:
        self.act("withdraw")


class Keypad(Device):
    def press(self, key: str, held_s: float | None = None) -> None:
        """up, down, left, right, confirm, back, home, repeat, slower, louder, quieter, help, delete, or a digit."""
        self.hand("press", key=key, held_s=held_s)


class Box(Device):
    """Mains, doors and contacts, heat, disk."""

    def mains(self, on: bool) -> None:
        self.act("mains-on" if on else "mains-off")

    def door(self, *, opened: bool) -> None:
        self.act("door-open" if opened else "door-close")

    def headset(self, plugged: bool) -> None:
        self.act("headset-in" if plugged else "headset-out")

    def person(self, near: bool) -> None:
        self.act("person-near" if near else "person-away")


class CabinetClient:
    """One cabinet. Every call returns when the hand has moved, not when the kiosk has noticed."""

    def __init__(self, url: str = DEFAULT_URL, timeout_s: float = 30.0) -> None:
        self._http = httpx.Client(base_url=url, timeout=timeout_s, trust_env=False)
        self.id_reader = Device(self, "id_reader")
        self.camera = Device(self, "camera")
        self.scanner = Device(self, "scanner")
        self.receipt_printer = Device(self, "receipt_printer")
        self.document_printer = Device(self, "document_printer")
        self.phone = Device(self, "phone")
        self.cash = Cash(self, "cash")
        self.card_terminal = CardTerminal(self, "card_terminal")
        self.smart_card = SmartCard(self, "smart_card")
        self.keypad = Keypad(self, "keypad")
        self.box = Box(self, "box")

    def close(self) -> None:
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # --- looking ----------------------------------------------------------------------------------------------------

    def state(self) -> State:
        """Everything, as `GET /api/state` has it."""
        state: State = self._get("/api/state").json()
        return state

    def events(self, limit: int = 100) -> list[dict[str, Any]]:
        """What happened last, newest last."""
        found: list[dict[str, Any]] = self._get("/api/events", limit=limit).json()
        return found

    def wait_for(self, condition: Callable[[State], bool], timeout_s: float = 30.0) -> State:
        """Poll the state until `condition` holds; raises TimeoutError."""
        deadline = time.monotonic() + timeout_s
        while not condition(state := self.state()):
            if time.monotonic() > deadline:
                raise TimeoutError("the cabinet did not come to the state waited for")
            time.sleep(POLL_S)
        return state

    def reset(self) -> None:
        """Everything mended, no card, nobody before the camera."""
        self.post("/api/reset")

    def device(self, name: str) -> Device:
        """The hands of any device by its name in the state, also of one that has no attribute here."""
        return Device(self, name)

    # --- card and face ----------------------------------------------------------------------------------------------

    def lay_card(self, card: str = "li") -> None:
        """li, zhang, chen, wang, hmt, foreigner, worn or expired."""
        self.post("/api/card/lay", card=card)

    def lift_card(self) -> None:
        self.post("/api/card/lift")

    def remove_midway(self, card: str | None = None) -> None:
        """The card is taken away in the middle of the next read; `card` is laid first when given."""
        self.post("/api/card/remove-midway", card=card)

    def reader_fault(self, fault: str, *, on: bool = True, times: int | None = None) -> None:
        """A fault of `drivers.virtual.id_reader.ReaderFault`; "none" mends all."""
        self.post("/api/id-reader/fault", fault=fault, on=on, times=times)

    def face(self, who: str = "holder", *, person: str | None = None, pose: str | None = None) -> None:
        """nobody, holder, other, photo, two, dark, paper (under the camera) or unplugged. Pose: front (default), auto,
        left or right.

        The holder is the person of the card laid last, unless `person` (li, zhang, chen, wang) says otherwise.
        """
        self.post("/api/camera", **_given(who=who, person=person, pose=pose))

    def camera_trouble(self, trouble: str = "none") -> None:
        """bright, backlit, covered, frozen or stalled, whoever stands there; none: the picture is well again."""
        self.post("/api/camera", trouble=trouble)

    # --- scanner ----------------------------------------------------------------------------------------------------

    def scan(self, text: str) -> None:
        """Hold any code under the scanner."""
        self.post("/api/scanner/present", text=text)

    def scan_preset(self, preset: str) -> None:
        """One of `drivers.virtual.cabinet.presets`: water-bill, wrong-account, alipay, business-licence, rubbish, …"""
        self.post("/api/scanner/present", preset=preset)

    # --- printers ---------------------------------------------------------------------------------------------------

    def a4(self, action: str) -> None:
        """paper-out, refill, paper-out-midway, jam, cover-open, clear, abort, toner-out, toner-new, off or on."""
        self.post("/api/a4", action=action)

    def sheets(self) -> list[dict[str, Any]]:
        """What lies in the A4 printer's output tray, oldest first: id, state (printing | printed | aborted), bytes."""
        found: list[dict[str, Any]] = self._get("/api/a4/sheets").json()
        return found

    def sheet_pdf(self, sheet_id: str) -> bytes:
        return self._get(f"/api/a4/sheets/{sheet_id}").content

    def sheet_png(self, sheet_id: str) -> bytes:
        return self._get(f"/api/a4/sheets/{sheet_id}/page.png").content

    def take_sheet(self, sheet_id: str) -> None:
        _check(self._http.delete(f"/api/a4/sheets/{sheet_id}"))

    def receipt(self, action: str) -> None:
        """paper-out, near-end, refill, cover-open, cutter-jam, overheat, silent, repair, off, on, unplug, replug."""
        self.post("/api/receipt", action=action)

    def slip_png(self) -> bytes:
        """The newest slip as a picture."""
        return self._get("/api/receipt/latest.png").content

    def slip_text(self) -> str:
        """What stands on the newest slip, line by line."""
        return self._get("/api/receipt/latest.txt").text

    def slip_bytes(self) -> bytes:
        """The newest slip as the printer received it."""
        return self._get("/api/receipt/latest.bin").content

    # --- phone ------------------------------------------------------------------------------------------------------

    def pay(self, outcome: str = "success", qr: str | None = None) -> dict[str, Any]:
        """Scan the kiosk's screen and pay: success, twice, insufficient, cancelled or risk.

        Returns outcome, paid, found_by (screen | sandbox | given), amount (yuan) and detail.
        """
        result: dict[str, Any] = self.post("/api/phone/pay", **_given(outcome=outcome, qr=qr)).json()
        return result

    def messages(self) -> list[dict[str, Any]]:
        """The phone's text messages, oldest first."""
        found: list[dict[str, Any]] = self._get("/api/phone/messages").json()
        return found

    def sms_code(self, timeout_s: float = 15.0, *, after: int = 0) -> str:
        """The six digits of the newest message, waiting until there are more than `after` messages."""
        deadline = time.monotonic() + timeout_s
        while True:
            messages = self.messages()
            if len(messages) > after and (code := re.search(r"(?<!\d)\d{6}(?!\d)", messages[-1]["text"])):
                return code.group()
            if time.monotonic() > deadline:
                raise TimeoutError("no text message with a code")
            time.sleep(POLL_S)

    # --- cables -----------------------------------------------------------------------------------------------------

    def network(self, *, cut: bool = False, stalled: bool = False) -> None:
        """Cut or stall the cable between kiosk and backend; with neither, mend it."""
        self.post("/api/network", state="cut" if cut else "stalled" if stalled else "connected")

    def plug(self, device: str, plugged: bool = True) -> None:
        """Plug in or pull out: id_reader, scanner, or any device with the action "unplug"."""
        if device in ("id_reader", "scanner"):
            Device(self, device).hand("plug", plugged=plugged)
        else:
            Device(self, device).act("replug" if plugged else "unplug")

    # --- scenarios --------------------------------------------------------------------------------------------------

    def scenarios(self) -> list[dict[str, Any]]:
        """Those that come with the cabinet: name, titles, number of steps."""
        found: list[dict[str, Any]] = self._get("/api/scenarios").json()
        return found

    def play(self, scenario: str | Path, *, wait: bool = True, timeout_s: float = 600.0) -> State:
        """Play a scenario by its name or from a file; returns its view in the state once it has ended.

        Raises ScenarioFailedError with the line, and CabinetRefusedError if it cannot be used or another one plays.
        """
        if isinstance(scenario, Path):
            self.post("/api/scenario/play", yaml=scenario.read_text("utf-8"))
        else:
            self.post("/api/scenario/play", name=scenario)
        if not wait:
            return self._scenario()
        view = self.wait_for(lambda state: state["scenario"]["state"] != "playing", timeout_s)["scenario"]
        if view["state"] == "failed":
            raise ScenarioFailedError(f"{view['name']}: {view['detail']}")
        return dict(view)

    def stop_scenario(self) -> None:
        """The cabinet stays as it is."""
        self.post("/api/scenario/stop")

    def _scenario(self) -> State:
        return dict(self.state()["scenario"])

    # --- details ----------------------------------------------------------------------------------------------------

    def _get(self, path: str, **query: int) -> httpx.Response:
        return _check(self._http.get(path, params=query))

    def post(self, path: str, **body: Any) -> httpx.Response:
        """Any call of the API. Raises CabinetRefusedError."""
        return _check(self._http.post(path, json=body))


def _given(**fields: Any) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}


def _check(reply: httpx.Response) -> httpx.Response:
    if not reply.is_success:
        try:
            detail = str(reply.json().get("detail"))
        except ValueError:
            detail = ""
        raise CabinetRefusedError(f"HTTP {reply.status_code}: {detail}")
    return reply
