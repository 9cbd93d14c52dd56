"""Puts the fakes together: run a journey, kill the kiosk anywhere, start it again."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import yaml

from content.build import CATALOGUE
from content.schema.service import Service
from drivers.id_reader.port import ReadFault
from kiosk.identity.face.port import FaceOutcome, FaceReason, FaceResult, ScoreBand
from kiosk.idle import PatientStage
from kiosk.journal.journal import Journal
from kiosk.journal.recovery import Recovery
from kiosk.journal.slips import COUNTER_PATIENCE
from kiosk.journeys.context import Devices, Journey, Terminal
from kiosk.journeys.issue_certificate import issue_certificate
from kiosk.journeys.pay_bill import pay_bill
from kiosk.journeys.receipts import payment_slip
from kiosk.screens import GuideAnswer, IdentityWay, PreviewAnswer, RateAnswer
from kiosk.settings import KioskSettings
from tests.kiosk.journeys.fakes import (
    FakeDocumentPrinter,
    FakeLink,
    FakeReader,
    FakeReceiptPrinter,
    Points,
    ScriptedStage,
    Wait,
    World,
)

SETTINGS = KioskSettings(
    rate_s=0.05, goodbye_s=0.01, payment_poll_s=0.001, print_hold_s=0.2, more_time_s=0.05, booking_patience_s=0.05
)


class _Catalogue(dict[str, Service]):
    """Read one by one: a test of one journey needs no other service."""

    def __missing__(self, name: str) -> Service:
        file = next(CATALOGUE.glob(f"*/{name}.yaml"))
        self[name] = Service.model_validate(yaml.safe_load(file.read_text("utf-8")))
        return self[name]


SERVICES = _Catalogue()

GOOD_ANSWERS: dict[str, Any] = {
    "Guide": GuideAnswer.START,
    "Consent": True,
    "PlaceCard": Wait(),
    "Choose": lambda screen: (
        IdentityWay.FACE if any(c.value == "face" for c in screen.choices) else screen.choices[0].value
    ),
    "FaceCheck": Wait(),
    "Review": None,
    "Preview": PreviewAnswer.PRINT,
    "Rate": RateAnswer.GOOD,
    "Goodbye": None,
    "Keypad": "035012342718",
    "Pay": Wait(),
    "Message": "ok",
}


class FakeFace:
    preview = None  # type: ignore[assignment]

    def __init__(self, *results: FaceResult) -> None:
        self.results = list(results) or [FaceResult(FaceOutcome.MATCH, band=ScoreBand.STRONG, algorithm="fake 1")]

    async def camera_ready(self) -> bool:
        return True

    async def check(self, chip_photo: bytes, on_cue: Any, timeout_s: float) -> FaceResult:
        return self.results.pop(0) if len(self.results) > 1 else self.results[0]


NO_MATCH = FaceResult(FaceOutcome.NO_MATCH, band=ScoreBand.DIFFERENT)
NOBODY = FaceResult(FaceOutcome.INCONCLUSIVE, FaceReason.NOBODY)
CAMERA_GONE = FaceResult(FaceOutcome.ERROR, FaceReason.CAMERA_UNPLUGGED)


class House:
    """One terminal over one journal file; `world` outlives it."""

    def __init__(self, path: Path, world: World, points: Points | None = None, **answers: Any) -> None:
        self.path, self.world = path, world
        self.points = points or Points()
        self.stage = ScriptedStage({**GOOD_ANSWERS, **answers})
        self.link = FakeLink(world, self.points)
        self.reader = FakeReader()
        self.document_printer = FakeDocumentPrinter(world, self.points)
        self.receipt_printer = FakeReceiptPrinter(world, self.points)
        self.face: Any = FakeFace()
        self.journal: Journal

    async def __aenter__(self) -> House:
        self.journal = await Journal.open(self.path)
        return self

    async def __aexit__(self, *error: object) -> None:
        await self.journal.close()

    @property
    def terminal(self) -> Terminal:
        patient = PatientStage(self.stage, more_time_s=SETTINGS.more_time_s)
        devices = Devices(self.reader, self.receipt_printer, self.document_printer, None)
        return Terminal(SETTINGS, patient, devices, self.link, self.journal, self.face, None)  # type: ignore[arg-type]

    async def certificate(self) -> Journey:
        journey = Journey(self.terminal, SERVICES["social-insurance-enrolment-proof"])
        await issue_certificate(journey)
        return journey

    async def water(self) -> Journey:
        journey = Journey(self.terminal, SERVICES["water-bill"])
        await pay_bill(journey)
        return journey

    async def recover(self, counter_patience: timedelta = COUNTER_PATIENCE) -> int:
        recovery = Recovery(
            self.journal,
            self.link,  # type: ignore[arg-type]
            document_printer=self.document_printer,
            receipt_printer=self.receipt_printer,
            slip=lambda payment, copy: payment_slip(payment, SETTINGS, copy=copy),
            slip_patience_s=0.05,
            request_patience=timedelta(0),
            counter_patience=counter_patience,
        )
        return await recovery.resolve_open()


__all__ = ["CAMERA_GONE", "NOBODY", "NO_MATCH", "FakeFace", "House", "ReadFault"]
