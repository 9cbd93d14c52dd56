"""The backend's client."""
