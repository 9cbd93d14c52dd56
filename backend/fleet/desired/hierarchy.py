"""From the country down to the kiosk: the nearest place that says something has its way."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from backend.contract.kiosk_settings import SETTINGS, Value
from backend.regions.division import COUNTRY, lineage

Place = tuple[str, str]  # (scope, scope_id)


@dataclass(frozen=True)
class Origin:
    """One place's word on a key, and since which revision."""

    scope: str
    scope_id: str
    value: Value
    revision: int


@dataclass(frozen=True)
class Effective:
    """A value and why it is so: `chain` runs from the widest place to the nearest, the last one counts. An empty
    chain: the default."""

    key: str
    value: Value
    chain: tuple[Origin, ...]


def places_of(kiosk_id: str, site_id: str, region_code: str) -> list[Place]:
    """Where a kiosk's values may come from, the widest first."""
    regions = [COUNTRY] + [code for code in lineage(region_code) if code != COUNTRY]
    return [("region", code) for code in regions] + [("site", site_id), ("kiosk", kiosk_id)]


def resolve(places: Iterable[Place], said: Mapping[Place, Mapping[str, tuple[Value, int]]]) -> dict[str, Effective]:
    """Every setting's value. `said`: place → key → (value, revision)."""
    order = list(places)
    resolved = {}
    for key, setting in SETTINGS.items():
        chain = tuple(Origin(*place, *said[place][key]) for place in order if place in said and key in said[place])
        resolved[key] = Effective(key, chain[-1].value if chain else setting.default, chain)
    return resolved
