"""`menkou verify FILE`: check a certificate's file without a network. Exit status 0 valid, 1 otherwise."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import typer

from backend.certificates.check import FileState
from backend.certificates.check_process import FileChecker
from backend.certificates.keys import CA_FILE
from backend.settings import BackendSettings
from content.schema.text import Text

MAX_FILE = 16 << 20  # bytes

app = typer.Typer(rich_markup_mode=None, pretty_exceptions_enable=False, add_completion=False)


@dataclass(frozen=True)
class VerifyResult:
    """`text` is the sentence for people; `signer` and `signed_at` are set when the file is valid."""

    valid: bool
    state: FileState
    text: Text
    signer: str = ""
    signed_at: datetime | None = None


def verify_file(path: Path, ca: Path | None = None) -> VerifyResult:
    """Check `path` against the CA in `ca` (PEM; default: the embedded backend's own).

    Raises OSError if one of the two cannot be read.
    """
    ca_pem = (ca or BackendSettings().var_dir / CA_FILE).read_bytes()
    with path.open("rb") as file:
        data = file.read(MAX_FILE + 1)
    if len(data) > MAX_FILE:
        return VerifyResult(False, FileState.UNREADABLE, FileState.UNREADABLE.text)
    with FileChecker() as checker:
        check = checker.check(data, ca_pem)
    return VerifyResult(check.state is FileState.VALID, check.state, check.state.text, check.signer, check.signed_at)


@app.command()
def verify(
    file: Path = typer.Argument(..., help="The certificate's PDF", dir_okay=False),
    ca: Path | None = typer.Option(None, "--ca", help="PEM of the CA to trust; default: the embedded backend's"),
) -> None:
    """Is this certificate's file genuine and unaltered? / 核验证明文件"""
    try:
        result = verify_file(file, ca)
    except OSError as error:
        typer.echo(f"无法读取 / cannot read: {error.filename or file} ({error.strerror or error})", err=True)
        raise typer.Exit(1) from None
    typer.echo(f"{result.text.zh} / {result.text.en}")
    if result.valid and result.signed_at:
        typer.echo(f"{result.signer}  {result.signed_at.isoformat()}")
        typer.echo("是否已作废请联网核验 / whether it was voided later only the online check can tell")
    raise typer.Exit(0 if result.valid else 1)
