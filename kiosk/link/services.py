"""The kiosk's side of `backend.contract.service_api`: one call each; answers as in `kiosk.link.client`."""

from __future__ import annotations

from backend.contract import service_api as wire
from kiosk.link.calls import BackendCalls, Fault


class ServiceCalls(BackendCalls):
    """Records, cases, drafts, appointments, tickets, complaints, scans, helpers, stock."""

    async def prefill(self, request: wire.PrefillRequest) -> wire.Prefilled | Fault:
        return await self._call(wire.Prefilled, "POST", "/prefill", request)

    async def record(self, query: wire.RecordQuery) -> wire.RecordReply | Fault:
        return await self._call(wire.RecordReply, "POST", "/records/query", query)

    async def open_case(self, request: wire.CaseRequest) -> wire.CaseReceipt | Fault:
        return await self._call(wire.CaseReceipt, "POST", "/cases", request)

    async def case(self, intent_id: str) -> wire.CaseReceipt | Fault:
        return await self._call(wire.CaseReceipt, "GET", f"/cases/{intent_id}")

    async def case_status(self, query: wire.CaseStatusQuery) -> wire.CaseStatus | Fault:
        return await self._call(wire.CaseStatus, "POST", "/cases/status", query)

    async def save_draft(self, draft: wire.DraftToSave) -> wire.DraftSaved | Fault:
        return await self._call(wire.DraftSaved, "POST", "/drafts", draft)

    async def open_draft(self, request: wire.DraftToOpen) -> wire.Draft | Fault:
        return await self._call(wire.Draft, "POST", "/drafts/open", request)

    async def keep_scan(self, picture: bytes) -> wire.ScanKept | Fault:
        """`picture`: PNG or JPEG."""
        return await self._upload(wire.ScanKept, "/scans", picture)

    async def slots(self, query: wire.SlotsQuery) -> wire.Slots | Fault:
        return await self._call(wire.Slots, "POST", "/appointments/slots", query)

    async def book(self, request: wire.AppointmentRequest) -> wire.Appointment | Fault:
        return await self._call(wire.Appointment, "POST", "/appointments", request)

    async def ticket(self, request: wire.TicketRequest) -> wire.Ticket | Fault:
        return await self._call(wire.Ticket, "POST", "/queue/tickets", request)

    async def complain(self, request: wire.ComplaintRequest) -> wire.ComplaintReceipt | Fault:
        return await self._call(wire.ComplaintReceipt, "POST", "/complaints", request)

    async def badge(self, badge: wire.HelperBadge) -> wire.Helper | Fault:
        return await self._call(wire.Helper, "POST", "/assistance/badge", badge)

    async def call_staff(self, request: wire.CallRequest) -> wire.CallReceipt | Fault:
        return await self._call(wire.CallReceipt, "POST", "/assistance/calls", request)

    async def stock_used(self, stock: str, use: wire.StockUse) -> wire.StockLeft | Fault:
        return await self._call(wire.StockLeft, "POST", f"/stock/{stock}/used", use)
