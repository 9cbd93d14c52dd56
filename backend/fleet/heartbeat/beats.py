"""A heartbeat on its way in: read, checked and made fit for a column."""

from __future__ import annotations

import asyncio
import hashlib
from datetime import UTC, datetime
from typing import Any

import msgspec

from backend.contract.fleet_api import FleetProblem, Heartbeat, HeartbeatReply, KioskReport
from backend.fleet.heartbeat.answers import Refusal
from backend.fleet.heartbeat.settings import HeartbeatSettings
from backend.fleet.identity.peer import Peer

_INT = 2**31 - 1
_MAX_COUNTERS = 2000  # characters of KioskPulse.counters
_NUL = b"\\u0000"  # as JSON writes it
_EARLIEST, _LATEST = datetime(1970, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)
_MANY_REPORTS = 200_000
# What a terminal can have, with room to spare. Names go into columns, keys and subjects elsewhere.
_MOST_DEVICES, _MOST_SUPPLIES, _LONGEST_NAME = 20, 8, 40

_heartbeat = msgspec.json.Decoder(Heartbeat).decode
_report = msgspec.json.Decoder(KioskReport).decode
_encode = msgspec.json.Encoder(order="sorted").encode

BAD_JSON = (msgspec.DecodeError, UnicodeDecodeError, RecursionError, OverflowError)


class Beat:
    """One heartbeat, and its answer to come. `digest`: of the report and of `levels`."""

    __slots__ = (
        "answer",
        "arrived",
        "boot",
        "counters",
        "digest",
        "errors",
        "kiosk_id",
        "levels",
        "numbers",
        "report",
        "sent_at",
        "seq",
        "serial",
        "tries",
    )
    counters: str  # JSON
    digest: str
    levels: str  # see Reader
    # Uptime, session open, age of the interface, tenths of a degree, free megabytes, wear
    numbers: tuple[int, bool, int, int | None, int | None, int | None]
    report: bytes
    sent_at: datetime

    def __init__(self, peer: Peer, heartbeat: Heartbeat, arrived: datetime, answer: asyncio.Future[bytes]) -> None:
        self.kiosk_id = peer.kiosk_id
        self.serial = peer.serial
        self.arrived = arrived
        self.answer = answer
        self.seq = heartbeat.seq
        self.boot = heartbeat.boot
        self.errors = heartbeat.errors
        self.tries = 0


class Reader:
    """Reads bodies. Remembers which reports it has found sound, so that the same one is not read every minute."""

    def __init__(self, settings: HeartbeatSettings) -> None:
        self._clock = settings.clock_s
        self._storage = settings.storage_low_mb
        self._interface = settings.interface_stuck_s
        self._sound: set[str] = set()

    def read(self, body: bytes, peer: Peer, arrived: datetime, answer: asyncio.Future[bytes]) -> Beat:
        """Raises Refusal: not a heartbeat."""
        try:
            heartbeat = _heartbeat(body)
        except BAD_JSON as error:
            raise Refusal(FleetProblem.INVALID, _fault(error)) from None
        beat = Beat(peer, heartbeat, arrived, answer)
        if "\x00" in heartbeat.boot:
            raise Refusal(FleetProblem.INVALID, "boot: a NUL character")
        sent = heartbeat.sent_at
        if sent.tzinfo is None or any(error.at.tzinfo is None for error in heartbeat.errors):
            raise Refusal(FleetProblem.INVALID, "a time without its zone")
        beat.sent_at = _in_range(sent)
        beat.levels = self._levels(heartbeat, beat.sent_at, arrived)
        beat.counters = "{}"
        if heartbeat.counters:
            beat.counters = _encode(heartbeat.counters).decode()
            if len(beat.counters) > _MAX_COUNTERS or "\\u0000" in beat.counters:
                raise Refusal(FleetProblem.INVALID, "counters: too many or a NUL character")
        temperature = heartbeat.temperature_c
        beat.numbers = (
            min(heartbeat.uptime_s, _INT),
            heartbeat.session_open,
            min(heartbeat.interface_age_s, _INT),
            None if temperature is None else round(temperature * 10),
            None if heartbeat.disk_free_mb is None else min(heartbeat.disk_free_mb, _INT),
            heartbeat.disk_wear_pct,
        )
        raw = bytes(heartbeat.report)
        digest = hashlib.blake2b(raw, digest_size=14).hexdigest()
        if digest not in self._sound:
            report_of(raw)
            if len(self._sound) >= _MANY_REPORTS:
                self._sound.clear()
            self._sound.add(digest)
        beat.report = raw
        beat.digest = digest + beat.levels
        return beat

    def _levels(self, heartbeat: Heartbeat, sent: datetime, arrived: datetime) -> str:
        """Clock, storage, screen, each "0" well, "1" between, "2" bad. Between, what it was before still counts:
        a value on the edge does not make a trouble come and go."""
        off = abs((arrived - sent).total_seconds())
        free = heartbeat.disk_free_mb
        storage = 0 if free is None or free >= self._storage * 1.25 else 1 if free >= self._storage else 2
        age = heartbeat.interface_age_s
        interface = 0 if age <= self._interface / 2 else 1 if age <= self._interface else 2
        clock = 0 if off <= self._clock / 2 else 1 if off <= self._clock else 2
        return f"{clock}{storage}{interface}"


def report_of(raw: bytes) -> KioskReport:
    """Without NUL characters. Raises Refusal."""
    try:
        report = _report(raw)
        if _NUL in raw:
            report = msgspec.convert(without_nul(msgspec.to_builtins(report)), KioskReport)
    except BAD_JSON as error:
        raise Refusal(FleetProblem.INVALID, f"report: {_fault(error)}") from None
    if len(report.devices) > _MOST_DEVICES:
        raise Refusal(FleetProblem.INVALID, "report: too many devices")
    for name, device in report.devices.items():
        supplies = device.supplies.keys() | device.levels.keys()
        if len(supplies) > _MOST_SUPPLIES:
            raise Refusal(FleetProblem.INVALID, "report: too many supplies")
        if max(map(len, (name, *supplies))) > _LONGEST_NAME:
            raise Refusal(FleetProblem.INVALID, "report: a name is too long")
    return report


def without_nul(value: Any) -> Any:
    """PostgreSQL refuses them in text."""
    if isinstance(value, str):
        return value.replace("\x00", "")
    if isinstance(value, dict):
        return {without_nul(key): without_nul(item) for key, item in value.items()}
    if isinstance(value, list):
        return [without_nul(item) for item in value]
    return value


def encode_reply(reply: HeartbeatReply) -> bytes:
    return _encode_reply(reply)


_encode_reply = msgspec.json.Encoder().encode


def _in_range(moment: datetime) -> datetime:
    """What a column can hold; a kiosk without a clock's battery may say anything."""
    try:
        moment = moment.astimezone(UTC)
    except OverflowError:
        return _LATEST
    return min(max(moment, _EARLIEST), _LATEST)


def _fault(error: Exception) -> str:
    # msgspec names path and rule; what it quotes is in quotation marks.
    text = str(error)
    plain = isinstance(error, msgspec.DecodeError) and "'" not in text
    return text if plain else "the body does not fit"
