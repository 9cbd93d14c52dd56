"""Byte streams to devices, and the helper that keeps them connected."""
