"""呼叫工作人员: the desk is told, the resident sees whom to ring, and a helper who comes joins the session by badge.

Assisted mode: whoever joined sees no value that has been filled in unless the resident touches it; numbers, PINs and
the signature are the resident's own.
"""

from __future__ import annotations

import asyncio
from uuid import uuid4

import structlog

from backend.contract.service_api import CallReceipt, CallRequest, Helper, HelperBadge
from content.schema.text import Text
from drivers.code_scanner.port import CodeScanner, ScanContext
from kiosk.journeys import counter_texts, texts
from kiosk.journeys.context import Terminal
from kiosk.journeys.waiting import first_of
from kiosk.screens import Choice, Message, Stage, Tone
from kiosk.session import Session

log = structlog.get_logger()
_SHOWN_S = 30.0  # what to do stays on the screen so long
_PATIENCE_S = 2.5  # with the desk, before the number to ring is shown


async def call_staff(terminal: Terminal, stage: Stage, session: Session | None) -> None:
    """Over whatever is on the screen. `session`: the one that runs, if any."""
    told = await _tell_desk(terminal)
    settings = terminal.settings
    body = texts.STAFF_CALLED_BODY.format(phone=settings.staff_phone, terminal=settings.terminal)
    if told is not None:
        called = counter_texts.CALLED
        body = Text(f"{called.zh}。{body.zh}", f"{called.en}. {body.en}")
    scanner = terminal.devices.code_scanner
    joining = session is not None and scanner is not None and scanner.status.ready
    if joining:
        hint = counter_texts.BADGE_HINT_OVER
        body = Text(f"{body.zh}{hint.zh}", f"{body.en} {hint.en}")
    screen = Message(
        question=texts.STAFF_CALLED, speech=body, tone=Tone.INFO, body=body, buttons=(Choice("ok", texts.OK),)
    )
    asking = stage.ask_over(screen)
    try:
        async with asyncio.timeout(_SHOWN_S):
            if scanner is None or session is None or not joining:
                await asking
                return
            joined = await first_of(asking, _badge(terminal, scanner))
    except TimeoutError:
        return
    if isinstance(joined, Helper):
        session.helper = joined.name
        log.info("helper_joined", session=session.id)
        await _welcome(stage, joined)


async def _tell_desk(terminal: Terminal) -> CallReceipt | None:
    request = CallRequest(intent_id=f"cal-{uuid4().hex[:20]}", reason="button")
    try:
        answer = await asyncio.wait_for(terminal.link.call_staff(request), _PATIENCE_S)
    except TimeoutError:
        return None
    return answer if isinstance(answer, CallReceipt) else None


async def _badge(terminal: Terminal, scanner: CodeScanner) -> Helper:
    """Until a genuine one; a journey that waits for a code itself is served first."""
    while True:
        code = await scanner.scan(ScanContext.LICENCE)
        answer = await terminal.link.badge(HelperBadge(badge=code.text[:200])) if len(code.text) >= 8 else None
        if isinstance(answer, Helper):
            return answer
        log.info("badge_refused")


async def _welcome(stage: Stage, helper: Helper) -> None:
    body = counter_texts.HELPER_HERE_BODY
    screen = Message(
        question=counter_texts.HELPER_HERE.format(name=helper.name),
        speech=body,
        tone=Tone.INFO,
        body=body,
        buttons=(Choice("ok", texts.OK),),
    )
    asking = stage.ask_over(screen)
    try:
        await asyncio.wait_for(asking, _SHOWN_S)
    except TimeoutError:
        return
