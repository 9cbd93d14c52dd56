"""`menkou faults`: every fault that has a test, and what a resident sees of it, from the tests' own docstrings."""

from __future__ import annotations

import ast
import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

TESTS = Path(__file__).parent.parent / "tests" / "faults"
STAFF = {"none": "", "reset": "自行恢复", "clear": "工作人员", "maintenance": "技术人员"}

app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)


@dataclass(frozen=True)
class Fault:
    """One file `test_<name>.py`: see tests/faults/resident.py for the form of its docstring."""

    name: str
    what: str
    device: str
    resident: str
    staff: str


class FaultDocError(Exception):
    """A file's docstring is not of the form that the list needs."""


def read_fault(path: Path) -> Fault:
    """Raises FaultDocError with the file's name and what is missing."""
    doc = ast.get_docstring(ast.parse(path.read_text("utf-8"))) or ""

    def field(name: str) -> str:
        found = re.search(rf"^{name}: (.+(?:\n  +.+)*)", doc, re.MULTILINE)
        if found is None:
            raise FaultDocError(f"{path.name}: the docstring has no line '{name}: …'")
        return re.sub(r"\n +", " ", found.group(1)).strip()

    staff = field("Staff")
    if staff not in STAFF:
        raise FaultDocError(f"{path.name}: Staff: {staff!r} is none of {sorted(STAFF)}")
    name = path.stem.removeprefix("test_")
    return Fault(name, " ".join(doc.partition("\n\n")[0].split()), field("Device"), field("Resident"), staff)


def read_faults(folder: Path = TESTS) -> list[Fault]:
    """All of them, by device and name."""
    faults = [read_fault(path) for path in folder.glob("test_*.py")]
    return sorted(faults, key=lambda fault: (fault.device, fault.name))


@app.command()
def faults(
    device: Annotated[str | None, typer.Option(help="Of this device class only.")] = None,
    markdown: Annotated[bool, typer.Option(help="As a table for the documentation.")] = False,
) -> None:
    """List every fault with what the resident sees, a line each; the tests in tests/faults prove them."""
    if not TESTS.is_dir():
        typer.echo("没有测试目录 tests/faults：请在源码目录里运行 / run this in a source tree", err=True)
        raise typer.Exit(2)
    try:
        found = [fault for fault in read_faults() if device in (None, fault.device)]
    except FaultDocError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from None
    if markdown:
        typer.echo("| device | fault | what happens | what the resident sees | who comes |\n|---|---|---|---|---|")
    else:
        typer.echo(f"{'设备 device':14} {'故障 fault':42} 居民看到什么 what the resident sees [谁来处理 who comes]")
    for fault in found:
        if markdown:
            typer.echo(f"| {fault.device} | {fault.name} | {fault.what} | {fault.resident} | {fault.staff} |")
        else:
            who = f" [{STAFF[fault.staff]} {fault.staff}]" if STAFF[fault.staff] else ""
            typer.echo(f"{fault.device:16} {fault.name:44} {fault.resident}{who}")
    if not markdown:
        counts = Counter(fault.device for fault in found)
        typer.echo(f"{len(found)}: " + ", ".join(f"{name} {count}" for name, count in sorted(counts.items())))
