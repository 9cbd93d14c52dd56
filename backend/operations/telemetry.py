"""Traces by OpenTelemetry: off unless MENKOU_TELEMETRY_ENDPOINT says where to.

A span knows method, route, status and how long it took. Never a path, a query, a body, a header or the text of an
exception: they may be personal data. What a caller says about tracing is not listened to.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from backend.operations.metrics import method_of, route_of
from backend.operations.settings import TelemetrySettings

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import SpanExporter


def make_provider(settings: TelemetrySettings, exporter: SpanExporter | None = None) -> TracerProvider | None:
    """None when telemetry is off. `exporter`: a test's own; the caller calls `shutdown()` at the end."""
    if not settings.endpoint:
        return None
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor
    from opentelemetry.sdk.trace.sampling import TraceIdRatioBased

    if exporter is None:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

        token = settings.token.get_secret_value()
        headers = {"Authorization": f"Bearer {token}"} if token else None
        exporter = OTLPSpanExporter(endpoint=settings.endpoint, headers=headers, timeout=5)
    provider = TracerProvider(
        sampler=TraceIdRatioBased(settings.share),
        # Not Resource.create: it would add what the environment says.
        resource=Resource({"service.name": settings.service_name}),
        shutdown_on_exit=False,
    )
    provider.add_span_processor(BatchSpanProcessor(exporter))
    return provider


class Traced:
    """Middleware: one span a request."""

    def __init__(self, app: ASGIApp, provider: TracerProvider) -> None:
        self.app = app
        self._tracer = provider.get_tracer("menkou")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        from opentelemetry.trace import SpanKind, Status, StatusCode

        status = 500
        # Not start_as_current_span: its own record of an exception quotes the text.
        span = self._tracer.start_span(method_of(scope), kind=SpanKind.SERVER)

        async def watch(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self.app(scope, receive, watch)
        finally:
            method, route = method_of(scope), route_of(scope)
            span.update_name(f"{method} {route}")
            span.set_attribute("http.request.method", method)
            span.set_attribute("http.route", route)
            span.set_attribute("http.response.status_code", status)
            if status >= 500:
                span.set_status(Status(StatusCode.ERROR))
            span.end()
