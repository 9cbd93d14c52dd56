"""Structured logs, one JSON object a line, to stderr. Never a person's data: events carry ids, kinds and outcomes."""

from __future__ import annotations

import logging
import os
import resource
import sys

import structlog

from kiosk.link.errors import ERRORS
from kiosk.link.log_tail import TAIL


def configure() -> None:
    """Logs, and what belongs with them: no core dumps (they would hold a session's data)."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    # Otherwise Kivy takes over the root logger and prints everybody's debug lines.
    os.environ["KIVY_LOG_MODE"] = "PYTHON"
    # Third parties' debug lines may quote requests: warnings only.
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr, format="%(name)s %(levelname)s %(message)s")
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            ERRORS.processor,
            TAIL.processor,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=True,
    )
