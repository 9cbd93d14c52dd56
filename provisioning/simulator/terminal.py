"""One simulated kiosk: what it knows, what it reports, and what it does when it is told to."""

from __future__ import annotations

import hashlib
import random
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from backend.contract.fleet_api import (
    CommandKind,
    CommandOrder,
    DeviceReport,
    ErrorReport,
    Heartbeat,
    KioskReport,
    RolloutProgress,
)
from provisioning.simulator.book import Change

_encode = msgspec.json.Encoder(order="deterministic").encode

_DEVICES: dict[str, dict[str, str]] = {
    "camera": {},
    "card_terminal": {},
    "cash": {},
    "code_scanner": {},
    "document_printer": {"paper": "full", "toner": "full"},
    "id_reader": {},
    "receipt_printer": {"paper": "full"},
    "smart_card": {},
}
_PAPER = ("full", "low", "out", "jammed")


def first_seq() -> int:
    """Larger than anything an earlier run has sent, without having to write it down: milliseconds since 1970."""
    return int(time.time() * 1000)


@dataclass
class Terminal:
    kiosk_id: str
    epoch: int
    dice: random.Random
    software: str = "0.1.0"
    content: str = "2026.11.1"
    settings: int = 0
    in_service: bool = True
    why_not: str = ""
    rollout: RolloutProgress | None = None
    devices: dict[str, dict[str, str]] = field(default_factory=dict)  # supplies
    states: dict[str, str] = field(default_factory=dict)
    seq: int = field(default_factory=first_seq)
    boot: str = ""
    started: float = field(default_factory=time.monotonic)
    executed: dict[str, str] = field(default_factory=dict)  # command: how it ended
    acknowledged: set[str] = field(default_factory=set)
    skew: timedelta = timedelta()
    wiped: bool = False

    def __post_init__(self) -> None:
        self.devices = {name: dict(supplies) for name, supplies in _DEVICES.items()}
        self.states = dict.fromkeys(_DEVICES, "online")
        self.counters = {"sessions": 0, "completed": 0, "failed": 0, "prints": 0, "receipts": 0, "payments": 0}
        self.restart()
        self._report = b""
        self._told: dict[tuple[str, str], str] | None = None  # what the desk is known to know

    def restart(self) -> None:
        """A new run of the program."""
        self.boot = f"{self.dice.getrandbits(64):016x}"
        self.started = time.monotonic()
        self._report = b""

    # Telling

    def report(self) -> bytes:
        if not self._report:
            devices = {
                name: DeviceReport(
                    state=self.states[name],
                    supplies=supplies,
                    action="clear" if any(state in ("out", "jammed") for state in supplies.values()) else "none",
                    identity=f"virtual {name}",
                )
                for name, supplies in self.devices.items()
            }
            self._report = _encode(
                KioskReport(
                    software=self.software,
                    content=self.content,
                    settings=self.settings,
                    in_service=self.in_service,
                    out_of_service=self.why_not,
                    devices=devices,
                    rollout=self.rollout,
                )
            )
        return self._report

    def heartbeat(self, errors: list[ErrorReport] | None = None) -> tuple[int, bytes, str]:
        """Number, body and digest of the report."""
        self.seq += 1
        report = self.report()
        body = _encode(
            Heartbeat(
                seq=self.seq,
                boot=self.boot,
                sent_at=datetime.now(UTC) + self.skew,
                report=msgspec.Raw(report),
                uptime_s=int(time.monotonic() - self.started),
                interface_age_s=self.dice.randrange(5),
                temperature_c=round(self.dice.uniform(30, 55), 1),
                disk_free_mb=40_000 + self.dice.randrange(1000),
                disk_wear_pct=3,
                counters=self.counters,
                errors=errors or [],
            )
        )
        return self.seq, body, hashlib.blake2b(report, digest_size=16).hexdigest()

    def _facts(self) -> dict[tuple[str, str], str]:
        facts = {("device", name): state for name, state in self.states.items()}
        for name, supplies in self.devices.items():
            facts |= {("supply", f"{name}.{supply}"): state for supply, state in supplies.items()}
        facts["service", ""] = "in" if self.in_service else "out"
        facts["content", ""], facts["software", ""] = self.content, self.software
        facts["settings", ""] = str(self.settings)
        return facts

    def changes(self) -> tuple[Change, ...]:
        """What this report tells for the first time. Before the first acknowledged one nothing counts as a change:
        only the desk knows what it knew before."""
        if self._told is None:
            return ()
        facts = self._facts()
        return tuple(Change(*key, value) for key, value in facts.items() if self._told.get(key) != value)

    def told(self) -> None:
        self._told = self._facts()

    # Living

    def used(self) -> None:
        """Residents came."""
        if self.dice.random() < 0.3:
            self.counters["sessions"] += 1
            self.counters["completed"] += 1
            self.counters["prints"] += 1

    def something_happens(self) -> None:
        """One device changes; what was wrong is put right first."""
        self._report = b""
        for name, state in self.states.items():
            if state != "online":
                self.states[name] = "online"
                return
        for name, supplies in self.devices.items():
            for supply, state in supplies.items():
                if state != "full":
                    self.devices[name][supply] = "full"
                    return
        if self.dice.random() < 0.5:
            self.states[self.dice.choice(sorted(self.states))] = "hardwareError"
        else:
            name = self.dice.choice(("document_printer", "receipt_printer"))
            self.devices[name]["paper"] = self.dice.choice(_PAPER[1:])

    def flap(self) -> None:
        self._report = b""
        self.states["camera"] = "offline" if self.states["camera"] == "online" else "online"

    def took_settings(self, revision: int) -> None:
        self.settings, self._report = revision, b""

    def progress(self, progress: RolloutProgress | None) -> None:
        self.rollout, self._report = progress, b""

    def runs(self, kind: str, version: str) -> None:
        """A release runs now. The trial payload stands in for content."""
        self._report = b""
        if kind == "software":
            self.software = version
        else:
            self.content = version

    # Doing

    def carry_out(self, order: CommandOrder) -> dict[str, Any]:
        """The result of a command; raises ValueError for one it does not know."""
        arguments = order.arguments
        self._report = b""
        match CommandKind(order.kind):
            case CommandKind.RESTART:
                self.restart()
            case CommandKind.OUT_OF_SERVICE:
                self.in_service, self.why_not = False, str(arguments.get("reason_en", "closed by staff"))[:300]
            case CommandKind.INTO_SERVICE:
                self.in_service, self.why_not = True, ""
            case CommandKind.SELF_TEST:
                return {"devices": len(self.states)}
            case CommandKind.WIPE:
                self.wiped = True
            case _:
                pass
        return {}
