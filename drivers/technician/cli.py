"""`menkou devices list | drivers | status | test NAME | trace NAME`."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Coroutine
from pathlib import Path
from typing import Annotated, Any

import typer

from drivers.device import DeviceClass
from drivers.link.trace import Traced, watch
from drivers.manager import DevicesFileError
from drivers.registry import UnknownDriverError, driver_names, find_driver
from drivers.status import DeviceStatus
from drivers.technician import look
from drivers.technician.address import without_secrets
from drivers.trial import find_trial
from drivers.words import CLASSES, both, describe

app = typer.Typer(
    help="The terminal's devices: list, status, test, trace / 设备：列表、状态、测试、报文",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
IN_USE = ("设备可能正被自助终端程序占用，请先停止它", "The kiosk may be using the device: stop it first")
REFRESH_S = 2.0

DevicesFile = Annotated[
    Path | None,
    typer.Option("--devices", help="devices.toml; default: MENKOU_KIOSK_DEVICES_FILE, else var/cabinet/devices.toml."),
]


def _file(given: Path | None) -> Path:
    return given or Path(os.environ.get("MENKOU_KIOSK_DEVICES_FILE", "var/cabinet/devices.toml"))


def _run(work: Coroutine[Any, Any, int]) -> None:
    """Ends the command with the exit status that `work` returns; a wrong devices.toml is 2."""
    import logging

    import structlog

    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    try:
        code = asyncio.run(work)
    except (DevicesFileError, look.NotThereError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from None
    except KeyboardInterrupt:
        raise typer.Exit(130) from None
    raise typer.Exit(code)


@app.command("list")
def list_devices(devices: DevicesFile = None) -> None:
    """What devices.toml names."""
    try:
        tables = look.tables_for(_file(devices), None)
    except DevicesFileError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from None
    for device_class, table in tables.items():
        place = next((str(table[key]) for key in ("path", "uri", "source", "host", "reader") if key in table), "")
        typer.echo(f"{device_class.value:17} {CLASSES[device_class]}  {table.get('driver')}  {without_secrets(place)}")


@app.command()
def drivers() -> None:
    """Every driver that is installed, ours and others'."""
    for device_class in DeviceClass:
        for name in driver_names(device_class):
            try:
                about = find_driver(device_class, name).about
            except UnknownDriverError as error:
                about = str(error)
            typer.echo(f"{device_class.value:17} {name:16} {about}")


@app.command()
def status(
    name: Annotated[str | None, typer.Argument(help="One device only.")] = None,
    devices: DevicesFile = None,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
    patience: Annotated[float, typer.Option(help="Seconds a device may take to answer.")] = 6.0,
) -> None:
    """Ask every device how it is. Exit status 1 when one is not ready."""
    _run(_status(_file(devices), name, as_json, patience))


def taken(state: DeviceStatus) -> bool:
    """Whether another program has the device, most likely the kiosk itself."""
    return "another program" in state.detail


async def _status(file: Path, name: str | None, as_json: bool, patience_s: float) -> int:
    async with look.opened(look.tables_for(file, name)) as found:
        states = await asyncio.gather(*(look.settled(device, patience_s) for device in found.values()))
    result: dict[DeviceClass, DeviceStatus] = dict(zip(found, states, strict=True))
    if as_json:
        typer.echo(json.dumps({c.value: s.as_dict() for c, s in result.items()}, ensure_ascii=False, indent=2))
    else:
        for device_class, state in result.items():
            head, *rest = describe(state)
            typer.echo(f"{'✓' if state.ready else '✗'} {CLASSES[device_class]} {device_class.value}: {head}")
            for line in rest:
                typer.echo(f"    {line}")
    ready = all(state.ready for state in states)
    if not as_json and any(taken(state) for state in states):
        typer.echo(both(*IN_USE), err=True)
    return 0 if ready else 1


class Terminal:
    """A `Console` on the command line."""

    def __init__(self, yes: bool) -> None:
        self._yes = yes

    def say(self, zh: str, en: str) -> None:
        typer.echo(both(zh, en))

    async def ask(self, zh: str, en: str) -> bool:
        if self._yes:
            typer.echo(f"{both(zh, en)} [是 yes]")
            return True
        return await asyncio.to_thread(typer.confirm, both(zh, en), True)


@app.command("test")
def try_out(
    name: Annotated[str, typer.Argument(help="Device class, such as receipt_printer.")],
    devices: DevicesFile = None,
    yes: Annotated[
        bool, typer.Option("--yes", help="Take every question to the technician as answered with yes.")
    ] = False,
    patience: Annotated[float, typer.Option(help="Seconds the device may take to answer at first.")] = 6.0,
) -> None:
    """Try a device out: a test page, a card read (masked), a note fed and returned. Exit status 1 when it failed."""
    _run(_test(_file(devices), name, Terminal(yes), patience))


async def _test(file: Path, name: str, console: Terminal, patience_s: float) -> int:
    tables = look.tables_for(file, name)
    device_class = next(iter(tables))
    async with look.opened(tables) as found:
        device = found[device_class]
        state = await look.settled(device, patience_s)
        typer.echo(f"{CLASSES[device_class]} {name}: " + "\n    ".join(describe(state)))
        passed = await find_trial(device_class)(device, console)
    console.say(*(("通过", "Passed") if passed else ("没有通过", "Failed")))
    if not passed and taken(state):
        console.say(*IN_USE)
    return 0 if passed else 1


@app.command()
def trace(
    name: Annotated[str, typer.Argument(help="Device class, such as id_reader.")],
    devices: DevicesFile = None,
    seconds: Annotated[
        float, typer.Option(min=0.1, help="How long to watch; with --test: until the test ends.")
    ] = 10.0,
    testing: Annotated[bool, typer.Option("--test", help="Run the device's test meanwhile.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="As for test.")] = False,
) -> None:
    """Show every frame on the wire, personal data blanked (··)."""
    _run(_trace(_file(devices), name, seconds, Terminal(yes) if testing else None))


async def _trace(file: Path, name: str, seconds: float, console: Terminal | None) -> int:
    loop = asyncio.get_running_loop()
    began = loop.time()

    def show(frame: Traced) -> None:
        typer.echo(f"{loop.time() - began:8.3f} {frame.way.value} {frame.label:22} {frame.hex()}".rstrip())

    with watch(show):
        if console is not None:
            return await _test(file, name, console, patience_s=6.0)
        async with look.opened(look.tables_for(file, name)) as found:
            device = next(iter(found.values()))
            while (left := began + seconds - loop.time()) > 0:
                await device.refresh()
                await asyncio.sleep(min(left, REFRESH_S))
            typer.echo("    " + "\n    ".join(describe(device.status)))
    return 0
