"""The database fixtures of the backend's tests."""

from __future__ import annotations

from tests.backend.conftest import fresh_database, sessions

__all__ = ["fresh_database", "sessions"]
