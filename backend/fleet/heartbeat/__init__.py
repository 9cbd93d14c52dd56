"""The hot path: heartbeats in, orders out."""
