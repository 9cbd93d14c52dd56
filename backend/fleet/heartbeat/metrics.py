"""What is counted of the hot path."""

from __future__ import annotations

from prometheus_client import Counter, Gauge, Histogram

TAKEN = Counter("menkou_heartbeats_total", "Heartbeats by what became of them.", ["outcome"])
BATCH = Histogram(
    "menkou_heartbeat_batch_size", "Heartbeats of one statement.", buckets=(1, 5, 10, 20, 50, 100, 200, 500, 1000)
)
WAITED = Histogram(
    "menkou_heartbeat_queue_seconds",
    "How long the oldest heartbeat of a batch waited.",
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
)
WROTE = Histogram(
    "menkou_heartbeat_write_seconds",
    "From the batch's beginning to its commit.",
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
CHANGES = Counter("menkou_heartbeat_changes_total", "Heartbeats that changed a kiosk's state or history.")
QUEUE = Gauge("menkou_heartbeat_queue", "Heartbeats waiting for their batch.")
STRETCH = Gauge("menkou_heartbeat_stretch_percent", "How far intervals are stretched; 100: not at all.")
POLLS = Gauge("menkou_waiting_kiosks", "Long polls open in this process.")

# A labelled child is looked up once, not at every heartbeat.
OK = TAKEN.labels("ok")
RETRY = TAKEN.labels("retry")
REFUSED = TAKEN.labels("refused")
BUSY = TAKEN.labels("busy")
CLONE = TAKEN.labels("clone")
