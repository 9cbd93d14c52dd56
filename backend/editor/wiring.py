"""How the editor joins the app. After `tuf_desk`: packs are handed to it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import APIRouter, FastAPI

from backend.editor.check import Rules
from backend.editor.exchange_pages import router as exchange_router
from backend.editor.item_pages import router as item_router
from backend.editor.list_pages import router as list_router
from backend.editor.packs import Packer
from backend.editor.review_pages import router as review_router
from backend.editor.settings import EditorSettings
from backend.operations.jobs import Jobs
from backend.settings import BackendSettings
from content.cli import icon_names

ROUTERS: tuple[APIRouter, ...] = (list_router, exchange_router, item_router, review_router)
PACK_S = 15.0
LEASE_S = 900.0  # 20,000 items are read, checked and compiled in well under that


@asynccontextmanager
async def opened(app: FastAPI, settings: BackendSettings, jobs: Jobs) -> AsyncIterator[None]:
    """`app.state.editor_rules` is the lint; a job publishes what is due and builds packs."""
    own: EditorSettings = getattr(app.state, "editor_settings", None) or EditorSettings()
    rules = app.state.editor_rules = Rules(own)
    app.state.editor_dir = settings.var_dir / "editor"
    packer = Packer(app.state.sessions, rules, app.state.tuf, app.state.editor_dir, icon_names(own.icons))
    jobs.add("content-packs", PACK_S, packer.run, lease_s=LEASE_S)
    yield
