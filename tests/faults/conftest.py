"""The backend's house, for faults between backend, gateway and departments."""

from tests.backend.conftest import house, house_database, pack

__all__ = ["house", "house_database", "pack"]
