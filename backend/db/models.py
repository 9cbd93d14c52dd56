"""Every table of the backend, imported in one place for the migrations."""

from backend.db.base import Base
from backend.devices.models import Device

__all__ = ["Base", "Device"]
