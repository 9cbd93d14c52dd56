"""`menkou stock …`"""

from __future__ import annotations

import asyncio

import pytest
from typer.testing import CliRunner

from backend.stock.cli import app
from tests.backend.hall import Hall
from tests.backend.stock.test_blanks import reserve


async def test_loaded_shown_and_withdrawn(hall: Hall, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MENKOU_BACKEND_VAR_DIR", str(hall.house.settings.var_dir))
    monkeypatch.setenv("MENKOU_BACKEND_DATABASE_URL", hall.house.settings.database_url)

    async def run(*command: str) -> tuple[int, str]:
        result = await asyncio.to_thread(CliRunner().invoke, app, list(command))
        return result.exit_code, result.output

    loaded = await run("load", "kiosk-1", "business-licence", "QK0001", "QK0100")
    assert loaded == (0, "100 blanks of business-licence put into kiosk-1\n")
    assert await reserve(hall, "intent-0001", "c1") == "QK0001"
    assert (await run("withdraw", "kiosk-1", "business-licence", "QK0001", "QK0010"))[1].startswith("9 blanks")
    shown = (await run("show", "kiosk-1"))[1].splitlines()
    assert [line.split()[1:3] for line in shown] == [["free", "90"], ["reserved", "1"], ["withdrawn", "9"]]
    for wrong in (
        ("load", "kiosk-1", "business-licence", "QK0050", "QK0051"),
        ("load", "kiosk-9", "business-licence", "QK0201", "QK0202"),
        ("load", "kiosk-1", "Business Licence", "QK0201", "QK0202"),
        ("withdraw", "kiosk-1", "business-licence", "QK0001", "QK0001"),
    ):
        assert (await run(*wrong))[0] == 1, wrong
