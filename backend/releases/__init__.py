"""Rollouts: how a version reaches a fleet without breaking it."""
