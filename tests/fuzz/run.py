"""Coverage-guided fuzzing of every codec with atheris: `make fuzz`, or `python -m tests.fuzz.run NAME --seconds 60`.

Each target runs in a process of its own, for libFuzzer ends the process. An input that breaks a codec is left in
build/fuzz/NAME/, and the run fails.
"""

from __future__ import annotations

import re
import subprocess
import sys
import time
from pathlib import Path

import typer

from tests.fuzz.catalogue import load, names

OUT = Path("build/fuzz")
app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


def fuzz_one(name: str, seconds: int) -> None:
    """In this process; does not return."""
    import atheris

    with atheris.instrument_imports(include=["drivers"]):
        target = load(name)
    folder = OUT / name
    corpus = folder / "corpus"
    corpus.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(target.seeds):
        (corpus / f"seed-{number}").write_bytes(seed)
    limits = [f"-max_total_time={seconds}", "-timeout=5", "-rss_limit_mb=1024", "-max_len=8192", "-print_final_stats=1"]
    atheris.Setup([sys.argv[0], *limits, f"-artifact_prefix={folder}/", str(corpus)], target.one_input)
    atheris.Fuzz()


@app.command()
def main(
    wanted: list[str] = typer.Argument(None, help="Targets; default: all."),
    seconds: int = typer.Option(20, min=1, help="For each target."),
    inside: bool = typer.Option(False, hidden=True),
) -> None:
    """Fuzz the codecs; exit status 1 when one broke."""
    if inside:
        fuzz_one(wanted[0], seconds)
        return
    broken = []
    for name in wanted or names():
        began = time.monotonic()
        command = [sys.executable, "-m", "tests.fuzz.run", name, "--seconds", str(seconds), "--inside"]
        result = subprocess.run(command, capture_output=True, text=True, timeout=seconds + 120, check=False)
        runs = re.search(r"number_of_executed_units: (\d+)", result.stderr)
        features = re.findall(r"cov: (\d+)", result.stderr)
        typer.echo(
            f"{name:24} {'broken' if result.returncode else 'ok':7} {runs.group(1) if runs else '?':>9} inputs, "
            f"{features[-1] if features else '?':>5} branches, {time.monotonic() - began:5.1f} s"
        )
        if result.returncode:
            broken.append(name)
            typer.echo(result.stderr[-3000:], err=True)
    if broken:
        typer.echo(f"broken: {', '.join(broken)}; inputs in {OUT}/", err=True)
        raise typer.Exit(1)


if __name__ == "__main__":
    app()
