"""`menkou check …`: is this number, code or identifier well formed? Exit status 0 yes, 1 no with the reason."""

from __future__ import annotations

import typer

from content.codes.certificate_id import CertificateIdFault, parse_certificate_id
from content.codes.resident_number import NumberCheck, NumberFault, check_resident_number, upgrade_15
from content.codes.uscc import check_uscc
from content.schema.text import Text

app = typer.Typer(
    help="Check numbers and codes / 校验号码和代码",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,  # would print the number among the local variables
)

_VALID = Text("有效", "valid")


def _say(text: Text) -> None:
    typer.echo(f"{text.zh} / {text.en}")


def _end(fault: Text | None, warning: Text | None = None) -> None:
    _say(fault or _VALID)
    if warning is not None:
        _say(warning)
    raise typer.Exit(1 if fault else 0)


def _upgrade(result: NumberCheck) -> Text | None:
    """How a number of 15 digits became one of 18, for the search in old files; the number itself is not said."""
    if result.fault is not NumberFault.OLD_FORM:
        return None
    number = upgrade_15(result.number)
    if not check_resident_number(number).valid:
        return None
    century, check = number[6:8], number[17]
    return Text(
        f"查旧档案时对应的 18 位号码：在第 6 位后加 {century}，末尾加校验码 {check}",
        f"In old files it has 18: {century} put in after the sixth digit, and the check character {check} last",
    )


@app.command("id")
def check_id(number: str = typer.Argument(..., help="18 characters; the number is never stored or logged")) -> None:
    """An identity number (GB 11643, residence permits, foreigners' permanent residence cards)."""
    result = check_resident_number(number)
    _end(result.fault.text if result.fault else None, _upgrade(result))


@app.command("uscc")
def check_organisation(code: str = typer.Argument(..., help="18 characters")) -> None:
    """A unified social credit code (GB 32100)."""
    result = check_uscc(code)
    _end(result.fault.text if result.fault else None, result.warning)


@app.command("certificate-id")
def check_certificate(identifier: str = typer.Argument(..., help="1.2.156.3005.2.…")) -> None:
    """An electronic certificate's identifier (GB/T 36904)."""
    result = parse_certificate_id(identifier.strip())
    _end(result.text if isinstance(result, CertificateIdFault) else None)
