"""A house whose services and departments are the test's own: what is offered, and what each department answers."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import yaml

from backend.catalogue import Catalogue
from content.build import CATALOGUE, build
from content.schema.service import Service
from tests.backend.house import House, open_house

NAME, NUMBER = "张示范", "519999199001010017"
OTHER_NAME, OTHER_NUMBER = "李样本", "519999199001010025"
_KEPT = ("social-insurance-enrolment-proof", "water-bill")

Answer = dict[str, Any] | Callable[[dict[str, Any]], dict[str, Any]]


def small_pack(directory: Path) -> Path:
    """The real catalogue's departments, calendars, operations and templates, and two of its services."""
    catalogue = directory / "content" / "catalogue"
    shutil.copytree(CATALOGUE, catalogue, ignore=shutil.ignore_patterns("services", "packages"))
    (catalogue / "services").mkdir()
    for service in _KEPT:
        shutil.copy(CATALOGUE / "services" / f"{service}.yaml", catalogue / "services")
    shutil.copytree(CATALOGUE.parent / "templates", directory / "content" / "templates")
    build(catalogue, directory / "pack")
    return directory / "pack"


def text(zh: str) -> dict[str, str]:
    return {"zh": zh, "en": zh}


def make_service(service_id: str, journey: str, **changes: Any) -> Service:
    """A service nobody has written a file for."""
    guide = ("legal_basis", "conditions", "materials", "procedure", "time_limit", "result", "quota", "fees", "contact")
    plain: dict[str, Any] = {
        "id": service_id,
        "version": 1,
        "door": "enquiries",
        "journey": journey,
        "title": text("示例服务"),
        "summary": text("示例"),
        "icon": "file-text",
        "agency": {"name": {"zh": "青口县示范局", "en": "Qingkou Bureau"}, "uscc": "11519999000000019R"},
        "auth": "A2",
        "devices": [],
        "guide": dict.fromkeys((*guide, "notes"), text("见大厅公示")),
    }
    return Service.model_validate(plain | changes)


def choice(name: str, **options: str) -> dict[str, Any]:
    return {
        "kind": "choice",
        "name": name,
        "label": text(name),
        "question": text(name),
        "options": [{"value": value, "label": text(label)} for value, label in options.items()],
    }


class Offer(Catalogue):
    """The pack, and what the test puts beside it."""

    def __init__(self, catalogue: Catalogue) -> None:
        super().__init__(catalogue.pack)
        self.own: dict[str, Service] = {}

    def service(self, service_id: str, journey: str | None = None, version: int | None = None) -> Service:
        own = self.own.get(service_id)
        if own is not None and journey in (None, own.journey):
            return own
        return super().service(service_id, journey, version)


@dataclass
class Departments:
    """Stands for the exchange. What is not answered here goes to the sandbox."""

    behind: Any
    answers: dict[str, Answer] = field(default_factory=dict)
    asked: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    async def call(self, operation: str, params: dict[str, Any]) -> dict[str, Any]:
        if operation not in self.answers:
            answer: dict[str, Any] = await self.behind.call(operation, params)
            return answer
        self.asked.append((operation, params))
        await asyncio.sleep(0)
        given = self.answers[operation]
        return given(params) if callable(given) else given


@dataclass
class Hall:
    house: House
    offer: Offer
    departments: Departments

    def add(self, service: Service) -> None:
        self.offer.own[service.id] = service

    async def post(self, path: str, body: dict[str, Any], kiosk: str = "kiosk-1") -> httpx.Response:
        return await self.house.call("POST", path, body, kiosk)

    async def told(self, path: str, body: dict[str, Any], kiosk: str = "kiosk-1") -> dict[str, Any]:
        """The answer to what must go well."""
        response = await self.post(path, body, kiosk)
        assert response.status_code == 200, response.text
        answer: dict[str, Any] = response.json()
        return answer

    async def refused(self, path: str, body: dict[str, Any], kiosk: str = "kiosk-1") -> str:
        """The code of what must be refused."""
        response = await self.post(path, body, kiosk)
        assert response.status_code >= 400, response.text
        code: str = response.json()["code"]
        return code

    async def proof(self, name: str = NAME, number: str = NUMBER, kiosk: str = "kiosk-1") -> str:
        body = {"name": name, "number": number, "score_band": "strong", "algorithm": "test"}
        proof_id: str = (await self.told("/identity/assertions", body, kiosk))["proof_id"]
        return proof_id

    @property
    def sessions(self) -> Any:
        return self.house.backend.state.sessions


@asynccontextmanager
async def open_hall(directory: Path, pack: Path, database: str) -> AsyncIterator[Hall]:
    async with open_house(directory, pack, database_url=database) as house:
        state = house.backend.state
        state.catalogue = Offer(state.catalogue)
        state.exchange = Departments(state.exchange)
        yield Hall(house, state.catalogue, state.exchange)


def catalogue_file(service_id: str) -> dict[str, Any]:
    """A service of the real catalogue as it is written."""
    data: dict[str, Any] = yaml.safe_load((CATALOGUE / "services" / f"{service_id}.yaml").read_text("utf-8"))
    return data
