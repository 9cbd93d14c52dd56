"""Availability, usage and satisfaction: what happened on each day, rolled up by jobs."""
