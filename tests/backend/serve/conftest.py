"""The fixtures of the identity's tests."""

from tests.backend.fleet.identity.conftest import door

__all__ = ["door"]
