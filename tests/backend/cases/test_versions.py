"""Which version of a service an application is judged by."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from tests.backend.cases.world import SERVICES, catalogue, make, opened, phone_field, simple
from tests.backend.house import House


@pytest.mark.parametrize("version", [0, -1, 2**31, 2**40])
async def test_no_version_a_database_could_not_hold(house: House, version: int) -> None:
    for path, body in (
        ("/cases", await simple(house, "free", proof_id=None, service_version=version)),
        ("/drafts", {"service_id": "free", "service_version": version, "proof_id": "x", "form": {}}),
    ):
        assert (await house.call("POST", path, body)).status_code == 422


async def test_by_the_one_it_was_filled_in_with(house: House) -> None:
    """The newest asks for more; the terminal has not heard of that yet."""
    more = {"kind": "text", "name": "more", "label": {"zh": "新", "en": "New"}}
    newest = make("free", "意见征集", version=4, auth="A0", form=[phone_field("phone"), more], operation="desk.submit")
    served = catalogue({**SERVICES, "free": newest})
    old = SimpleNamespace(services=SERVICES, version="old", templates={}, operations={})
    served.use([*served.packs, old])  # type: ignore[list-item]
    house.backend.state.catalogue = served
    await opened(house, await simple(house, "free", proof_id=None))
    answer = await house.call("POST", "/cases", await simple(house, "free", "intent-0002", service_version=4))
    assert (answer.status_code, answer.json()["detail"]) == (422, "more")
