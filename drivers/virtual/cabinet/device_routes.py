"""Every hand of every device as an HTTP call, made from the tables of `desks` and `hands`; and scenarios."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, ConfigDict, create_model

from drivers.virtual.cabinet import hands, scenario
from drivers.virtual.cabinet.cabinet import Cabinet
from drivers.virtual.cabinet.desks import PLACES, Place
from drivers.virtual.cabinet.hands import LABELS, Hand
from drivers.virtual.cabinet.state import Done, Nothing, PlayCall, ScenarioSummary, ScenarioView

router = APIRouter()


def _cabinet(request: Request) -> Cabinet:
    cabinet: Cabinet = request.app.state.cabinet
    return cabinet


The = Annotated[Cabinet, Depends(_cabinet)]


def _class_name(*words: str) -> str:
    return "".join(part.capitalize() for word in words for part in word.replace("-", "_").split("_"))


def _act_route(place: Place) -> None:
    ids: Any = Literal[place.action_ids]
    body = create_model(
        _class_name(place.name, "action"),
        __config__=ConfigDict(extra="forbid"),
        __doc__="; ".join(f"{action.id}: {action.label_en} ({action.label_zh})" for action in place.actions),
        action=(ids, ...),
    )

    async def act(cabinet: Cabinet, call: Any) -> Done:
        await cabinet.act(place.name, call.action)
        return Done()

    _add(f"/api/devices/{place.name}/act", body, Done, act, place.label_en, "act", place.name)


def _hand_route(hand: Hand) -> None:
    async def move(cabinet: Cabinet, call: Any) -> BaseModel:
        return await hands.work(cabinet, hand, call)

    path = f"/api/devices/{hand.device}/{hand.name}"
    _add(path, hand.body, hand.result, move, LABELS[hand.device][1], hand.label_en, hand.device)


def _add(
    path: str,
    body: type[BaseModel],
    result: type[BaseModel],
    do: Callable[[Cabinet, Any], Awaitable[BaseModel]],
    device: str,
    about: str,
    tag: str,
) -> None:
    async def endpoint(call: Any, cabinet: Any) -> Any:
        return await do(cabinet, call)

    # FastAPI reads the types of the body and the answer from here; they are known only now.
    endpoint.__annotations__ = {"call": body, "cabinet": The, "return": result}
    router.add_api_route(
        path, endpoint, methods=["POST"], response_model=result, summary=f"{device}: {about}", name=path, tags=[tag]
    )


for _place in PLACES:
    if _place.actions:
        _act_route(_place)
for _hand in hands.HANDS:
    _hand_route(_hand)


# --- scenarios ------------------------------------------------------------------------------------------------------


def _summaries() -> list[ScenarioSummary]:
    return [scenario.summary(scenario.shipped(name)) for name in scenario.shipped_names()]


@router.get("/api/scenarios", tags=["scenario"])
async def scenarios() -> list[ScenarioSummary]:
    """Those that come with the cabinet, by name."""
    return await asyncio.to_thread(_summaries)


@router.post("/api/scenario/play", tags=["scenario"])
async def play(call: PlayCall, cabinet: The) -> ScenarioView:
    """Begin a scenario; answers at once. 404: no such name; 422: not usable, with each line; 409: one is playing."""
    cabinet.player.play(await cabinet.player.find(call))
    return cabinet.player.view()


@router.post("/api/scenario/check", tags=["scenario"])
async def check(call: PlayCall, cabinet: The) -> ScenarioSummary:
    """Look through a scenario without moving anything."""
    return scenario.summary(await cabinet.player.find(call))


@router.post("/api/scenario/stop", tags=["scenario"])
async def stop(_: Nothing, cabinet: The) -> Done:
    """End the scenario; the cabinet stays as it is."""
    await cabinet.player.stop()
    return Done()
