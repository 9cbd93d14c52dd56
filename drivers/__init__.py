"""The terminal's hardware. Knows nothing of the kiosk program or the backend."""
