"""`menkou sandbox …`"""

from __future__ import annotations

from typing import Annotated

import typer

from backend.sandbox.settings import SandboxSettings

app = typer.Typer(help="Stand-ins for the departments and for Alipay. Never in production.", no_args_is_help=True)


@app.callback()
def main() -> None:
    """Stand-ins for the departments and for Alipay. Never in production."""


@app.command()
def licence(
    expired: Annotated[bool, typer.Option("--expired", help="One that has ended.")] = False,
    forged: Annotated[bool, typer.Option("--forged", help="One that somebody else signed.")] = False,
) -> None:
    """Print what the QR code of the demonstration's electronic business licence says."""
    from backend.sandbox.licences import LicenceWish, make_licence

    print(make_licence(LicenceWish(expired=expired, forged=forged)))


@app.command()
def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on.")] = None,
) -> None:
    """Serve the data exchange, the Alipay gateway and the resident's phone."""
    import uvicorn

    from backend.logging import configure_logging
    from backend.sandbox.app import create_sandbox_app

    settings = SandboxSettings()
    configure_logging()
    try:
        sandbox = create_sandbox_app(settings)
    except RuntimeError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from None
    uvicorn.run(
        sandbox,
        host=host or settings.host,
        port=port or settings.port,
        log_config=None,
        access_log=False,
        timeout_keep_alive=90,
    )
