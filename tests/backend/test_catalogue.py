"""Which pack answers: the newest signed one, those terminals have not left yet, the software's own."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from backend.catalogue import Catalogue
from backend.problems import Refused
from tests.backend.cases.world import make


def pack(**versions: int) -> Any:
    services = {
        name: make(name, "事项", operation="desk.submit", version=version) for name, version in versions.items()
    }
    return SimpleNamespace(services=services, operations={}, templates={}, version=str(versions))


def test_what_a_signed_pack_has_taken_out_does_not_come_back() -> None:
    catalogue = Catalogue(pack(kept=1, gone=1))
    assert catalogue.service("gone").version == 1
    catalogue.use([pack(kept=2)])
    with pytest.raises(Refused, match="service-unknown"):
        catalogue.service("gone")
    with pytest.raises(Refused, match="service-unknown"):
        catalogue.service("gone", version=1)


def test_what_terminals_still_show_is_answered() -> None:
    catalogue = Catalogue(pack(kept=1, gone=1))
    catalogue.use([pack(kept=3), pack(kept=2, gone=2)])
    assert catalogue.service("gone").version == 2
    catalogue.use([pack(kept=3)])
    with pytest.raises(Refused, match="service-unknown"):
        catalogue.service("gone")


def test_the_version_that_was_filled_in_where_it_is_served() -> None:
    catalogue = Catalogue(pack(kept=1))
    catalogue.use([pack(kept=3), pack(kept=2)])
    found = [catalogue.service("kept", version=version).version for version in (None, 1, 2, 3, 9)]
    assert found == [3, 1, 2, 3, 3]
    with pytest.raises(Refused, match="service-unknown"):
        catalogue.service("kept", "package", 2)
