"""Logs: one JSON object a line on stderr, without personal data.

Exceptions are logged as their type and where they happened, never their text: a driver's or a validator's message
may quote a value somebody typed.
"""

from __future__ import annotations

import contextlib
import logging
import sys
import time
import traceback
from collections.abc import MutableMapping
from typing import Any

import structlog
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

log = structlog.get_logger()


def configure_logging(level: str = "INFO") -> None:
    """Set up structlog and the standard library's loggers for a process of its own."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[*shared, structlog.processors.JSONRenderer(ensure_ascii=False)],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, level)),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(ensure_ascii=False),
            ],
            foreign_pre_chain=[*shared, _without_exception_text],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger("uvicorn").setLevel(level)


def where(error: BaseException) -> list[str]:
    """The innermost frames of an exception as `file:line function`, without its text."""
    frames = traceback.extract_tb(error.__traceback__)[-6:]
    return [f"{'/'.join(frame.filename.split('/')[-2:])}:{frame.lineno} {frame.name}" for frame in frames]


class RequestLog:
    """Outermost middleware: one line per request (route, never the path, query or body), and a plain 500 for bugs."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        began = time.perf_counter()
        status = 0

        async def watch(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self.app(scope, receive, watch)
        except Exception as error:
            if type(error).__module__ == "starlette.middleware.body_limit":
                raise  # the server's own signal that the body is too large; it has been or will be answered
            log.error("request_failed", route=_route(scope), error=type(error).__name__, where=where(error))
            if status:
                raise RuntimeError("failed after the answer had begun") from None
            await (await self._failure(scope))(scope, receive, watch)
        finally:
            route = _route(scope)
            if status >= 500 or route not in ("/healthz", "/readyz"):
                log.info(
                    "request",
                    method=scope["method"],
                    route=route,
                    status=status,
                    ms=round((time.perf_counter() - began) * 1000, 1),
                )

    async def _failure(self, scope: Scope) -> Response:
        """`app.state.failure_page`, set where there are pages, may answer instead of us: (scope) -> Response | None."""
        with contextlib.suppress(Exception):  # a fault there must not hide the first
            made: Response | None = await scope["app"].state.failure_page(scope)
            if made is not None:
                return made
        return JSONResponse({"code": "internal", "detail": ""}, 500)


def _route(scope: Scope) -> str:
    return str(getattr(scope.get("route"), "path", "(none)"))


def _without_exception_text(_logger: Any, _name: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    record = event.get("_record")
    if record is not None and record.exc_info and record.exc_info[1] is not None:
        event["error"] = type(record.exc_info[1]).__name__
        event["where"] = where(record.exc_info[1])
        record.exc_info = None
        event["event"] = "exception"
    event.pop("exc_info", None)
    return event
