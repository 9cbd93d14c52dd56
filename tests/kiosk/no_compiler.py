"""A worker on a machine without Typst."""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping
from typing import Any

from kiosk.workers import template_try
from kiosk.workers.child import Handler


def worker(options: dict[str, Any]) -> Mapping[str, Handler]:
    importlib.util.find_spec = lambda name, package=None: None
    return template_try.worker(options)
