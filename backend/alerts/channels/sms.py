"""Text messages: a port, and the way through the exchange (in the demonstration: the sandbox's phone)."""

from __future__ import annotations

import re
from typing import Protocol

from backend.alerts.channels.base import Failure, Outgoing
from backend.exchange.client import ExchangeClient
from backend.problems import Refused

_PHONE = re.compile(r"\+?[0-9]{5,15}")
_LONGEST = 210  # characters: three parts of a long message


class SmsPort(Protocol):
    """A provider. False: not now, try again. Never logs number or text."""

    async def send(self, phone: str, text: str, message_id: str) -> bool: ...


class ExchangeSms:
    def __init__(self, exchange: ExchangeClient) -> None:
        self._exchange = exchange

    async def send(self, phone: str, text: str, message_id: str) -> bool:
        try:
            answer = await self._exchange.call("sms.send", {"phone": phone, "text": text, "request_id": message_id})
        except Refused:
            return False
        return bool(answer["result"] == "ok")


class Sms:
    def __init__(self, port: SmsPort) -> None:
        self._port = port

    async def send(self, message: Outgoing) -> Failure | None:
        if not is_phone(message.address):
            return Failure("address", final=True)
        link = str(message.facts.get("link", ""))
        text = f"{message.title[: _LONGEST - len(link) - 1]} {link}".strip()
        return None if await self._port.send(message.address, text, message.message_id) else Failure("sms-refused")


def is_phone(text: str) -> bool:
    return _PHONE.fullmatch(text) is not None
