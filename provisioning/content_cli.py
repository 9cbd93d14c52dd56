"""`menkou content …`: the commands of the content itself, and a preview, which needs the whole house."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path
from typing import Annotated

import typer

from content.build import ContentError, build
from content.cli import KNOWN_ICONS, CatalogueDir, IconNames, Lang, app, icon_names, tell_faults
from content.schema.text import Language
from provisioning.ports import PortInUseError, Ports
from provisioning.process import ChildFailed
from provisioning.run_cli import run_until_stopped, tell
from provisioning.stack import AlreadyRunningError, Stack

__all__ = ["app"]

_GUIDE = """
  {title}
  Open    {{url}}
  {{where}}
  The journey is on the kiosk; "home" leads to everything else. · 流程已在终端上打开；“首页”可看其他事项。

  Logs: {{logs}}    Ctrl-C stops everything · 按 Ctrl-C 全部停止
"""


@app.command()
def preview(
    service: Annotated[str, typer.Argument(help="Its id, the name of its file.")],
    catalogue: CatalogueDir = Path("content/catalogue"),
    icons: IconNames = KNOWN_ICONS,
    lang: Lang = Language.EN,
    headless: Annotated[
        bool | None, typer.Option("--headless/--window", help="The kiosk in the web page, or in a window.")
    ] = None,
    any_ports: Annotated[bool, typer.Option("--any-ports", help="Beside a `menkou run`: take free ports.")] = False,
) -> None:
    """Walk a service's journey on the virtual cabinet, as the catalogue says it now."""
    with tempfile.TemporaryDirectory(prefix="menkou-preview-") as folder:
        try:
            pack = build(catalogue, Path(folder) / "content", icons=icon_names(icons))
        except ContentError as error:
            tell_faults(error.faults, lang)
            raise typer.Exit(1) from None
        brief = pack.brief(service)
        if brief is None:
            typer.echo(f"there is no service {service!r} in {catalogue}", err=True)
            raise typer.Exit(1)
        stack = Stack(
            Path(folder) / "var",
            ports=Ports.free() if any_ports else Ports(),
            headless=headless,
            content_dir=pack.root,
            environment={"MENKOU_KIOSK_START_SERVICE": service},
            on_event=tell,
        )
        try:
            asyncio.run(run_until_stopped(stack, False, _GUIDE.format(title=f"{brief.title.zh} · {brief.title.en}")))
        except (PortInUseError, AlreadyRunningError, ChildFailed) as error:
            typer.echo(f"\n{error}", err=True)
            raise typer.Exit(1) from None


@app.command("export")
def export(
    out: Annotated[Path, typer.Argument(help="File to write: .csv or .json.")],
) -> None:
    """Write what is published at the desk, with the field names of the national interface."""
    from backend.editor.cli import export_items

    print(f"{out}: {export_items(out)} items")


@app.command("import")
def import_file(
    file: Annotated[Path, typer.Argument(help="CSV or JSON, as `export` writes them.", exists=True)],
    apply: Annotated[bool, typer.Option("--apply", help="Keep them as drafts, not only show them.")] = False,
    lang: Lang = Language.EN,
) -> None:
    """Say what a file would change at the desk; rows with faults are left out. Nothing is published by this."""
    from backend.editor.cli import import_items

    done = import_items(file, apply=apply)
    zh = lang is Language.ZH
    for fault in done.plan.faults:
        place = ":".join(str(part) for part in (file, fault.line, fault.column) if part)
        typer.echo(f"{place}: {fault.zh if zh else fault.en}", err=True)
    for row in done.plan.rows:
        kind = ("新事项" if zh else "new") if row.new else f"{len(row.differences)} {'处改动' if zh else 'changes'}"
        faults = f", {len(row.faults)} {'处问题' if zh else 'faults'}" if row.faults else ""
        print(f"{row.item_id}: {kind}{faults}")
    print(f"{len(done.plan.rows)} changed, {done.plan.same} unchanged, {len(done.plan.faults)} faults")
    if done.made is not None:
        print(f"{done.made} drafts; submit them in the console")
    if done.plan.faults:
        raise typer.Exit(1)
