"""The codecs that are fuzzed: every module of tests/fuzz/targets."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass

from tests.fuzz import targets


@dataclass(frozen=True)
class Target:
    name: str
    one_input: Callable[[bytes], None]
    seeds: tuple[bytes, ...]


def load(name: str) -> Target:
    module = importlib.import_module(f"{targets.__name__}.{name}")
    return Target(name, module.one_input, tuple(module.SEEDS))


def names() -> list[str]:
    return sorted(module.name for module in pkgutil.iter_modules(targets.__path__))
