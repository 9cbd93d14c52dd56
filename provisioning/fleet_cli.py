"""`menkou fleet …`: the desk's own commands, and those that play kiosks."""

from __future__ import annotations

from backend.fleet.cli import app

__all__ = ["app"]
