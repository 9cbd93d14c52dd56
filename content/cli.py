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
from content.schema.service import Service
from content.schema.text import Language
from content.show import as_text
from content.sources import parse, service_files

app = typer.Typer(help="What residents read: check it and compile it.", no_args_is_help=True)

CatalogueDir = Annotated[Path, typer.Option("--catalogue", help="Folder with services/*.yaml.")]
Lang = Annotated[Language, typer.Option("--lang", help="Language of the messages.")]
# The terminal's icon font, when the terminal is installed beside the content.
_ICONS = Path(__file__).parents[1] / "kiosk" / "ui" / "assets" / "lucide-codepoints.json"
IconNames = Annotated[
    Path | None, typer.Option("--icons", help="JSON with the icon font's names; names are not checked without it.")
]
KNOWN_ICONS = _ICONS if _ICONS.exists() else None


@app.command()
def lint(
    catalogue: CatalogueDir = CATALOGUE,
    icons: IconNames = KNOWN_ICONS,
    lang: Lang = Language.EN,
    notes: Annotated[bool, typer.Option("--notes/--no-notes", help="Also tell what is not refused.")] = True,
    only: Annotated[str, typer.Option(help="Only what concerns files whose path holds this.")] = "",
) -> None:
    """Check the catalogue; each fault says where it is and what to do."""
    found = examine(catalogue, icons=icon_names(icons), today=date.today())  # noqa: DTZ011 - where the editor is
    faults = [fault for fault in found.faults if only in str(fault.file)]
    told = [note for note in found.notes if only in str(note.file)]
    tell_faults(told if notes else [], lang)
    tell_faults(faults, lang)
    if faults:
        typer.echo(f"{found.files} files, {len(faults)} faults, {len(told)} notes", err=True)
        raise typer.Exit(1)
    print(f"{found.files} files, no faults, {len(told)} notes")


@app.command()
def build(
    catalogue: CatalogueDir = CATALOGUE,
    out: Annotated[Path, typer.Option(help="Where the pack goes.")] = Path("build/content"),
    icons: IconNames = KNOWN_ICONS,
    lang: Lang = Language.EN,
) -> None:
    """Check the catalogue and compile it into a pack."""
    try:
        pack = build_pack(catalogue, out, icons=icon_names(icons))
    except ContentError as error:
        tell_faults(error.faults, lang)
        raise typer.Exit(1) from None
    print(f"{out}: {len(pack.services)} services, {len(pack.templates)} templates, version {pack.version}")


@app.command()
def show(
    service: Annotated[str, typer.Argument(help="Its id, the name of its file.")],
    catalogue: CatalogueDir = CATALOGUE,
    lang: Annotated[Language, typer.Option("--lang", help="Which language the resident chose.")] = Language.ZH,
) -> None:
    """What a resident reads of a service, as text."""
    file = next((file for file in service_files(catalogue) if file.stem == service), None)
    if file is None:
        typer.echo(f"there is no service {service!r} in {catalogue}", err=True)
        raise typer.Exit(1)
    found, faults = parse(file, file.read_bytes(), Service)
    if found is None:
        tell_faults(faults, Language.EN)
        raise typer.Exit(1)
    for line in as_text(found, lang):
        print(line)


def icon_names(file: Path | None) -> set[str] | None:
    return set(json.loads(file.read_text("utf-8"))) if file else None


def tell_faults(faults: list[Fault], language: Language) -> None:
    for fault in faults:
        typer.echo(fault.in_(language), err=True)
