"""Helpers for tests in a real browser: a desk on a loopback port, a province in it, a signed-in page."""
