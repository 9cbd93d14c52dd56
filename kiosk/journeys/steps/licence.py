"""L1: the electronic business licence, shown as a QR code and held under the scanner."""

from __future__ import annotations

import asyncio

from backend.contract.business_licence import LicenceClaims, read_licence
from content.schema.text import Text
from drivers.cabinet.port import Light
from drivers.code_scanner.port import CodeScanner, ScanContext, ScannedCode
from kiosk import form_rules
from kiosk.journeys import service_texts as texts
from kiosk.journeys.context import Journey
from kiosk.journeys.steps import Move
from kiosk.journeys.steps.messages import end_with
from kiosk.journeys.waiting import first_of
from kiosk.screens import Nav
from kiosk.service_screens import ScanCode

_AGAIN_S = 1.5  # a code that is held on is read again and again


async def scan_licence(journey: Journey, step: int = 2) -> Move:
    """Until a licence was read or the resident goes back. Whether it is genuine, the backend says when the case is
    handed in; that it has expired is said at once."""
    scanner = journey.terminal.devices.code_scanner
    if scanner is None:
        raise await end_with(journey, texts.NO_SERVICE_NOW, texts.NO_CODE_SCANNER)
    error: Text | None = None
    while True:
        screen = ScanCode(
            question=texts.LICENCE,
            speech=error or texts.LICENCE_SPEECH,
            trail=journey.trail(step),
            hint=texts.LICENCE_HINT,
            error=error,
        )
        with journey.lights.guiding(Light.SCANNER):
            asking = journey.stage.ask(screen)
            answer = await first_of(asking, _scan(scanner, patient=error is not None))
        if isinstance(answer, Nav) or answer is None:
            return Move.BACK
        claims = read_licence(answer.text)
        error = _refused(claims)
        if error is None:
            journey.session.licence = answer.text
            journey.session.licence_claims = claims
            return Move.ON


async def _scan(scanner: CodeScanner, *, patient: bool) -> ScannedCode:
    if patient:
        await asyncio.sleep(_AGAIN_S)
    return await scanner.scan(ScanContext.LICENCE)


def _refused(claims: LicenceClaims | None) -> Text | None:
    if claims is None:
        return texts.NO_LICENCE
    if claims.valid_until is not None and claims.valid_until < form_rules.today():
        return texts.LICENCE_EXPIRED
    return None
