"""The central backend: a modular monolith on FastAPI."""
