"""The resident's phone: text messages, and a wallet that scans the kiosk's screen and pays."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any

import httpx
from pydantic import BaseModel, ConfigDict, Field

from drivers.virtual.cabinet import screen_grab
from drivers.virtual.cabinet.events import EventLog
from drivers.virtual.cabinet.named import Named
from drivers.virtual.cabinet.settings import CabinetSettings

POLL_S = 1.5


class Message(BaseModel):
    """One text message as the sandbox hands it out; `repr` shows nothing of it."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    to: str = Field(default="", repr=False)
    text: str = Field(repr=False)
    at: str = ""


class PayResult(BaseModel):
    """How it went on the phone. `found_by` is "screen", "sandbox" or "given"; None: no code was to be seen."""

    outcome: str  # what was asked for
    paid: bool
    found_by: str | None = None
    amount: str = ""  # yuan
    detail: str = ""  # the wallet's reason, or no-code-seen


PAY_OUTCOMES = (
    Named(id="success", label_zh="扫屏幕上的码并付款", label_en="Scan the screen and pay"),
    Named(id="twice", label_zh="付两次", label_en="Pay twice"),
    Named(id="insufficient", label_zh="余额不足", label_en="Balance too low"),
    Named(id="cancelled", label_zh="扫了不付", label_en="Scan, do not pay"),
    Named(id="risk", label_zh="风控拒绝", label_en="Refused by risk control"),
)


class Phone:
    """Talks to the sandbox, as a phone talks to its operator and its wallet's provider."""

    def __init__(self, settings: CabinetSettings, events: EventLog) -> None:
        self._settings = settings
        self._events = events
        self._client = httpx.AsyncClient(base_url=settings.sandbox_url, timeout=5.0, trust_env=False)
        self._poller: asyncio.Task[None] | None = None
        self.messages: list[Message] = []
        self.reachable = False
        self.last: PayResult | None = None

    async def start(self) -> None:
        self._poller = asyncio.create_task(self._poll())

    async def stop(self) -> None:
        if self._poller is not None:
            self._poller.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._poller
        await self._client.aclose()

    async def refresh(self) -> list[Message]:
        """Fetch the messages now, oldest first."""
        try:
            reply = await self._client.get("/phone/messages")
            reply.raise_for_status()
            messages = _messages(reply.json())
        except (httpx.HTTPError, ValueError, TypeError):
            self.reachable = False
            return self.messages
        self.reachable = True
        if len(messages) > len(self.messages):
            self._events.add("phone", "text message received")
        self.messages = messages
        return messages

    async def pay(self, outcome: str, qr: str | None = None) -> PayResult:
        """Scan the kiosk's screen (unless `qr` is given) and let the wallet act as `outcome` says (PAY_OUTCOMES)."""
        found_by = "given"
        if not qr:
            qr, found_by = await self._scan_screen(), "screen"
        if not qr:
            qr, found_by = await self._ask_sandbox(), "sandbox"
        if not qr:
            result = PayResult(outcome=outcome, paid=False, detail="no-code-seen")
        elif outcome == "twice":
            await self._wallet(qr, "success", found_by)
            result = (await self._wallet(qr, "success", found_by)).model_copy(update={"outcome": outcome})
        else:
            result = await self._wallet(qr, outcome, found_by)
        self.last = result
        what = "paid" if result.paid else "not paid"
        self._events.add("phone", " ".join(filter(None, (f"{outcome}: {what}", result.amount, result.detail))))
        return result

    async def _scan_screen(self) -> str | None:
        try:
            picture = await asyncio.to_thread(screen_grab.grab, self._settings.display, self._settings.fbdir)
        except screen_grab.NoScreenError as error:
            self._events.add("phone", f"screen not visible: {error}")
            return None
        return await asyncio.to_thread(screen_grab.read_qr, picture)

    async def _ask_sandbox(self) -> str | None:
        """The newest code that waits for payment: for a kiosk whose screen cannot be seen from here."""
        try:
            reply = await self._client.get("/wallet/qr")
            offers = [str(offer["qr_code"]) for offer in reply.json()] if reply.is_success else []
        except (httpx.HTTPError, ValueError, KeyError, TypeError):
            return None
        return offers[0] if offers else None

    async def _wallet(self, qr: str, outcome: str, found_by: str) -> PayResult:
        try:
            reply = await self._client.post("/wallet/pay", json={"qr_code": qr, "outcome": outcome})
            body = reply.json()
        except (httpx.HTTPError, ValueError) as error:
            return PayResult(outcome=outcome, paid=False, found_by=found_by, detail=type(error).__name__)
        if not isinstance(body, dict):
            return PayResult(outcome=outcome, paid=False, found_by=found_by, detail=f"HTTP {reply.status_code}")
        return PayResult(
            outcome=outcome,
            paid=bool(body.get("paid")),
            found_by=found_by,
            amount=str(body.get("amount") or ""),
            detail=str(body.get("reason") or body.get("refused") or ""),
        )

    async def _poll(self) -> None:
        while True:
            await self.refresh()
            await asyncio.sleep(POLL_S)


def _messages(body: Any) -> list[Message]:
    return [Message.model_validate(row) for row in body]
