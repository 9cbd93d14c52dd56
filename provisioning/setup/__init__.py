"""From a bare Debian 12 to a ready `.venv`: what `make setup` does.

Runs on the system's Python before any environment exists, so it imports the standard library only.
"""
