"""The desk with a small catalogue of the test's own, and the people who work on it."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.backend.desk import open_desk
from tests.backend.editor.office import Office
from tests.backend.house import migrated_sqlite
from tests.content.samples import Sample


@pytest.fixture
async def office(tmp_path: Path, pack: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Office]:
    catalogue = Sample().write(tmp_path / "source")
    monkeypatch.setenv("MENKOU_EDITOR_CATALOGUE", str(catalogue))
    shutil.copy(migrated_sqlite(), tmp_path / "menkou.sqlite3")
    database = f"sqlite+aiosqlite:///{tmp_path / 'menkou.sqlite3'}"
    async with open_desk(tmp_path, database, pack) as desk:
        yield Office(desk, catalogue)
