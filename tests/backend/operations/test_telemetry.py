"""Off, nothing is traced; on, a span knows the route and nothing about a person."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from backend.app import create_app
from backend.operations.settings import TelemetrySettings
from backend.operations.telemetry import Traced, make_provider

SECRET = "519999199001010017"


def test_off_by_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9")  # what others' libraries would heed
    assert make_provider(TelemetrySettings()) is None
    app = create_app()
    assert app.state.telemetry is None
    assert all(middleware.cls is not Traced for middleware in app.user_middleware)


def test_on_by_a_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MENKOU_TELEMETRY_ENDPOINT", "http://127.0.0.1:9/v1/traces")
    app = create_app()
    assert any(middleware.cls is Traced for middleware in app.user_middleware)
    app.state.telemetry.shutdown()


async def test_what_a_span_says() -> None:
    exporter = InMemorySpanExporter()
    provider = make_provider(TelemetrySettings(endpoint="http://127.0.0.1:9", share=1.0), exporter)
    assert provider is not None
    app = FastAPI(telemetry={"tracing": False, "metrics": False, "logs": False})

    @app.post("/people/{number}")
    async def person(number: str, body: dict[str, Any]) -> None:
        raise ValueError(f"cannot handle {number} {body}")

    app.add_middleware(Traced, provider=provider)
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://desk.invalid") as client:
        headers = {"traceparent": f"00-{'a' * 32}-{'b' * 16}-01", "authorization": f"Bearer {SECRET}"}
        await client.post(f"/people/{SECRET}?name={SECRET}", json={"number": SECRET}, headers=headers)
    provider.force_flush()
    (span,) = exporter.get_finished_spans()
    assert span.name == "POST /people/{number}"
    assert dict(span.attributes or {}) == {
        "http.request.method": "POST",
        "http.route": "/people/{number}",
        "http.response.status_code": 500,
    }
    assert SECRET not in span.to_json()
    assert not span.events, "an exception's text is not recorded"
    assert f"{span.context.trace_id:032x}" != "a" * 32, "a caller does not decide what is traced"
    provider.shutdown()
