"""`menkou faults` lists what the fault tests say of themselves."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import ModuleType

import pytest
from typer.testing import CliRunner

from content.schema.text import Text
from drivers.device import DeviceClass
from kiosk.journeys import device_texts, texts
from provisioning.faults_cli import STAFF, FaultDocError, app, read_fault, read_faults

AREAS = {device_class.value for device_class in DeviceClass} | {"backend", "network", "session"}


def test_every_fault_says_what_the_resident_sees() -> None:
    faults = read_faults()
    assert len(faults) >= 60
    assert len({fault.name for fault in faults}) == len(faults)
    assert {fault.device for fault in faults} <= AREAS
    assert {fault.device for fault in faults} >= {device_class.value for device_class in DeviceClass}
    assert {fault.staff for fault in faults} <= set(STAFF)


def _sentences(module: ModuleType) -> set[str]:
    """Every Chinese sentence of a module of texts, also those in tables."""
    found: set[str] = set()
    waiting: list[object] = list(vars(module).values())
    while waiting:
        value = waiting.pop()
        if isinstance(value, Text):
            found.add(value.zh)
        elif isinstance(value, Mapping):
            waiting += value.values()
        elif isinstance(value, tuple):
            waiting += value
    return found


def test_what_is_quoted_is_what_the_kiosk_says() -> None:
    """A Resident line is one of the kiosk's sentences, or says in brackets what is seen instead."""
    sentences = _sentences(texts) | _sentences(device_texts)
    invented = [
        fault.name
        for fault in read_faults()
        if not fault.resident.startswith("(") and not any(sentence in fault.resident for sentence in sentences)
    ]
    assert not invented


def test_a_line_each() -> None:
    shown = CliRunner().invoke(app, []).stdout.splitlines()
    assert len(shown) == len(read_faults()) + 2
    assert any("card_removed" in line and "再放一次" in line for line in shown)


@pytest.mark.parametrize("missing", ["Device", "Resident", "Staff"])
def test_an_incomplete_file_is_named(tmp_path: Path, missing: str) -> None:
    fields = {"Device": "cash", "Resident": "请稍候", "Staff": "none"}
    file = tmp_path / "test_x.py"
    file.write_text(
        '"""What.\n\n' + "\n".join(f"{k}: {v}" for k, v in fields.items() if k != missing) + '\n"""\n', "utf-8"
    )
    with pytest.raises(FaultDocError, match=missing):
        read_fault(file)
