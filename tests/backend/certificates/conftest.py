"""A house with the real catalogue and the real templates."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest

from content.build import CATALOGUE, build
from tests.backend.house import BACKEND, House, open_house

SERVICE = "social-insurance-enrolment-proof"
NAME, NUMBER = "张示范", "519999199001010017"


@pytest.fixture(scope="session")
def real_pack(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("pack") / "pack"
    build(CATALOGUE, directory)
    return directory


@pytest.fixture
async def house(tmp_path: Path, real_pack: Path, house_database: str) -> AsyncIterator[House]:
    async with open_house(tmp_path, real_pack, database_url=house_database) as house:
        yield house


@dataclass
class Counter:
    """A kiosk at the counter: the calls of one journey."""

    house: House

    async def proof(self, name: str = NAME, number: str = NUMBER, kiosk: str = "kiosk-1") -> str:
        body = {"name": name, "number": number, "score_band": "strong", "algorithm": "test"}
        response = await self.house.call("POST", "/identity/assertions", body, kiosk)
        assert response.status_code == 200, response.text
        proof_id: str = response.json()["proof_id"]
        return proof_id

    async def issue(self, proof: str, intent: str = "intent-0001", period: str = "all") -> httpx.Response:
        body = {"intent_id": intent, "service_id": SERVICE, "proof_id": proof, "form": {"period": period}}
        return await self.house.call("POST", "/certificates", body)

    async def issued(self, intent: str = "intent-0001") -> dict[str, Any]:
        response = await self.issue(await self.proof(), intent)
        assert response.status_code == 200, response.text
        certificate: dict[str, Any] = response.json()
        return certificate

    async def file(self, intent: str = "intent-0001") -> bytes:
        response = await self.house.call("GET", f"/certificates/{intent}/file")
        assert response.status_code == 200
        return response.content

    async def deliver(self, outcome: str, intent: str = "intent-0001", reason: str = "") -> str:
        body = {"outcome": outcome, "reason": reason}
        response = await self.house.call("POST", f"/certificates/{intent}/delivery", body)
        assert response.status_code == 200, response.text
        state: str = response.json()["state"]
        return state

    async def page(self, method: str, path: str, **options: Any) -> httpx.Response:
        async with httpx.AsyncClient(transport=self.house.streets, base_url=BACKEND) as client:
            return await client.request(method, path, **options)


@pytest.fixture
def counter(house: House) -> Counter:
    return Counter(house)


class Signed(NamedTuple):
    pdf: bytes
    var_dir: Path

    def __repr__(self) -> str:
        return "Signed()"  # Hypothesis writes its arguments out


@pytest.fixture(scope="session")
def signed(tmp_path_factory: pytest.TempPathFactory, real_pack: Path) -> Signed:
    """One issued file and the var_dir of its backend."""
    directory = tmp_path_factory.mktemp("signed")

    async def make() -> bytes:
        async with open_house(directory, real_pack) as house:
            counter = Counter(house)
            await counter.issued()
            return await counter.file()

    return Signed(asyncio.run(make()), directory / "backend")
