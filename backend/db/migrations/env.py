"""Alembic's environment. The caller hands its connection over in `config.attributes["connection"]`."""

from __future__ import annotations

from typing import Any, Literal

from alembic import context

from backend.db.base import UtcDateTime
from backend.db.models import Base
from backend.identity.crypto import EncryptedText


def _render(kind: str, item: Any, _autogen: Any) -> str | Literal[False]:
    if kind == "type" and isinstance(item, UtcDateTime):
        return "sa.DateTime(timezone=True)"
    if kind == "type" and isinstance(item, EncryptedText):
        return "sa.LargeBinary()"
    return False


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    render_as_batch=True,  # SQLite cannot alter most things in place
    compare_type=True,
    render_item=_render,
    transaction_per_migration=False,
)
with context.begin_transaction():
    context.run_migrations()
