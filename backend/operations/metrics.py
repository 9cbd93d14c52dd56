"""What this process counts, for Prometheus. Each process is asked by itself: nothing is shared between processes.

Labels are routes, methods, job names and states of ours; never a kiosk, a person or a path somebody typed. Packages
add their own counters with `prometheus_client` (names `menkou_…`), and figures that are looked up when asked with
`Figures.add`.
"""

from __future__ import annotations

import time

from prometheus_client import REGISTRY, Counter, Gauge, Histogram
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)

REQUESTS = Counter("menkou_http_requests_total", "Answered requests.", ("method", "route", "status"))
SECONDS = Histogram("menkou_http_request_seconds", "From the request to its last byte.", ("route",), buckets=_BUCKETS)
OPEN = Gauge("menkou_http_requests_open", "Requests being worked on.")
JOB_RUNS = Counter("menkou_job_runs_total", "Rounds of a background job in this process.", ("job", "result"))
JOB_SECONDS = Gauge("menkou_job_last_seconds", "How long the last round took in this process.", ("job",))


def job_ran(name: str, done: bool, seconds: float) -> None:
    JOB_RUNS.labels(name, "done" if done else "failed").inc()
    JOB_SECONDS.labels(name).set(seconds)


class Counted:
    """Middleware: counts and times the requests, by route."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        began, status = time.perf_counter(), 500

        async def watch(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        OPEN.inc()
        try:
            await self.app(scope, receive, watch)
        finally:
            OPEN.dec()
            route = route_of(scope)
            REQUESTS.labels(method_of(scope), route, str(status)).inc()
            SECONDS.labels(route).observe(time.perf_counter() - began)


def route_of(scope: Scope) -> str:
    """The route's pattern, such as "/console/kiosks/{kiosk_id}"; never the path."""
    return str(getattr(scope.get("route"), "path", "(none)"))


def method_of(scope: Scope) -> str:
    method = str(scope["method"])
    return method if method in _METHODS else "(other)"


__all__ = ["REGISTRY", "Counted", "job_ran", "method_of", "route_of"]
