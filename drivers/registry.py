"""Finds drivers by device class and name, ours and third parties' alike: entry points in the group `menkou.drivers`.

    [project.entry-points."menkou.drivers"]
    "id_reader.sdt-serial" = "drivers.id_reader.plugin:SDT_SERIAL"

The name is `<device class>.<driver>`, as the two stand in devices.toml; the target is a `DriverSpec`. Only the drivers
that a terminal names are imported.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, ConfigDict

from drivers.device import Device, DeviceClass

GROUP = "menkou.drivers"


class DriverOptions(BaseModel):
    """The options of a driver's table in devices.toml; a subclass has a field for each. Unknown ones are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True)


O_contra = TypeVar("O_contra", bound=DriverOptions, contravariant=True)


@dataclass(frozen=True)
class DriverSpec(Generic[O_contra]):
    """How to make a driver. `make` opens nothing and blocks nothing; it may raise ValueError with a sentence for the
    technician. `about`: the devices it is for, one line in English."""

    options: type[O_contra]
    make: Callable[[O_contra], Device]
    about: str


class UnknownDriverError(LookupError):
    """No driver of that name for that class, or it cannot be loaded; the message says which there are."""


def driver_names(device_class: DeviceClass) -> list[str]:
    """All installed drivers of a class, sorted."""
    prefix = f"{device_class.value}."
    return sorted(e.name.removeprefix(prefix) for e in entry_points(group=GROUP) if e.name.startswith(prefix))


def find_driver(device_class: DeviceClass, name: object) -> DriverSpec[Any]:
    """Raises UnknownDriverError, also when two packages claim the same name: which one ran would be chance."""
    found: tuple[EntryPoint, ...] = tuple(entry_points(group=GROUP, name=f"{device_class.value}.{name}"))
    if name is None:
        raise UnknownDriverError(f"driver is missing; known are {driver_names(device_class)}")
    if not found:
        raise UnknownDriverError(f"driver = {name!r} is unknown; known are {driver_names(device_class)}")
    targets = {entry.value for entry in found}
    if len(targets) > 1:
        raise UnknownDriverError(f"driver = {name!r} is offered twice: {sorted(targets)}")
    try:
        spec = found[0].load()
    except Exception as error:  # whatever somebody else's module does
        raise UnknownDriverError(f"driver = {name!r} cannot be loaded: {type(error).__name__}: {error}") from error
    if not isinstance(spec, DriverSpec):
        raise UnknownDriverError(f"driver = {name!r}: {found[0].value} is no DriverSpec")
    return spec
