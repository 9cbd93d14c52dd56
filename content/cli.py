"""`menkou content …`"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from content.build import CATALOGUE, ContentError
from content.build import build as build_pack
from content.build import lint as lint_catalogue

app = typer.Typer(help="What residents read: check it and compile it.", no_args_is_help=True)

CatalogueDir = Annotated[Path, typer.Option("--catalogue", help="Folder with services/*.yaml.")]
# The terminal's icon font, when the terminal is installed beside the content.
_ICONS = Path(__file__).parents[1] / "kiosk" / "ui" / "assets" / "lucide-codepoints.json"
IconNames = Annotated[
    Path | None, typer.Option("--icons", help="JSON with the icon font's names; names are not checked without it.")
]
_KNOWN_ICONS = _ICONS if _ICONS.exists() else None


@app.command()
def lint(catalogue: CatalogueDir = CATALOGUE, icons: IconNames = _KNOWN_ICONS) -> None:
    """Check the catalogue; each fault says where it is and what to do."""
    try:
        services = lint_catalogue(catalogue, icons=_names(icons))
    except ContentError as error:
        _report(error)
    print(f"{len(services)} services, no faults")


@app.command()
def build(
    catalogue: CatalogueDir = CATALOGUE,
    out: Annotated[Path, typer.Option(help="Where the pack goes.")] = Path("build/content"),
    icons: IconNames = _KNOWN_ICONS,
) -> None:
    """Check the catalogue and compile it into a pack."""
    try:
        pack = build_pack(catalogue, out, icons=_names(icons))
    except ContentError as error:
        _report(error)
    print(f"{out}: {len(pack.services)} services, {len(pack.templates)} templates, version {pack.version}")


def _names(file: Path | None) -> set[str] | None:
    return set(json.loads(file.read_text("utf-8"))) if file else None


def _report(error: ContentError) -> None:
    for fault in error.faults:
        typer.echo(str(fault), err=True)
    raise typer.Exit(1)
