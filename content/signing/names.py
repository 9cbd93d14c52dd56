"""Names that everybody has to agree on."""

from __future__ import annotations


def target_path(version: str) -> str:
    """The one target of a content release: the root of its hash tree."""
    return f"content/{version}/pack.json"
