"""A COMMIT whose answer is lost: what belongs to it is still there when the same thing is asked again."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from backend.scans.models import Scan, ScanKind
from tests.backend.cases.world import application, opened, png, refused, scan, signature, simple
from tests.backend.house import House


@pytest.fixture
def lose(monkeypatch: pytest.MonkeyPatch) -> Callable[[type], None]:
    """The answer of the next COMMIT with a row of this table is lost."""

    def arm(table: type) -> None:
        commit = AsyncSession.commit
        lost: list[bool] = []

        async def once(session: AsyncSession) -> None:
            has = any(isinstance(row, table) for row in (*session.identity_map.values(), *session.new))
            await commit(session)
            if has and not lost:
                lost.append(True)
                raise ConnectionError("the answer of COMMIT is lost")

        monkeypatch.setattr(AsyncSession, "commit", once)

    return arm


def files(house: House) -> list[Path]:
    return list((house.settings.var_dir / "scans").iterdir())


async def test_a_case_keeps_its_signature(house: House, lose: Callable[[type], None]) -> None:
    request: dict[str, Any] = await simple(house, "signed", signature_png=signature())
    lose(Scan)
    assert (await house.call("POST", "/cases", request)).status_code == 503
    receipt = await opened(house, request)
    async with house.backend.state.sessions() as session:
        row = (await session.scalars(select(Scan).where(Scan.kind == ScanKind.SIGNATURE.value))).one()
    assert row.case_no == receipt["case_no"]
    assert (house.settings.var_dir / "scans" / f"{row.id}.enc") in files(house)


async def test_a_scan_keeps_its_picture(house: House, lose: Callable[[type], None]) -> None:
    lose(Scan)
    assert (await scan(house, png())).status_code == 503
    assert len(files(house)) == 1


async def test_what_is_refused_leaves_no_signature(house: House) -> None:
    """Certainly not committed: there is nothing to wait for."""
    gone: dict[str, Any] = {"materials": [{"id": "lease", "how": "scanned", "scans": ["no-such-scan"]}]}
    request = await simple(house, "signed", signature_png=signature(), proof_id="gone")
    assert (await refused(house, request))[0] == "proof-expired"
    assert (await refused(house, await application(house, signature_png=signature(), **gone)))[0] == "form-invalid"
    assert files(house) == []
