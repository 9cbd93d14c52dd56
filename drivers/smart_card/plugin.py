"""Drivers of this class, as devices.toml names them."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from drivers.registry import DriverOptions, DriverSpec
from drivers.smart_card.card_layout import CardLayout, Item
from drivers.smart_card.driver import PcscReader, PcscSettings


class ItemIdentifiers(BaseModel):
    """Record identifiers, where a region's cards differ from the published ones."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    valid_to: int = Field(default=0x06, ge=1, le=254)
    card_number: int = Field(default=0x07, ge=1, le=254)
    number: int = Field(default=0x08, ge=1, le=254)
    name: int = Field(default=0x09, ge=1, le=254)
    sex: int = Field(default=0x0A, ge=1, le=254)
    nation: int = Field(default=0x0B, ge=1, le=254)


class PcscOptions(DriverOptions):
    reader: str = Field(default="*", min_length=1, description="pattern of the reader's name, such as ACS ACR39*")
    socket: Path | None = Field(default=None, description="pcscd's socket, when it is not the system's")
    items: ItemIdentifiers = ItemIdentifiers()


def _make(options: PcscOptions) -> PcscReader:
    usual, at = CardLayout(), options.items
    layout = CardLayout(
        valid_to=Item(at.valid_to, usual.valid_to.length),
        card_number=Item(at.card_number, usual.card_number.length),
        number=Item(at.number, usual.number.length),
        name=Item(at.name, usual.name.length),
        sex=Item(at.sex, usual.sex.length),
        nation=Item(at.nation, usual.nation.length),
    )
    return PcscReader(PcscSettings(options.reader, options.socket, layout))


PCSC = DriverSpec(PcscOptions, _make, "social security cards in any PC/SC reader, through pcscd")
