"""`menkou cabinet`: the virtual cabinet from the command line."""

from __future__ import annotations

import asyncio
import fcntl
from pathlib import Path
from typing import Annotated, Any

import typer

app = typer.Typer(no_args_is_help=False, help="The virtual cabinet: simulated hardware and its page.")
scenario_app = typer.Typer(no_args_is_help=True, help="Rows of hands, written down: play them in a running cabinet.")
app.add_typer(scenario_app, name="scenario")


@app.callback(invoke_without_command=True)
def main(context: typer.Context) -> None:
    """Without a command the cabinet starts as it is set up by default."""
    if context.invoked_subcommand is None:
        context.invoke(serve)


@app.command()
def serve(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port of the page and the HTTP API; 0: any free one.")] = 8200,
    run_dir: Annotated[Path, typer.Option(help="For device links, devices.toml and the printer's spool.")] = Path(
        "var/cabinet"
    ),
    terminal: Annotated[str, typer.Option(help="The number on the cabinet's door.")] = "QK-0107",
    sandbox_url: Annotated[str, typer.Option(help="The sandbox: text messages and wallet.")] = "http://127.0.0.1:8110",
    backend_url: Annotated[str, typer.Option(help="Where the network cable leads.")] = "http://127.0.0.1:8100",
    network_port: Annotated[int, typer.Option(help="The kiosk's end of the network cable.")] = 8201,
    vnc_port: Annotated[int | None, typer.Option(help="x11vnc of the kiosk's display.")] = None,
    display: Annotated[str | None, typer.Option(help="The kiosk's X display, e.g. :7.")] = None,
    fbdir: Annotated[Path | None, typer.Option(help="Xvfb's -fbdir: what the phone's camera sees.")] = None,
    speed: Annotated[float, typer.Option(min=0.1, max=100, help="2 moves the mechanics twice as fast.")] = 1.0,
    without: Annotated[
        list[str] | None, typer.Option(help="A device this terminal does not have, e.g. cash; may be repeated.")
    ] = None,
) -> None:
    """Start all simulated devices and the page to work them."""
    from drivers.virtual.cabinet import desks
    from drivers.virtual.cabinet.app import serve as serve_cabinet
    from drivers.virtual.cabinet.cabinet import Cabinet
    from drivers.virtual.cabinet.settings import CabinetSettings

    settings = CabinetSettings(
        host=host,
        port=port,
        run_dir=run_dir,
        terminal=terminal,
        sandbox_url=sandbox_url,
        backend_url=backend_url,
        network_port=network_port,
        vnc_port=vnc_port,
        display=display,
        fbdir=fbdir,
        speed=speed,
        without=frozenset(without or ()),
    )
    if unknown := settings.without - desks.BY_NAME.keys():
        raise typer.BadParameter(f"{', '.join(sorted(unknown))}: there are {', '.join(desks.BY_NAME)}")

    def ready(cabinet: Cabinet) -> None:
        typer.echo(f"Virtual cabinet: http://{host}:{cabinet.settings.port}/")
        typer.echo(f"Devices for the kiosk: {cabinet.devices_file}")
        for name, desk in cabinet.desks.items():
            if desk.failure:
                typer.echo(f"Not started: {name}: {desk.failure}", err=True)

    run_dir.mkdir(parents=True, exist_ok=True)
    try:
        with (run_dir / "cabinet.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)  # two in one folder would take each other's devices away
            asyncio.run(serve_cabinet(settings, ready=ready))
    except BlockingIOError:
        typer.echo(f"A cabinet is running in {run_dir} already; choose another --run-dir.", err=True)
        raise typer.Exit(1) from None
    except OSError as error:
        typer.echo(f"Cannot listen on {host}:{port}: {error.strerror}", err=True)
        raise typer.Exit(1) from None


@scenario_app.command("list")
def list_scenarios() -> None:
    """The scenarios that come with the cabinet."""
    from drivers.virtual.cabinet import scenario

    for name in scenario.shipped_names():
        found = scenario.shipped(name)
        typer.echo(f"{name:32} {found.title.zh} · {found.title.en}")


@scenario_app.command("check")
def check_scenario(files: Annotated[list[Path], typer.Argument(help="YAML files.", show_default=False)]) -> None:
    """Look through scenarios without playing them: every problem with its line. Exit code 1 if there is one."""
    from drivers.virtual.cabinet import scenario
    from drivers.virtual.cabinet.scenario_yaml import ScenarioError

    bad = False
    for file in files:
        try:
            found = scenario.read(file)
        except ScenarioError as error:
            bad = True
            typer.echo(str(error), err=True)
        else:
            typer.echo(f"{file}: fine, {len(found.lines())} steps: {found.title.zh} · {found.title.en}")
    if bad:
        raise typer.Exit(1)


@scenario_app.command("play")
def play_scenario(
    scenario: Annotated[str, typer.Argument(help="A name from `list`, or a YAML file.", show_default=False)],
    url: Annotated[str, typer.Option(help="The running cabinet.")] = "http://127.0.0.1:8200",
    timeout_s: Annotated[float, typer.Option("--timeout", min=1, help="Seconds to wait for its end.")] = 1800.0,
) -> None:
    """Play a scenario in a running cabinet and say each step. Exit code 1 if it could not be played to its end."""
    import httpx

    from drivers.virtual.cabinet.client import CabinetClient, CabinetRefusedError

    source = Path(scenario) if scenario.endswith((".yaml", ".yml")) else scenario
    said = 0

    def news(state: dict[str, Any]) -> bool:
        nonlocal said
        steps = state["scenario"]["steps"]
        while said < len(steps) and steps[said]["state"] != "waiting":
            step = steps[said]
            typer.echo(f"{'  ' * step['depth']}{step['text_zh']} · {step['text_en']}")
            said += 1
        return bool(state["scenario"]["state"] != "playing")

    try:
        with CabinetClient(url) as cabinet:
            cabinet.play(source, wait=False)
            end = cabinet.wait_for(news, timeout_s)["scenario"]
    except (CabinetRefusedError, OSError, httpx.HTTPError, TimeoutError) as error:
        typer.echo(f"{scenario}: {error}", err=True)
        raise typer.Exit(1) from None
    typer.echo(" ".join(filter(None, (f"{end['name']}: {end['state']}", end["detail"]))))
    if end["state"] != "done":
        raise typer.Exit(1)


if __name__ == "__main__":
    app()
