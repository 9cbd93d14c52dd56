"""Trays, toner and counters as a printer tells them: printer-input-tray and printer-supply (PWG 5100.13), the older
marker-* attributes, media-col-ready. Pure functions.

What a printer does not measure it says with a negative number (RFC 3805 prtInputCurrentLevel): here None.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from drivers.document_printer.ipp_values import Collection, Group

A4_SIZE = (21000, 29700)  # hundredths of a millimetre
AT_LEAST_ONE = -3
_TONERS = ("toner", "ink")
_WASTE = ("waste",)

SUPPLY_ATTRIBUTES = (
    "printer-supply",
    "printer-input-tray",
    "marker-levels",
    "marker-types",
    "marker-names",
    "printer-impressions-completed",
    "printer-media-sheets-completed",
)


LOADED_ATTRIBUTE = "media-col-ready"  # long, and only special stock makes it worth asking for with every look


@dataclass(frozen=True)
class Stock:
    """Where this terminal's printer keeps special paper, by the printer's own media-source and media-type keywords.
    Both empty: it has none. `plain_source`: where ordinary paper is taken from; empty: the printer chooses."""

    special_source: str = ""
    special_type: str = ""
    plain_source: str = ""

    @property
    def has_special(self) -> bool:
        return bool(self.special_source or self.special_type)


@dataclass(frozen=True)
class TrayLevel:
    """`sheets`, `capacity`: None where the printer does not tell. `filled`: whether there is paper, None if unknown."""

    sheets: int | None
    capacity: int | None
    filled: bool | None

    @property
    def percent(self) -> int | None:
        if self.sheets is None or not self.capacity:
            return None
        return min(100, self.sheets * 100 // self.capacity)


@dataclass(frozen=True)
class Loaded:
    """One entry of media-col-ready."""

    source: str
    media_type: str
    size: tuple[int, int]


@dataclass(frozen=True)
class Supplies:
    """One look. `toner`: percent left of each cartridge, by name; `impressions`: the printer's life-time counter."""

    trays: Mapping[str, TrayLevel]
    loaded: tuple[Loaded, ...] | None
    toner: Mapping[str, int]
    impressions: int | None

    def special_filled(self, stock: Stock) -> bool | None:
        """Whether there is a sheet of special stock; None where the printer cannot tell."""
        tray = self.trays.get(stock.special_source)
        if tray is not None and tray.filled is not None:
            return tray.filled
        if self.loaded is None:
            return None
        return any(
            (not stock.special_source or entry.source == stock.special_source)
            and (not stock.special_type or entry.media_type == stock.special_type)
            for entry in self.loaded
        )

    def plain_trays(self, stock: Stock) -> list[TrayLevel]:
        """The trays ordinary A4 paper comes from, as far as the printer names them."""
        if stock.plain_source:
            names = {stock.plain_source}
        else:
            names = {entry.source for entry in self.loaded or () if entry.size == A4_SIZE} - {stock.special_source}
        return [tray for name, tray in self.trays.items() if name in names]

    def plain_filled(self, stock: Stock) -> bool:
        """Whether a tray of ordinary paper is known to have some."""
        return any(tray.filled for tray in self.plain_trays(stock))

    def levels(self, stock: Stock) -> dict[str, int]:
        """Percent left: "toner" (of the emptiest cartridge), "paper", "special"."""
        levels: dict[str, int] = {}
        if self.toner:
            levels["toner"] = min(self.toner.values())
        if len(self.toner) > 1:
            levels |= {name: level for name, level in self.toner.items() if name != "toner"}
        plain = [tray.percent for tray in self.plain_trays(stock) if tray.percent is not None]
        if plain:
            levels["paper"] = max(plain)
        special = self.trays.get(stock.special_source)
        if special is not None and special.percent is not None:
            levels["special"] = special.percent
        elif stock.has_special and self.special_filled(stock) is False:
            levels["special"] = 0
        return levels

    def source_of_plain(self, stock: Stock) -> str:
        """The tray to name for ordinary pages: where there is special stock, a printer that chooses for itself may
        take that. Empty where nothing has to be named, or nothing is known."""
        if stock.plain_source or not stock.has_special:
            return stock.plain_source
        return next((entry.source for entry in self.loaded or () if self._is_plain(entry, stock)), "")

    @staticmethod
    def _is_plain(entry: Loaded, stock: Stock) -> bool:
        special = {stock.special_source, stock.special_type} - {""}
        return bool(entry.source) and entry.size == A4_SIZE and not special & {entry.source, entry.media_type}


def read_supplies(group: Group) -> Supplies:
    """From the printer group of Get-Printer-Attributes; whatever is not there or makes no sense is left out."""
    impressions = [group.integer(f"printer-{what}-completed") for what in ("impressions", "media-sheets")]
    return Supplies(
        dict(_trays(_records(group, "printer-input-tray"))),
        read_loaded(group),
        _toner(group),
        next((count for count in impressions if count is not None and count >= 0), None),
    )


def _records(group: Group, name: str) -> list[dict[str, str]]:
    """octetStrings of the form `key=value;key=value;`."""
    attribute = group.get(name)
    texts = (
        [value.decode("ascii", "replace") for value in attribute.values if isinstance(value, bytes)]
        if attribute
        else []
    )
    return [dict(part.split("=", 1) for part in text.split(";") if "=" in part) for text in texts]


def _trays(records: Iterable[dict[str, str]]) -> Iterable[tuple[str, TrayLevel]]:
    for record in records:
        level, capacity = _number(record.get("level")), _number(record.get("maxcapacity"))
        if not (name := record.get("name", "")) or level is None:
            continue
        filled = level > 0 if level >= 0 else True if level == AT_LEAST_ONE else None
        yield name, TrayLevel(level if level >= 0 else None, capacity if capacity and capacity > 0 else None, filled)


def read_loaded(group: Group) -> tuple[Loaded, ...] | None:
    """What lies in the trays; None where the printer was not asked or does not tell."""
    attribute = group.get(LOADED_ATTRIBUTE)
    if attribute is None:
        return None
    return tuple(_one_loaded(value) for value in attribute.values if isinstance(value, Collection))


def _one_loaded(entry: Collection) -> Loaded:
    def word(name: str) -> str:
        member = entry.get(name)
        return next(iter(member.strings()), "") if member else ""

    size = entry.get("media-size")
    value = size.values[0] if size is not None else None
    sides = [value.get(f"{axis}-dimension") for axis in "xy"] if isinstance(value, Collection) else []
    x, y = ((side.integer() or 0) if side is not None else 0 for side in sides) if sides else (0, 0)
    return Loaded(word("media-source"), word("media-type"), (x, y))


def _toner(group: Group) -> dict[str, int]:
    found: dict[str, int] = {}
    for record in _records(group, "printer-supply"):
        level, capacity = _number(record.get("level")), _number(record.get("maxcapacity"))
        if not _consumed(record.get("type", "")) or level is None or level < 0:
            continue
        if capacity is not None and capacity > 0:
            level = level * 100 // capacity
        elif record.get("unit") != "percent":
            continue
        found[_slug(record.get("type", ""), record.get("colorantname", ""))] = min(level, 100)
    if found:
        return found
    levels = group.get("marker-levels")
    types, names = group.strings("marker-types"), group.strings("marker-names")
    for index, left in enumerate(levels.values if levels is not None else ()):
        kind = types[index] if index < len(types) else "toner"
        if isinstance(left, int) and not isinstance(left, bool) and 0 <= left <= 100 and _consumed(kind):
            found[_slug(names[index] if index < len(names) else kind)] = left
    return found


def _consumed(kind: str) -> bool:
    kind = kind.lower()
    return any(word in kind for word in _TONERS) and not any(word in kind for word in _WASTE)


def _slug(*words: str) -> str:
    text = "-".join(word for word in words if word and word != "unknown").lower()
    return "".join(char if char.isalnum() else "-" for char in text)[:40] or "toner"


def _number(text: str | None) -> int | None:
    try:
        return int(text) if text is not None and len(text) <= 10 else None
    except ValueError:
        return None
