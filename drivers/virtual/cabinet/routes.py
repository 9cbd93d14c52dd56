"""The cabinet over HTTP: looking at it, and the hands that have an address of their own.

`device_routes` has every hand of every device under one scheme.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from fastapi import APIRouter, Query, Response, WebSocket
from fastapi.responses import StreamingResponse

from drivers.virtual.cabinet import camera_stream, vnc_bridge
from drivers.virtual.cabinet.cabinet import Cabinet
from drivers.virtual.cabinet.cabinet_state import CabinetState, CommonState
from drivers.virtual.cabinet.desk import RefusedError
from drivers.virtual.cabinet.device_routes import The
from drivers.virtual.cabinet.phone import Message, PayResult
from drivers.virtual.cabinet.state import (
    ActionCall,
    CameraCall,
    Done,
    EventView,
    LayCard,
    NetworkCall,
    Nothing,
    Pay,
    Plug,
    Present,
    ReaderFaultCall,
    RemoveMidway,
    Sheet,
)

STREAM_PERIOD_S = 0.25
KEEP_ALIVE_S = 15.0

router = APIRouter()


# --- looking --------------------------------------------------------------------------------------------------------


@router.get("/api/state", response_model=CabinetState)
async def state(cabinet: The) -> CommonState:
    """Everything at once."""
    return cabinet.state()


@router.get("/api/events")
async def events(cabinet: The, limit: int = Query(100, ge=1, le=200)) -> list[EventView]:
    """What happened last, newest last; personal data is masked or absent."""
    return [EventView.model_validate(event) for event in cabinet.events.newest(limit)]


@router.get("/api/stream")
async def stream(cabinet: The) -> StreamingResponse:
    """Server-sent events: one `state` event with the whole state at once and after every change."""

    async def lines() -> AsyncIterator[bytes]:
        loop = asyncio.get_running_loop()
        last, said = "", loop.time()
        while not cabinet.stopping:
            now = cabinet.state().model_dump_json()
            if now != last:
                last, said = now, loop.time()
                yield f"event: state\ndata: {now}\n\n".encode()
            elif loop.time() - said > KEEP_ALIVE_S:
                said = loop.time()
                yield b": still here\n\n"
            await asyncio.sleep(STREAM_PERIOD_S)

    return StreamingResponse(lines(), media_type="text/event-stream")


@router.post("/api/reset")
async def reset(_: Nothing, cabinet: The) -> Done:
    """Mend everything, take the card, send everybody away."""
    await cabinet.reset()
    return Done()


# --- ID card reader -------------------------------------------------------------------------------------------------


@router.post("/api/card/lay")
async def lay_card(call: LayCard, cabinet: The) -> Done:
    """Lay one of the state's `cards` on the reader."""
    await cabinet.lay_card(call.card)
    return Done()


@router.post("/api/card/lift")
async def lift_card(_: Nothing, cabinet: The) -> Done:
    cabinet.id_reader.lift()
    return Done()


@router.post("/api/card/remove-midway")
async def remove_midway(call: RemoveMidway, cabinet: The) -> Done:
    """The card is taken away in the middle of the next read."""
    await cabinet.remove_midway(call.card)
    return Done()


@router.post("/api/id-reader/fault")
async def reader_fault(call: ReaderFaultCall, cabinet: The) -> Done:
    cabinet.id_reader.fault(call)
    return Done()


@router.post("/api/id-reader/plug")
async def plug_reader(call: Plug, cabinet: The) -> Done:
    cabinet.id_reader.plug(call.plugged)
    return Done()


# --- camera ---------------------------------------------------------------------------------------------------------


@router.post("/api/camera")
async def scene(call: CameraCall, cabinet: The) -> Done:
    """Who stands before the camera, and how."""
    cabinet.change_scene(call)
    return Done()


@router.get("/camera/stream", response_class=StreamingResponse)
async def camera(cabinet: The, fps: float | None = Query(None, ge=0.2, le=30)) -> Response:
    """Motion JPEG, 640 x 480; 503 while the camera is unplugged."""
    if await cabinet.camera.still() is None:
        raise RefusedError("camera unplugged", 503)
    return StreamingResponse(cabinet.camera.parts(fps), media_type=camera_stream.MEDIA_TYPE)


@router.get("/camera/still.jpg", response_class=Response)
async def still(cabinet: The) -> Response:
    picture = await cabinet.camera.still()
    if picture is None:
        raise RefusedError("camera unplugged", 503)
    return Response(picture, media_type="image/jpeg")


# --- code scanner ---------------------------------------------------------------------------------------------------


@router.post("/api/scanner/present")
async def present(call: Present, cabinet: The) -> Done:
    """Hold one of the state's `codes`, or any text, under the scanner."""
    cabinet.scanner.present(call)
    return Done()


@router.post("/api/scanner/plug")
async def plug_scanner(call: Plug, cabinet: The) -> Done:
    cabinet.scanner.plug(call.plugged)
    return Done()


# --- printers -------------------------------------------------------------------------------------------------------


@router.post("/api/a4")
async def a4(call: ActionCall, cabinet: The) -> Done:
    """One of the state's `a4_actions`."""
    await cabinet.document_printer.act(call.action)
    return Done()


@router.get("/api/a4/sheets")
async def sheets(cabinet: The) -> list[Sheet]:
    """The documents in the output tray, oldest first."""
    return cabinet.document_printer.sheets()


@router.get("/api/a4/sheets/{sheet_id}", response_class=Response)
async def sheet(sheet_id: str, cabinet: The) -> Response:
    return Response(await cabinet.document_printer.document(sheet_id), media_type="application/pdf")


@router.get("/api/a4/sheets/{sheet_id}/page.png", response_class=Response)
async def sheet_picture(sheet_id: str, cabinet: The) -> Response:
    return Response(await cabinet.document_printer.picture(sheet_id), media_type="image/png")


@router.delete("/api/a4/sheets/{sheet_id}")
async def take_sheet(sheet_id: str, cabinet: The) -> Done:
    cabinet.document_printer.take(sheet_id)
    return Done()


@router.post("/api/receipt")
async def receipt(call: ActionCall, cabinet: The) -> Done:
    """One of the state's `receipt_actions`."""
    await cabinet.receipt_printer.act(call.action)
    return Done()


@router.get("/api/receipt/latest.png", response_class=Response)
async def slip_picture(cabinet: The) -> Response:
    return Response(cabinet.receipt_printer.latest().png, media_type="image/png")


@router.get("/api/receipt/latest.txt", response_class=Response)
async def slip_text(cabinet: The) -> Response:
    """What stands on the slip, line by line; a QR code as "[QR …]"."""
    return Response(cabinet.receipt_printer.latest().text, media_type="text/plain; charset=utf-8")


@router.get("/api/receipt/latest.bin", response_class=Response)
async def slip_bytes(cabinet: The) -> Response:
    """What the printer received for the slip."""
    return Response(cabinet.receipt_printer.latest().raw, media_type="application/octet-stream")


# --- phone, network, screen -----------------------------------------------------------------------------------------


@router.get("/api/phone/messages")
async def messages(cabinet: The) -> list[Message]:
    """The resident's text messages, fetched now, oldest first."""
    return await cabinet.phone.refresh()


@router.post("/api/phone/pay")
async def pay(call: Pay, cabinet: The) -> PayResult:
    """Scan the kiosk's screen with the phone and pay; one of the state's `pay_outcomes`."""
    return await cabinet.phone.pay(call.outcome, call.qr)


@router.post("/api/network")
async def network(call: NetworkCall, cabinet: The) -> Done:
    """Cut, stall or mend the cable between kiosk and backend."""
    await cabinet.cable.set_state(call.state)
    return Done()


@router.websocket("/vnc")
async def vnc(socket: WebSocket) -> None:
    cabinet: Cabinet = socket.app.state.cabinet
    if cabinet.settings.vnc_port is None:
        await socket.close(vnc_bridge.TRY_AGAIN_LATER)
        return
    await vnc_bridge.bridge(socket, cabinet.settings.vnc_port)
