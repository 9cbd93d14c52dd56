"""`menkou content …`"""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from content.build import CATALOGUE, ContentError, examine
from content.build import build as build_pack
from content.lint.fault import Fault
from content.schema.text import Language

app = typer.Typer(help="What residents read: check it and compile it.", no_args_is_help=True)

CatalogueDir = Annotated[Path, typer.Option("--catalogue", help="Folder with services/*.yaml.")]
Lang = Annotated[Language, typer.Option("--lang", help="Language of the messages.")]
# The terminal's icon font, when the terminal is installed beside the content.
_ICONS = Path(__file__).parents[1] / "kiosk" / "ui" / "assets" / "lucide-codepoints.json"
IconNames = Annotated[
    Path | None, typer.Option("--icons", help="JSON with the icon font's names; names are not checked without it.")
]
_KNOWN_ICONS = _ICONS if _ICONS.exists() else None


@app.command()
def lint(
    catalogue: CatalogueDir = CATALOGUE,
    icons: IconNames = _KNOWN_ICONS,
    lang: Lang = Language.EN,
    notes: Annotated[bool, typer.Option("--notes/--no-notes", help="Also tell what is not refused.")] = True,
    only: Annotated[str, typer.Option(help="Only what concerns files whose path holds this.")] = "",
) -> None:
    """Check the catalogue; each fault says where it is and what to do."""
    found = examine(catalogue, icons=_names(icons), today=date.today())  # noqa: DTZ011 - where the editor is
    faults = [fault for fault in found.faults if only in str(fault.file)]
    told = [note for note in found.notes if only in str(note.file)]
    _tell(told if notes else [], lang)
    _tell(faults, lang)
    if faults:
        typer.echo(f"{found.files} files, {len(faults)} faults, {len(told)} notes", err=True)
        raise typer.Exit(1)
    print(f"{found.files} files, no faults, {len(told)} notes")


@app.command()
def build(
    catalogue: CatalogueDir = CATALOGUE,
    out: Annotated[Path, typer.Option(help="Where the pack goes.")] = Path("build/content"),
    icons: IconNames = _KNOWN_ICONS,
    lang: Lang = Language.EN,
) -> None:
    """Check the catalogue and compile it into a pack."""
    try:
        pack = build_pack(catalogue, out, icons=_names(icons))
    except ContentError as error:
        _tell(error.faults, lang)
        raise typer.Exit(1) from None
    print(f"{out}: {len(pack.services)} services, {len(pack.templates)} templates, version {pack.version}")


def _names(file: Path | None) -> set[str] | None:
    return set(json.loads(file.read_text("utf-8"))) if file else None


def _tell(faults: list[Fault], language: Language) -> None:
    for fault in faults:
        typer.echo(fault.in_(language), err=True)
