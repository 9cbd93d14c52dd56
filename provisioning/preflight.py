"""Does every part load on this machine? The last step of set-up, and `menkou preflight`.

Each part is imported in a process of its own and must say a word at the end: an exit code proves nothing, because
face_recognition calls `quit()` (exit code 0) when its models are missing, and dlib dies with SIGILL on a processor
without AVX.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import typer

SAYS = "loaded"


@dataclass(frozen=True)
class Check:
    """A part, what to import for it, and what to do when that fails."""

    part: str
    imports: str
    advice: str = "Run `make setup` again; if it stays, delete .venv first."


CHECKS = (
    Check(
        "face verification",
        "import face_recognition, dlib, cv2",
        "dlib needs a processor with AVX; the models need setuptools below 81 (see docs/how-to/set-up.md).",
    ),
    Check("the kiosk's interface", "import kivy, kivy.graphics.cgl, pypdfium2, uniseg"),
    Check("certificates", "import typst, pyhanko.sign.signers, segno"),
    Check("the backend", "import fastapi, uvicorn, sqlalchemy.ext.asyncio, aiosqlite, alembic"),
    Check("device drivers", "import serial, serial_asyncio_fast, escpos.printer, PIL.Image"),
)
PROGRAMS = ("Xvfb", "x11vnc", "xdotool", "ippeveprinter", "dbus-daemon", "pdfsig")


def loads(imports: str, python: str = sys.executable) -> str | None:
    """None if `imports` works in a fresh interpreter, else one line saying why not."""
    env = os.environ | {"KIVY_NO_ARGS": "1", "KIVY_NO_CONFIG": "1", "KIVY_NO_FILELOG": "1", "KIVY_NO_CONSOLELOG": "1"}
    code = f"{imports}\nprint({SAYS!r})"
    result = subprocess.run(
        [python, "-c", code], env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    if result.returncode == 0 and SAYS in result.stdout.split():
        return None
    words = (result.stderr or result.stdout).strip().splitlines()
    return words[-1] if words else f"it ended without a word (code {result.returncode})"


def problems() -> list[str]:
    found = [f"{program} is not installed. Run `make setup`." for program in PROGRAMS if not shutil.which(program)]
    with ThreadPoolExecutor(max_workers=2) as pool:
        answers = list(pool.map(loads, [check.imports for check in CHECKS]))
    for check, why in zip(CHECKS, answers, strict=True):
        if why is not None:
            found.append(f"{check.part} does not load: {why}\n  {check.advice}")
    return found


app = typer.Typer(add_completion=False)


@app.command()
def preflight() -> None:
    """Load every part once, each in a process of its own, and say which does not."""
    found = problems()
    for problem in found:
        typer.echo(problem, err=True)
    if found:
        raise typer.Exit(1)
    typer.echo("    every part loads")


if __name__ == "__main__":
    app()
