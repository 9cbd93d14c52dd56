"""GET /metrics: for the loopback, or for whoever has the token. Never for the public."""

from __future__ import annotations

import hmac
import ipaddress
from collections.abc import Iterator
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import PlainTextResponse, Response
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, generate_latest
from prometheus_client.metrics_core import Metric
from starlette.exceptions import HTTPException

from backend.operations.settings import OperationsSettings

router = APIRouter(tags=["health"])

_FORWARDED = ("forwarded", "x-forwarded-for", "x-real-ip")


@router.get("/metrics", response_class=PlainTextResponse)
async def metrics(request: Request) -> Response:
    """What this process counts, and what the database says. 404 for strangers: there is nothing to be seen."""
    if not allowed(request, OperationsSettings().metrics_token.get_secret_value()):
        raise HTTPException(404)
    return await answer(request.app.state.figures)


async def answer(figures: Any) -> Response:
    families = await figures.look()

    class Looked:
        def collect(self) -> Iterator[Metric]:
            yield from families

    registry = CollectorRegistry()
    registry.register(Looked())
    return Response(generate_latest(REGISTRY) + generate_latest(registry), media_type=CONTENT_TYPE_LATEST)


def allowed(request: Request, token: str) -> bool:
    """With the token from anywhere; without one only from the loopback, and not by way of a proxy."""
    scheme, _, given = request.headers.get("authorization", "").partition(" ")
    if token and scheme.lower() == "bearer":
        return hmac.compare_digest(given.encode(), token.encode())
    if token or request.client is None or any(name in request.headers for name in _FORWARDED):
        return False
    try:
        return ipaddress.ip_address(request.client.host).is_loopback
    except ValueError:
        return False
