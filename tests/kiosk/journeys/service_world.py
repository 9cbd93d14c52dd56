"""What applications and packages need of the world in memory: cases, drafts, scans, departments that know things."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

from backend.contract import service_api as wire
from backend.contract.kiosk_api import FieldEntry
from drivers.code_scanner.port import CodeKind, ScanContext, ScannedCode
from kiosk.link.client import Refusal, Unreachable
from kiosk.paper_camera import PaperPicture
from tests.kiosk.journeys.fakes import READY, FakeLink, World

PNG = b"\x89PNG\r\n\x1a\n"


@dataclass
class ServiceWorld(World):
    cases: dict[str, wire.CaseRequest] = field(default_factory=dict)  # by intent
    drafts: dict[str, wire.DraftToSave] = field(default_factory=dict)  # by code
    scans: list[bytes] = field(default_factory=list)
    known: list[wire.Prefill] = field(default_factory=list)
    prefills: int = 0  # how often the departments were asked
    refuse_once: dict[str, Refusal] = field(default_factory=dict)
    lose_answers: int = 0  # so many answers to a case get lost after it was received


class ServiceLink(FakeLink):
    world: ServiceWorld

    async def _once(self, name: str, effect: Any) -> Any:
        if name in self.world.refuse_once:
            return self.world.refuse_once.pop(name)
        return await self._effect(name, effect)

    async def prefill(self, request: wire.PrefillRequest) -> Any:
        self.world.prefills += 1
        return await self._once("prefill", lambda: wire.Prefilled(values=self.world.known))

    async def keep_scan(self, picture: bytes) -> Any:
        def effect() -> wire.ScanKept:
            self.world.scans.append(picture)
            return wire.ScanKept(scan_id=f"scan-{len(self.world.scans)}", width=10, height=10)

        return await self._once("keep scan", effect)

    async def open_case(self, request: wire.CaseRequest) -> Any:
        def effect() -> wire.CaseReceipt:
            self.world.cases.setdefault(request.intent_id, request)
            return receipt_for(request)

        answer = await self._once("open case", effect)
        if self.world.lose_answers and isinstance(answer, wire.CaseReceipt):
            self.world.lose_answers -= 1
            return Unreachable("lost")
        return answer

    async def case(self, intent_id: str) -> Any:
        def effect() -> Any:
            request = self.world.cases.get(intent_id)
            return receipt_for(request) if request is not None else Refusal("not-found")

        return await self._once("get case", effect)

    async def save_draft(self, draft: wire.DraftToSave) -> Any:
        def effect() -> wire.DraftSaved:
            code = draft.code or f"{1234567890 + len(self.world.drafts)}"
            self.world.drafts[code] = draft
            return wire.DraftSaved(code=code, expires_at=datetime.now(UTC) + timedelta(days=15))

        return await self._once("save draft", effect)

    async def open_draft(self, request: wire.DraftToOpen) -> Any:
        def effect() -> Any:
            draft = self.world.drafts.get(request.code)
            if draft is None:
                return Refusal("draft-unknown")
            if draft.principal_number != request.principal_number:
                return Refusal("draft-for-other", "another" if draft.principal_number else "self")
            return wire.Draft(
                service_id=draft.service_id,
                service_version=draft.service_version,
                situation=draft.situation,
                form=draft.form,
                parts=draft.parts,
            )

        return await self._once("open draft", effect)


def receipt_for(request: wire.CaseRequest) -> wire.CaseReceipt:
    later = [each.id for each in request.materials if each.how in ("later", "bring")]
    return wire.CaseReceipt(
        intent_id=request.intent_id,
        case_no=f"12519999MB0A00018J4002099001000202611220001-{request.intent_id[-4:]}",
        check_code="7391",
        state="handed-over",
        title_zh="示范事项",
        title_en="Sample matter",
        department_zh="示范局",
        department_en="Sample Bureau",
        received_at=datetime.now(UTC),
        promised_by=date(2026, 12, 1),
        parts=[
            wire.CasePart(part_id=part, title_zh=part, title_en=part, department_zh=f"{part}局", department_en=part)
            for part in request.parts
        ],
        to_bring=[
            FieldEntry(label_zh=name, label_en=name, value_zh="12月8日前", value_en="by 8 Dec") for name in later
        ],
    )


class FakePaperCamera:
    def __init__(self) -> None:
        self.preview: Any = None
        self.pictures: list[PaperPicture | None] = []  # what the next takes give; a page when empty
        self.taken = 0
        self.on = False

    async def ready(self) -> bool:
        return True

    @asynccontextmanager
    async def looking(self) -> Any:
        self.on = True
        try:
            yield
        finally:
            self.on = False

    async def take(self) -> PaperPicture | None:
        assert self.on
        self.taken += 1
        if self.pictures:
            return self.pictures.pop(0)
        return PaperPicture(b"\xff\xd8 page %d" % self.taken, PNG)


class FakeScanner:
    """Gives its codes one after the other, then waits for ever."""

    def __init__(self, *codes: str) -> None:
        self.codes = list(codes)
        self.status = READY
        self.contexts: list[ScanContext] = []

    async def open(self) -> None: ...
    async def close(self) -> None: ...

    async def scan(self, context: ScanContext) -> ScannedCode:
        self.contexts.append(context)
        if not self.codes:
            await asyncio.sleep(3600)
        return ScannedCode(CodeKind.OTHER, self.codes.pop(0))
