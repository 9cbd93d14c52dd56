"""The backend's house, for faults between backend, gateway and departments."""

from tests.backend.conftest import house, pack

__all__ = ["house", "pack"]
