"""Devices, supplies and troubles in words: the fleet's own, so that a thing has one name on every page."""

from __future__ import annotations

from typing import Any

from backend.fleet import words

Words = tuple[str, str]


def device_name(device: str) -> Words:
    return words.named(words.DEVICES, device)


def supply_name(supply: str) -> Words:
    zh, en = words.named(words.SUPPLIES, supply)
    return zh, en.lower()


def device_words(detail: dict[str, Any]) -> Words:
    """Of a finding's detail."""
    parts = (detail.get("device", ""), detail.get("supply", ""), detail.get("state", ""))
    return words.trouble(".".join(part for part in parts if part), str(detail.get("note", "")))


supply_words = device_words


def trouble_words(code: str) -> Words:
    """Of a trouble's code, such as "document_printer.paper.jammed"."""
    return words.trouble(code)
